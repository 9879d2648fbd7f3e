"""How gradients and memories fare over time: norms, exact Jacobians, and what can be read off the weights."""

import numpy as np

from lstmlib import gru, lstm, rnn
from lstmlib.gru import GRU
from lstmlib.lstm import LSTM
from lstmlib.rnn import RNN


def gradient_norms(layer, xs, dfinal, initial=None):
    """Norm of the gradient of a loss on the final state with respect to the hidden state of each step.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
    xs : ndarray, shape (T, N, D)
    dfinal : ndarray, shape (N, H)
        Gradient of the loss with respect to the last hidden state.
    initial : as in `Layer.forward`, optional

    Returns
    -------
    ndarray, shape (T + 1,)
        ‖∂L/∂h_t‖ for t = 0 (the initial state) to T, over all examples together. For the LSTM the gradient with
        respect to h_t holds what comes back through h_t alone, not what bypasses it in the cell.
    """
    return np.array([np.sqrt((dh**2).sum()) for dh in _state_gradients(layer, xs, dfinal, initial)])


def step_jacobian(layer, x, *states):
    """Exact Jacobian of one step with respect to its state, for one example.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
    x : ndarray, shape (D,)
    *states : ndarray, shape (H,)
        h, and for the LSTM c as well.

    Returns
    -------
    ndarray, shape (H, H), or for the LSTM (2H, 2H)
        Entry [j, k] is the derivative of entry j of the new state with respect to entry k of the old one; the
        LSTM's state is [h, c].
    """
    size = layer.hidden_size * len(states)
    # One example for each row: example j asks for the gradient of entry j of the new state.
    batch = [np.repeat(np.asarray(value, layer.dtype)[None], size, axis=0) for value in (x, *states)]
    _, tape = _step(layer, *batch)
    pulls = np.split(np.eye(size, dtype=layer.dtype), len(states), axis=1)
    return np.concatenate(_step_back(layer, pulls, tape), axis=1)


def jacobian(layer, xs, initial=None):
    """Exact Jacobian of the last state with respect to the state before each step, for one example.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
    xs : ndarray, shape (T, D)
    initial : ndarray, shape (H,), or for the LSTM a pair of them (h, c), optional

    Returns
    -------
    ndarray, shape (T + 1, S, S) with S = H, or 2H for the LSTM
        Entry t is ∂s_T/∂s_t; the last is the identity.
    """
    trajectory = _trajectory(layer, xs, initial)
    product = np.eye(layer.hidden_size * len(trajectory[0]), dtype=layer.dtype)
    products = [product]
    for x, states in zip(xs[::-1], trajectory[-2::-1], strict=True):
        product = product @ step_jacobian(layer, x, *states)
        products.append(product)
    return np.array(products[::-1])


def cell_jacobian_split(layer, xs, initial=None):
    """The LSTM's ∂c_T/∂c_t, split into the way through the cell alone and the ways through h.

    Parameters
    ----------
    layer : LSTM
    xs : ndarray, shape (T, D)
    initial : pair of ndarrays (h, c), each of shape (H,), optional

    Returns
    -------
    direct : ndarray, shape (T + 1, H)
        Diagonal of the direct part: the product of the forget gates of the steps from t on.
    indirect : ndarray, shape (T + 1, H, H)
        The rest; direct (as a diagonal matrix) plus indirect is the exact Jacobian.
    """
    if not isinstance(layer, LSTM):
        raise ValueError(f"layer: expected an LSTM, got {type(layer).__name__}.")
    H = layer.hidden_size
    whole = jacobian(layer, xs, initial)[:, H:, H:]
    gates = [
        _step(layer, x[None], *(state[None] for state in states))[1].f[0]
        for x, states in zip(xs, _trajectory(layer, xs, initial)[:-1], strict=True)
    ]
    direct = np.ones((len(xs) + 1, H), layer.dtype)
    direct[:-1] = np.cumprod(np.array(gates)[::-1], axis=0)[::-1]
    indirect = whole.copy()
    indirect[:, range(H), range(H)] -= direct
    return direct, indirect


def spectral_radius(matrix):
    """Largest absolute value of an eigenvalue: the growth of a power in the long run."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def largest_singular_value(matrix):
    """Spectral norm: the most that one product can stretch a vector."""
    return float(np.linalg.norm(matrix, 2))


def half_life(bias):
    """Steps after which half of an entry is left if its gate stays at σ(`bias`) and nothing is written.

    Parameters
    ----------
    bias : float or ndarray
        Pre-activation of the gate that keeps.

    Returns
    -------
    float or ndarray
        ln ½ / ln σ(bias).
    """
    # ln σ(b) = -ln(1 + e^-b), which keeps its precision where σ(b) is close to 1
    return np.log(2) / np.logaddexp(0, -np.asarray(bias, dtype=float))


def gate_half_lives(layer):
    """Half-lives of a layer's units as far as its biases determine them, shape (H,)."""
    H = layer.hidden_size
    bias = layer.params["b"][H : 2 * H]
    if isinstance(layer, GRU) and layer.update == "write":
        bias = -bias
    elif not isinstance(layer, (GRU, LSTM)):
        raise ValueError(f"layer: expected an LSTM or a GRU, whose gates keep, got {type(layer).__name__}.")
    return half_life(bias)


def _trajectory(layer, xs, initial):
    """States before each step and after the last, each a tuple of arrays (H,)."""
    xs = np.asarray(xs, layer.dtype)
    batched = None
    if initial is not None:
        batched = tuple(np.asarray(s)[None] for s in initial) if isinstance(layer, LSTM) else np.asarray(initial)[None]
    tape = layer.forward(xs[:, None], batched)[2]
    return list(zip(*(stack[:, :, 0] for stack in tape.states), strict=True))


def _state_gradients(layer, xs, dfinal, initial):
    """∂L/∂h_t for t = 0 to T, step by step."""
    tape = layer.forward(xs, initial)[2]
    pulls = [np.asarray(dfinal, layer.dtype), *(np.zeros_like(dfinal) for _ in tape.states[1:])]
    gradients = [pulls[0]]
    for t in reversed(range(len(tape.xs))):
        _, step_tape = _step(layer, tape.xs[t], *(stack[t].T for stack in tape.states))
        pulls = _step_back(layer, pulls, step_tape)
        gradients.append(pulls[0])
    return gradients[::-1]


def _step(layer, x, *states):
    """The new states as a list, and the tape, of one step with a layer's weights and conventions."""
    p = layer.params
    if isinstance(layer, RNN):
        h, tape = rnn.step(x, *states, p["W_x"], p["W_h"], p["b"], layer.activation)
        return [h], tape
    if isinstance(layer, LSTM):
        h, c, tape = lstm.step(x, *states, p["W_x"], p["W_h"], p["b"])
        return [h, c], tape
    h, tape = gru.step(x, *states, p["W_x"], p["W_h"], p["b"], p["b_hn"], layer.reset, layer.update)
    return [h], tape


def _step_back(layer, pulls, tape):
    """Gradients of the old states from those of the new ones."""
    W_x, W_h = layer.params["W_x"], layer.params["W_h"]
    if isinstance(layer, LSTM):
        dh, dc = pulls
        return list(lstm.step_backward(dh, dc, tape, W_x, W_h)[1:3])
    (dh,) = pulls
    if isinstance(layer, RNN):
        return [rnn.step_backward(dh, tape, W_x, W_h, layer.activation)[1]]
    return [gru.step_backward(dh, tape, W_x, W_h, layer.reset, layer.update)[1]]
