"""Layers made of layers: backwards in time, both ways at once, on top of each other.

Each has the interface of a single layer, ``forward``, ``backward`` and ``params``, so that they can be put together.
The parameters keep the names they have in their part, with the part in front: ``"forward.W_x"``, ``"0.b"``.
"""

import numpy as np

from lstmlib.layer import Gradients, fit_lengths
from lstmlib.shapes import as_numbers


class Reversed:
    """A layer that reads the sequence from its end; its hidden states stand at the steps that they belong to.

    Parameters
    ----------
    layer : Layer, Stacked or Bidirectional
    """

    def __init__(self, layer):
        self.layer = layer

    @property
    def params(self):
        """The parameters of the layer, under their own names."""
        return self.layer.params

    def forward(self, xs, initial=None, lengths=None):
        """Run from the last step to the first; arguments and results as in `Layer.forward`.

        With lengths, each sequence starts at its own last step. The final state is that after the first step.
        """
        xs = as_numbers("xs", xs)
        if lengths is not None and xs.ndim == 3:
            lengths = fit_lengths(lengths, *xs.shape[:2])
        hs, final, tape = self.layer.forward(_flip(xs, lengths), initial, lengths)
        return _flip(hs, lengths), final, (tape, lengths)

    def backward(self, tape, dhs, dfinal=None):
        """Backpropagate; arguments and results as in `Layer.backward`."""
        tape, lengths = tape
        grads = self.layer.backward(tape, _flip(np.asarray(dhs), lengths), dfinal)
        return grads._replace(xs=_flip(grads.xs, lengths))


class Bidirectional:
    """Two layers of the same input, one of which reads it from the end (Schuster and Paliwal, 1997).

    The hidden states of both stand side by side, (T, N, H₁ + H₂); initial and final states are pairs of theirs.

    Parameters
    ----------
    forward_layer, backward_layer : Layer or Stacked
        The second is turned round in here.
    """

    def __init__(self, forward_layer, backward_layer):
        self.parts = {"forward": forward_layer, "backward": Reversed(backward_layer)}

    @property
    def params(self):
        """All parameters, under ``"forward.…"`` and ``"backward.…"``."""
        return _join({name: part.params for name, part in self.parts.items()})

    def forward(self, xs, initial=None, lengths=None):
        """Run both ways; arguments and results as in `Layer.forward`, states as pairs."""
        states = _states("initial", initial, 2, "direction")
        runs = [part.forward(xs, state, lengths) for part, state in zip(self.parts.values(), states, strict=True)]
        hs, finals, tapes = zip(*runs, strict=True)
        return np.concatenate(hs, axis=-1), finals, (tapes, hs[0].shape[-1])

    def backward(self, tape, dhs, dfinal=None):
        """Backpropagate both ways; arguments and results as in `Layer.backward`, states as pairs."""
        tapes, width = tape
        halves = np.split(np.asarray(dhs), [width], axis=-1)
        states = _states("dfinal", dfinal, 2, "direction")
        grads = {
            name: part.backward(*given)
            for (name, part), *given in zip(self.parts.items(), tapes, halves, states, strict=True)
        }
        return Gradients(
            _join({name: grad.params for name, grad in grads.items()}),
            grads["forward"].xs + grads["backward"].xs,
            tuple(grad.initial for grad in grads.values()),
        )


class Stacked:
    """Layers on top of each other: the hidden states of one are the inputs of the next.

    Initial and final states are lists with one entry for each layer.

    Parameters
    ----------
    layers : sequence of Layer or Bidirectional
    """

    def __init__(self, layers):
        self.layers = list(layers)
        if not self.layers:
            raise ValueError("layers: expected at least one layer, got none.")

    @property
    def params(self):
        """All parameters, under ``"0.…"`` for the lowest layer and so on."""
        return _join({str(k): layer.params for k, layer in enumerate(self.layers)})

    def forward(self, xs, initial=None, lengths=None):
        """Run all layers; arguments and results as in `Layer.forward`, states as lists."""
        finals, tapes = [], []
        for layer, state in zip(self.layers, _states("initial", initial, len(self.layers), "layer"), strict=True):
            xs, final, tape = layer.forward(xs, state, lengths)
            finals.append(final)
            tapes.append(tape)
        return xs, finals, tapes

    def backward(self, tape, dhs, dfinal=None):
        """Backpropagate through all layers; arguments and results as in `Layer.backward`, states as lists."""
        params: dict = {}
        initial: list = []
        states = _states("dfinal", dfinal, len(self.layers), "layer")
        for k in reversed(range(len(self.layers))):
            grads = self.layers[k].backward(tape[k], dhs, states[k])
            params[str(k)], dhs = grads.params, grads.xs
            initial.insert(0, grads.initial)
        return Gradients(_join({str(k): params[str(k)] for k in range(len(self.layers))}), dhs, initial)


def _flip(array, lengths):
    """Reverse the steps of each sequence; with lengths, padding stays behind."""
    if lengths is None or array.ndim != 3:  # what is not a sequence the layer refuses in its own words
        return array[::-1] if array.ndim else array
    steps = np.arange(len(array))[:, None]
    source = np.where(steps < lengths, np.asarray(lengths) - 1 - steps, steps)
    return np.take_along_axis(array, source[:, :, None], axis=0)


def _join(groups):
    return {f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()}


def _states(name, states, count, unit):
    if states is None:
        return [None] * count
    if not isinstance(states, (tuple, list)) or len(states) != count:
        came = f"{len(states)} entries" if isinstance(states, (tuple, list)) else type(states).__name__
        raise ValueError(f"{name}: expected a list of {count} entries, one for each {unit}, got {came}.")
    return states
