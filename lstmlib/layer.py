"""What the three layers share: sizes, weights, lengths, and the names of what they return."""

from typing import Any, NamedTuple

import numpy as np

from lstmlib.fast import features_first
from lstmlib.init import glorot_uniform, orthogonal
from lstmlib.shapes import as_numbers, fit_shapes


class Gradients(NamedTuple):
    """Gradients of the loss, as returned by a layer's ``backward``.

    Attributes
    ----------
    params : dict
        The same keys and shapes as the layer's ``params``.
    xs : ndarray, shape (T, N, D)
    initial : ndarray, shape (N, H), or for the LSTM a pair of them (h, c)
    """

    params: dict[str, np.ndarray]
    xs: np.ndarray
    initial: Any


class Tape(NamedTuple):
    """What a layer's ``backward`` needs of its ``forward``.

    Attributes
    ----------
    xs : ndarray, shape (T, N, D)
    states : tuple of ndarray, shape (T + 1, H, N)
        Hidden states, and for the LSTM cell states, the initial ones first; one column per example.
    saved : tuple of ndarray
        What the cell's backward pass in `lstmlib.fast` needs besides; its layout may change.
    lengths : ndarray of int, shape (N,), or None
    """

    xs: np.ndarray
    states: tuple[np.ndarray, ...]
    saved: Any
    lengths: np.ndarray | None


