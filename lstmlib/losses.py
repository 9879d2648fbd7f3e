"""From hidden states to a number: the output layer and two losses, each with its gradient."""

import numpy as np

from lstmlib.init import glorot_uniform
from lstmlib.layer import Gradients
from lstmlib.shapes import fit_shapes


class Dense:
    """An output layer without activation, y = x W + b, applied to each step on its own.

    Parameters
    ----------
    input_size, output_size : int
    rng : None, int or numpy.random.Generator
    dtype : numpy.float64 or numpy.float32

    Attributes
    ----------
    params : dict
        W (H, K) and b (K,).
    """

    def __init__(self, input_size, output_size, rng=None, dtype=np.float64):
        rng = np.random.default_rng(rng)
        self.params = {
            "W": glorot_uniform(rng, input_size, output_size).astype(dtype),
            "b": np.zeros(output_size, dtype),
        }

    def forward(self, xs):
        """Return the outputs (…, K) for inputs (…, H), and what `backward` needs."""
        xs = np.asarray(xs)
        return xs @ self.params["W"] + self.params["b"], xs

    def backward(self, xs, dys):
        """Gradients of parameters and inputs, from `dys` (…, K)."""
        flat_x, flat_dy = xs.reshape(-1, xs.shape[-1]), dys.reshape(-1, dys.shape[-1])
        params = {"W": flat_x.T @ flat_dy, "b": flat_dy.sum(axis=0)}
        return Gradients(params, dys @ self.params["W"].T, None)


def cross_entropy(logits, targets, mask=None):
    """Cross entropy of a softmax, summed over all steps and averaged over the batch.

    Parameters
    ----------
    logits : ndarray, shape (T, N, K) or (N, K)
        Before the softmax, which is part of this loss: only together are they stable.
    targets : ndarray of int, shape (T, N) or (N,)
        The right class, from 0 to K - 1.
    mask : ndarray, the shape of `targets`, optional
        Weight of each step, such as 0 for padding.

    Returns
    -------
    loss : float
        In nats.
    dlogits : ndarray
        Gradient of the loss, the shape of `logits`.

    Raises
    ------
    ValueError
        If shapes or classes do not fit.
    """
    logits, targets = np.asarray(logits), np.asarray(targets)
    if targets.shape != logits.shape[:-1] or targets.dtype.kind not in "iu":
        raise ValueError(
            f"targets: expected integers of shape {logits.shape[:-1]}, got {targets.dtype} of shape {targets.shape}."
        )
    if targets.size and not 0 <= targets.min() <= targets.max() < logits.shape[-1]:
        raise ValueError(
            f"targets: expected classes from 0 to {logits.shape[-1] - 1}, got {targets.min()} to {targets.max()}."
        )
    weights = _weights(mask, targets.shape)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=-1, keepdims=True)
    chosen = targets[..., None]
    losses = (np.log(sums) - np.take_along_axis(shifted, chosen, axis=-1))[..., 0]
    dlogits = exponentials / sums
    np.put_along_axis(dlogits, chosen, np.take_along_axis(dlogits, chosen, axis=-1) - 1, axis=-1)
    batch = targets.shape[-1]
    return float((weights * losses).sum() / batch), dlogits * (weights / batch)[..., None].astype(logits.dtype)


def squared_error(outputs, targets, mask=None):
    """Squared error, summed over outputs and steps and averaged over the batch.

    Parameters
    ----------
    outputs, targets : ndarray, shape (T, N, K) or (N, K)
    mask : ndarray, shape (T, N) or (N,), optional
        Weight of each step.

    Returns
    -------
    loss : float
    doutputs : ndarray
        Gradient of the loss, the shape of `outputs`.
    """
    axes = "T N K" if np.ndim(outputs) == 3 else "N K"
    arrays, _ = fit_shapes({"outputs": axes, "targets": axes}, {"outputs": outputs, "targets": targets})
    difference = arrays["outputs"] - arrays["targets"]
    weights = _weights(mask, difference.shape[:-1])[..., None] / difference.shape[-2]
    return float((weights * difference**2).sum()), (2 * weights * difference).astype(difference.dtype)


def _weights(mask, shape):
    if mask is None:
        return np.ones(shape)
    mask = np.asarray(mask, dtype=float)
    if mask.shape != shape:
        raise ValueError(f"mask: expected shape {shape}, got {mask.shape}.")
    return mask
