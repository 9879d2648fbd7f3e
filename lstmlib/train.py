"""One training loop for all tasks, and writing text with what came out of it."""

from dataclasses import dataclass, field

import numpy as np

from lstmlib.activations import softmax
from lstmlib.losses import Dense, cross_entropy, squared_error
from lstmlib.optim import Adam, clip_by_global_norm


class Model:
    """A recurrent layer with an output layer on its hidden states.

    Parameters
    ----------
    layer : RNN, LSTM, GRU, Bidirectional or Stacked
    output_size : int
        K, the number of classes or values.
    rng : None, int or numpy.random.Generator
        For the weights of the output layer.

    Attributes
    ----------
    params : dict
        Those of both layers, as ``"layer.…"`` and ``"output.…"``.
    """

    def __init__(self, layer, output_size, rng=None):
        hs = layer.forward(np.zeros((1, 1, _input_size(layer))))[0]
        self.layer, self.output = layer, Dense(hs.shape[-1], output_size, rng, hs.dtype)

    @property
    def params(self):
        """Name to array, the arrays of the layers themselves."""
        return self._join(self.layer.params, self.output.params)

    def predict(self, xs, initial=None):
        """Return the outputs, (T, N, K), before any softmax, and the final states."""
        hs, final, _ = self.layer.forward(xs, initial)
        return self.output.forward(hs)[0], final

    def loss(self, batch):
        """Loss on a batch and its gradients: cross entropy for classes, squared error for values."""
        hs, _, tape = self.layer.forward(batch.xs)
        outputs, output_tape = self.output.forward(hs)
        measure = cross_entropy if batch.targets.dtype.kind in "iu" else squared_error
        loss, doutputs = measure(outputs, batch.targets, batch.mask)
        grads = self.output.backward(output_tape, doutputs.astype(outputs.dtype, copy=False))
        return loss, self._join(self.layer.backward(tape, grads.xs).params, grads.params)

    def accuracy(self, batch):
        """Share of the steps that count whose class is right."""
        outputs, _ = self.predict(batch.xs)
        right = outputs.argmax(axis=-1) == batch.targets
        return float((right * batch.mask).sum() / batch.mask.sum())

    @staticmethod
    def _join(layer, output):
        return {f"layer.{name}": value for name, value in layer.items()} | {
            f"output.{name}": value for name, value in output.items()
        }


@dataclass
class History:
    """What happened while a model was trained.

    Attributes
    ----------
    losses : list of float
        Of each iteration's batch, before its step.
    norms : list of float
        Of the gradients, before clipping.
    stopped_early : bool
    """

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    stopped_early: bool = False


def fit(model, draw, iterations, rng=0, optimiser=None, clip=1.0, stop=None, progress=False):
    """Train a model on batches drawn one by one.

    Parameters
    ----------
    model : Model
    draw : callable
        ``draw(rng)`` returns a `Batch`.
    iterations : int
    rng : int or numpy.random.Generator
        The same seed gives the same result, bit by bit, on the same machine.
    optimiser : object with ``step(grads)``, optional
        `Adam` with a learning rate of 5e-3 if left out.
    clip : float or None
        Largest global norm of the gradients.
    stop : callable, optional
        ``stop(history)`` is asked after each iteration; True ends the training.
    progress : bool
        Show a bar (needs tqdm).

    Returns
    -------
    History

    Raises
    ------
    FloatingPointError
        If the loss is no longer a finite number; the message says in which iteration.
    """
    rng = np.random.default_rng(rng)
    optimiser = optimiser or Adam(model.params, 5e-3)
    history = History()
    for iteration in _counter(iterations, progress):
        loss, grads = model.loss(draw(rng))
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"The loss is {loss} in iteration {iteration}. Try a smaller learning rate, or clip the gradients."
            )
        norm = clip_by_global_norm(grads, np.inf if clip is None else clip)
        history.losses.append(loss)
        history.norms.append(norm)
        optimiser.step(grads)
        if stop is not None and stop(history):
            history.stopped_early = True
            break
    return history


def below(threshold, window=20):
    """A stopping rule for `fit`: the mean loss of the last `window` iterations is below the threshold."""
    return lambda history: len(history.losses) >= window and np.mean(history.losses[-window:]) < threshold


def write_text(model, alphabet, start, length, temperature=1.0, rng=None):
    """Let a character model write.

    Parameters
    ----------
    model : Model
        Trained on `tasks.characters` with the same alphabet.
    alphabet : str
    start : str
        What the model reads before it writes, at least one character.
    length : int
        Characters to write.
    temperature : float
        Divides the outputs before the softmax: below 1 more likely characters are preferred; 0 takes the likeliest.
    rng : None, int or numpy.random.Generator

    Returns
    -------
    str
        What was written, without `start`.
    """
    if not start or set(start) - set(alphabet):
        raise ValueError(f"start: expected at least one character, all of the alphabet, got {start!r}.")
    if temperature < 0:
        raise ValueError(f"temperature: expected a number of at least 0, got {temperature}.")
    rng, one_hot = np.random.default_rng(rng), np.eye(len(alphabet))
    outputs, state = model.predict(one_hot[[alphabet.index(character) for character in start]][:, None])
    written = []
    for _ in range(length):
        logits = outputs[-1, 0].astype(float)
        if temperature == 0:
            choice = int(logits.argmax())
        else:
            choice = int(rng.choice(len(alphabet), p=softmax(logits / temperature)))
        written.append(alphabet[choice])
        outputs, state = model.predict(one_hot[choice][None, None], state)
    return "".join(written)


def _input_size(layer):
    """D of a layer, or of the lowest part of a composed one."""
    while not hasattr(layer, "input_size"):
        parts = getattr(layer, "layers", None) or list(getattr(layer, "parts", {}).values()) or [layer.layer]
        layer = parts[0]
    return layer.input_size


def _counter(iterations, progress):
    if not progress:
        return range(iterations)
    from tqdm.auto import trange

    return trange(iterations, desc="training", unit="batch")
