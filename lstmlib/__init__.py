"""RNNs, LSTMs and GRUs in NumPy, one cell per file, made to be read beside the equations of the course.

The layers work on whole sequences; the modules ``rnn``, ``lstm`` and ``gru`` hold the single step,
forward and backward, and the gates it is made of.
"""

from lstmlib.gru import GRU
from lstmlib.lstm import LSTM
from lstmlib.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN"]
__version__ = "0.2.0"
