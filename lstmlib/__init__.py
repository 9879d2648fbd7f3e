"""RNNs, LSTMs and GRUs in NumPy, one cell per file, made to be read beside the equations of the course.

The layers work on whole sequences; the modules ``rnn``, ``lstm`` and ``gru`` hold the single step,
forward and backward, and the gates it is made of.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from lstmlib.gru import GRU
    from lstmlib.lstm import LSTM
    from lstmlib.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN"]
__version__ = "0.2.0"


def __getattr__(name):
    """Load a layer, or the module of a cell, when it is first asked for: to grade takes no NumPy."""
    if name not in __dir__():
        raise AttributeError(f"module 'lstmlib' has no attribute {name!r}")
    module = importlib.import_module(f"lstmlib.{name.lower()}")
    return getattr(module, name) if name in __all__ else module


def __dir__():
    return sorted([*globals(), *__all__, *map(str.lower, __all__)])