class Layer:
    """A recurrent layer: sizes, weights and random generator. RNN, LSTM and GRU add what is theirs.

    Parameters
    ----------
    input_size, hidden_size : int
        D and H, at least 1.
    rng : None, int or numpy.random.Generator
        Where the starting weights come from; an int gives the same weights each time.
    dtype : numpy.float64 or numpy.float32

    Attributes
    ----------
    params : dict
        Name to array; change the arrays in place or put others of the same shape there.
    """

    blocks = 1  # how many (D, H) blocks stand side by side in W_x
    state_names: tuple[str, ...] = ("h",)
    extra_shapes: dict[str, str] = {}  # of parameters beyond W_x, W_h and b

    def __init__(self, input_size, hidden_size, rng=None, dtype=np.float64):
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
                raise ValueError(f"{name}: expected a positive integer, got {size!r}.")
        if np.dtype(dtype) not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"dtype: expected float32 or float64, got {np.dtype(dtype)}.")
        self.input_size, self.hidden_size = int(input_size), int(hidden_size)
        self.dtype = np.dtype(dtype)
        self.params = {
            name: value.astype(self.dtype) for name, value in self._start(np.random.default_rng(rng)).items()
        }

    def _start(self, rng):
        """Glorot-uniform W_x and orthogonal W_h, block by block, and biases of zero."""
        D, H = self.input_size, self.hidden_size
        return {
            "W_x": np.hstack([glorot_uniform(rng, D, H) for _ in range(self.blocks)]),
            "W_h": np.hstack([orthogonal(rng, H) for _ in range(self.blocks)]),
            "b": np.zeros(self.blocks * H),
        }

    @property
    def size(self):
        """Number of parameters."""
        return sum(value.size for value in self.params.values())

    def __repr__(self):
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size}, dtype={self.dtype})"

    def forward(self, xs, initial=None, lengths=None):
        """Run over a sequence.

        Parameters
        ----------
        xs : ndarray, shape (T, N, D)
        initial : ndarray, shape (N, H), or for the LSTM a pair of them (h, c), optional
            The states before the first step; zeros if left out.
        lengths : array of int, shape (N,), optional
            How many steps of each example count, from 1 to T. The rest is padding: its hidden states are zero
            in the result, and the final states are those after the last step that counts.

        Returns
        -------
        hs : ndarray, shape (T, N, H)
        final : ndarray, shape (N, H), or for the LSTM a pair of them (h, c)
        tape : Tape

        Raises
        ------
        ValueError
            If the shapes do not fit each other or the layer, or something is not a finite number.
        """
        xs, states = self._fit_input(xs, initial)
        lengths = fit_lengths(lengths, *xs.shape[:2])
        states, saved = self._run(xs, *states)
        if lengths is None:
            hs, final = features_first(states[0][1:]), [stack[-1].T.copy() for stack in states]
        else:
            hs = features_first(states[0][1:]) * _mask(lengths, len(xs))[:, :, None]
            final = [stack[lengths, :, np.arange(len(lengths))] for stack in states]
        return hs, self._bundle(final), Tape(xs, states, saved, lengths)

    def backward(self, tape, dhs, dfinal=None):
        """Backpropagate through time.

        Parameters
        ----------
        tape : Tape
            From `forward`.
        dhs : ndarray, shape (T, N, H)
            Gradient of the loss with respect to each hidden state, as far as it acts on the loss directly.
        dfinal : ndarray, shape (N, H), or for the LSTM a pair of them (dh, dc), optional
            Gradient with respect to the final states; dh comes on top of ``dhs[-1]``.

        Returns
        -------
        Gradients

        Raises
        ------
        ValueError
            If the shapes do not fit the tape, or the tape does not fit the layer.
        """
        self._check_tape(tape)
        dhs, dfinal = self._fit_output(tape, dhs, dfinal)
        dhs, dfinal = features_first(dhs), [np.ascontiguousarray(value.T) for value in dfinal]
        injected: list[Any] = [None] * len(dfinal)
        if tape.lengths is not None:
            last, columns = tape.lengths - 1, np.arange(len(tape.lengths))
            dhs = dhs * _mask(tape.lengths, len(dhs))[:, None, :]
            injected = [dhs, *(np.zeros_like(dhs) for _ in dfinal[1:])]
            for gradient, value in zip(injected, dfinal, strict=True):
                gradient[last, :, columns] += value.T
            dfinal = [np.zeros_like(value) for value in dfinal]
        params, dxs, *dinitial = self._run_back(tape, dhs, *dfinal, *injected[1:])
        return Gradients(params, dxs, self._bundle([value.T.copy() for value in dinitial]))

    def _run(self, xs, *states):
        raise NotImplementedError

    def _run_back(self, tape, dhs, *dfinal):
        raise NotImplementedError

    def _numbers(self):
        """The parameters in the layer's dtype, whatever was put there."""
        return {name: np.asarray(value, self.dtype) for name, value in self.params.items()}

    def _bundle(self, states):
        return tuple(states) if len(self.state_names) > 1 else states[0]

    def _unbundle(self, name, states):
        """Name to state; a state that is None is one that was not given."""
        names = self.state_names
        if len(names) == 1:
            return {name: states}
        if states is None:
            states = [None] * len(names)
        if not isinstance(states, (tuple, list)) or len(states) != len(names):
            raise ValueError(f"{name}: expected a pair ({', '.join(names)}) of arrays, got {type(states).__name__}.")
        return {f"{name} {part}": state for part, state in zip(names, states, strict=True)}

    def _fit_input(self, xs, initial):
        """Return `xs` and the initial states in the layer's dtype; a state that is None becomes zeros."""
        states = self._unbundle("initial", initial)
        given = {name: state for name, state in states.items() if state is not None}
        blocks = "" if self.blocks == 1 else self.blocks
        own = {"W_h": f"H {blocks}H", "W_x": f"D {blocks}H", "b": f"{blocks}H", **self.extra_shapes}
        arrays, sizes = fit_shapes(
            {**own, "xs": "T N D", **dict.fromkeys(given, "N H")},
            {**{name: self.params[name] for name in own}, "xs": xs, **given},
        )
        if sizes["T"] == 0 or sizes["N"] == 0:
            raise ValueError(f"xs: expected at least one step and one example, got shape {arrays['xs'].shape}.")
        for name in ("xs", *given):
            arrays[name] = _as_finite(name, arrays[name], self.dtype)
        shape = sizes["N"], sizes["H"]
        return arrays["xs"], [
            np.zeros(shape, self.dtype) if state is None else arrays[name] for name, state in states.items()
        ]

    def _check_tape(self, tape):
        if not isinstance(tape, Tape):
            raise ValueError(f"tape: expected what forward returned last, got {type(tape).__name__}.")
        came = tape.xs.shape[2], tape.states[0].shape[1], len(tape.states)
        if came != (self.input_size, self.hidden_size, len(self.state_names)):
            raise ValueError(
                f"tape: expected one of {self!r}, got one with {came[0]} inputs, {came[1]} units and {came[2]} states."
            )

    def _fit_output(self, tape, dhs, dfinal):
        """Return the gradients of all hidden states and of the final states; one that is None becomes zeros."""
        dstates = self._unbundle("dfinal", dfinal)
        given = {name: value for name, value in dstates.items() if value is not None}
        like = np.broadcast_to(self.dtype.type(0), (len(tape.xs), tape.xs.shape[1], self.hidden_size))
        arrays, _ = fit_shapes(
            {"hs": "T N H", "dhs": "T N H", **dict.fromkeys(given, "N H")}, {"hs": like, "dhs": dhs, **given}
        )
        return arrays["dhs"].astype(self.dtype, copy=False), [
            np.zeros(like.shape[1:], self.dtype) if value is None else arrays[name].astype(self.dtype, copy=False)
            for name, value in dstates.items()
        ]


def fit_lengths(lengths, T, N):
    """Lengths as an array of N integers from 1 to T; None stays None, anything else is a ``ValueError``."""
    if lengths is None:
        return None
    try:
        array = as_numbers("lengths", lengths)
    except ValueError:
        array = np.zeros(())  # refused below, in words that say more
    if array.shape != (N,) or array.dtype.kind not in "iu" or array.min() < 1 or array.max() > T:
        raise ValueError(f"lengths: expected {N} integers from 1 to {T}, one for each example, got {lengths!r}.")
    return array


def _mask(lengths, T):
    """(T, N): 1 where a step counts, 0 where it is padding."""
    return (np.arange(T)[:, None] < lengths).astype(np.int8)


def _as_finite(name, array, dtype):
    """The array in another dtype, in which it must be finite: 1e300 is too large for float32."""
    with np.errstate(over="ignore"):
        converted = array.astype(dtype, copy=False)
        # If the sum is finite all entries are, and it costs one pass without a temporary array.
        suspicious = not np.isfinite(converted.sum())
    if suspicious and not np.isfinite(converted).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(converted))[0])
        wanted = "finite numbers" if not np.isfinite(array[where]) else f"finite numbers of {dtype}"
        raise ValueError(f"{name}: expected {wanted}, got {array[where]} at {list(where)}.")
    return converted
