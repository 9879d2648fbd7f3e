"""An LSTM from which one part can be taken: the variants of Greff et al. (2015) that need no new weights.

Where a gate is taken away, it stays at 1; where an activation is, the identity takes its place; *coupled gates* write
what they do not keep, i = 1 - f. The loop is that of `lstm.step` and `lstm.step_backward`, with these switches.
"""

import numpy as np

from lstmlib.activations import sigmoid_slope, tanh_slope
from lstmlib.layer import Gradients
from lstmlib.lstm import LSTM

PARTS = ("input gate", "forget gate", "output gate", "input activation", "output activation", "coupled gates")


class AblatedLSTM(LSTM):
    """An LSTM without one of `PARTS`, or with all of them; its weights are those of `LSTM`, used or not.

    Parameters
    ----------
    input_size, hidden_size, rng, dtype : as for every layer
    without : str, optional
        What is taken away; "coupled gates" takes away the input gate's independence.
    """

    def __init__(self, input_size, hidden_size, rng=None, dtype=np.float64, without=None):
        if without is not None and without not in PARTS:
            raise ValueError(f"without: expected one of {', '.join(PARTS)}, or None, got {without!r}.")
        super().__init__(input_size, hidden_size, rng, dtype)
        self.without = without

    def forward(self, xs, initial=None, lengths=None):
        """Run over a sequence of full length, as `Layer.forward` does."""
        assert lengths is None, "an ablated LSTM runs over full lengths"
        xs, (h, c) = self._fit_input(xs, initial)
        inputs, W_h = xs @ self.params["W_x"] + self.params["b"], self.params["W_h"]
        hs, tape = np.empty((*xs.shape[:2], self.hidden_size), self.dtype), []
        for t, a in enumerate(inputs):
            i, f, g, o = self._gates(a + h @ W_h)
            c_prev, c = c, f * c + i * g
            shown = c if self.without == "output activation" else np.tanh(c)
            hs[t] = o * shown
            tape.append((h, c_prev, i, f, g, o, shown, c))
            h = hs[t]
        return hs, (h, c), (xs, tape)

    def backward(self, tape, dhs, dfinal=None):
        """Backpropagate through time; a loss on the final states is not provided for."""
        assert dfinal is None, "an ablated LSTM learns from its hidden states alone"
        (xs, steps), W_h = tape, self.params["W_h"]
        das = np.empty((*xs.shape[:2], 4 * self.hidden_size), self.dtype)
        dh = dc = np.zeros(dhs.shape[1:], self.dtype)
        for t, (_, c_prev, i, f, g, o, shown, _) in reversed(list(enumerate(steps))):
            dh = dh + dhs[t]
            dc = dc + dh * o * (1 if self.without == "output activation" else tanh_slope(shown))
            das[t] = self._gates_backward(dc * g, dc * c_prev, dc * i, dh * shown, i, f, g, o)
            dh, dc = das[t] @ W_h.T, dc * f
        h_prevs, rows = np.array([step[0] for step in steps]), das.reshape(-1, das.shape[-1])
        params = {
            "W_x": xs.reshape(len(rows), -1).T @ rows,
            "W_h": h_prevs.reshape(len(rows), -1).T @ rows,
            "b": rows.sum(axis=0),
        }
        return Gradients(params, das @ self.params["W_x"].T, (dh, dc))

    def cells(self, xs):
        """Cell states of all steps, shape (T, N, H)."""
        return np.array([step[-1] for step in self.forward(xs)[2][1]])

    def _gates(self, a):
        """The gates i, f, o and the candidate g from their pre-activations, one of them replaced."""
        i, f, g, o = np.split(np.tanh(a * self._halves()), 4, axis=-1)
        i, f, o = (1 + i) / 2, (1 + f) / 2, (1 + o) / 2       # σ(a) = (1 + tanh(a/2)) / 2
        if self.without == "input gate":
            i = np.ones_like(i)
        elif self.without == "coupled gates":
            i = 1 - f
        elif self.without == "forget gate":
            f = np.ones_like(f)
        elif self.without == "output gate":
            o = np.ones_like(o)
        elif self.without == "input activation":
            g = a[:, 2 * self.hidden_size : 3 * self.hidden_size]
        return i, f, g, o

    def _gates_backward(self, di, df, dg, do, i, f, g, o):
        """Gradient of the pre-activations. A gate that stays at 1 has slope 0 by the same formula, f (1 - f)."""
        if self.without == "coupled gates":
            df, di = df - di, np.zeros_like(di)
        dg = dg if self.without == "input activation" else dg * tanh_slope(g)
        return np.concatenate([di * sigmoid_slope(i), df * sigmoid_slope(f), dg, do * sigmoid_slope(o)], axis=-1)

    def _halves(self):
        halves = np.full(4 * self.hidden_size, 0.5, self.dtype)
        halves[2 * self.hidden_size : 3 * self.hidden_size] = 1
        return halves
