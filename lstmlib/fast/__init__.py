"""The sequence passes of the three cells, arranged for speed.

The mathematics is that of the ``step`` and ``step_backward`` functions, which are the text to read; tests hold the
two equal. What is arranged differently here, and why:

- **Features first.** States are stored as (H, N), one column per example, so that each gate is a contiguous block of
  rows and one call serves several gates. The interface stays (T, N, ·).
- **One product a step.** The input, a row of ones and the hidden state stand under each other in one array, and so do
  the weights and the bias: [W_x b W_h] times [x; 1; h] is the whole pre-activation. One product after the loop gives
  the gradients of all three.
- **One tanh for all layers of a cell.** σ(a) = (1 + tanh(a/2)) / 2, and the inner half is folded into the weights.
- **Blocks in the order in which calls can be joined.** With small arrays a call costs a fixed time, whatever it does.
  So what goes through the same operation stands side by side; each cell says its order. Where several blocks are
  multiplied with one array, copies of it are made first, because broadcasting costs more than that.
- **Slopes in bulk.** All that a backward pass can compute without the gradient is computed for many steps at once, as
  many as fit into the processor's cache.
- **Cheap calls.** Buffers are allocated once and written into. With small arrays ``W.dot(z, out)`` takes half the time
  of ``np.matmul(W, z, out=out)``, an array without axes half that of a scalar, and one column is passed as a vector.

The letter Z stands for the array of [x; 1; h], shape (T + 1, D + 1 + H, N): at t it holds what step t reads, so the
state that step t makes is written to t + 1. G holds the gates. B, in the backward pass, holds for some steps what the
gradients that arrive are multiplied with, and then the products. Each has some rows per step, and N columns.
"""

from lstmlib.fast.arrays import features_first
from lstmlib.fast.gru import gru_backward, gru_forward
from lstmlib.fast.lstm import lstm_backward, lstm_forward
from lstmlib.fast.rnn import rnn_backward, rnn_forward

__all__ = [
    "features_first",
    "gru_backward",
    "gru_forward",
    "lstm_backward",
    "lstm_forward",
    "rnn_backward",
    "rnn_forward",
]
