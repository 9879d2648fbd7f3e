"""Weights from and to PyTorch, Keras and ONNX, and between the conventions of the GRU.

All three transpose, order or split what `lstmlib` keeps in W_x, W_h and b in a way of their own:

========  ===================================  =============  ===========  ==============================
library   names and shapes                     LSTM order     GRU order    GRU
========  ===================================  =============  ===========  ==============================
lstmlib   W_x (D, GH), W_h (H, GH), b (GH,)    i f g o        r z n        both resets, both updates
PyTorch   weight_ih (GH, D), two biases        i f g o        r z n        reset after, z keeps
Keras     kernel (D, GH), one or two biases    i f g o        z r n        both resets, z keeps
ONNX      W (1, GH, D), R (1, GH, H), B (2GH)  i o f g        z r n        both resets, z keeps
========  ===================================  =============  ===========  ==============================

Where another library has two biases that are added, theirs go into one here, and back as that one and zeros. Only the
candidate of a GRU whose reset comes after the product keeps two: `b` and `b_hn`.
"""

import re

import numpy as np

from lstmlib.compose import Bidirectional, Stacked
from lstmlib.gru import GRU
from lstmlib.lstm import LSTM
from lstmlib.rnn import RNN

_KINDS = {1: RNN, 3: GRU, 4: LSTM}
_KERAS_ORDER = {RNN: [0], LSTM: [0, 1, 2, 3], GRU: [1, 0, 2]}  # positions of our blocks in theirs
_ONNX_ORDER = {RNN: [0], LSTM: [0, 3, 1, 2], GRU: [1, 0, 2]}


def convert(gru, update):
    """Return a GRU with the other direction of the update gate that computes the same.

    z that keeps and z that writes add up to 1, and 1 - σ(a) = σ(-a): the signs of the gate's weights turn round.
    There is no such exchange between the two places of the reset gate: they compute different functions.

    Parameters
    ----------
    gru : GRU
    update : {"keep", "write"}

    Returns
    -------
    GRU
        With weights of its own.
    """
    converted = GRU(gru.input_size, gru.hidden_size, 0, gru.dtype, reset=gru.reset, update=update)
    H = gru.hidden_size
    for name, value in gru.params.items():
        converted.params[name] = value.copy()
        if name != "b_hn" and update != gru.update:
            converted.params[name][..., H : 2 * H] *= -1
    return converted


def from_torch(state_dict, activation="tanh"):
    """Make layers from the state dict of a ``torch.nn.RNN``, ``LSTM`` or ``GRU``.

    Parameters
    ----------
    state_dict : dict
        Name to tensor or array; several layers and both directions are found by their names.
    activation : {"tanh", "relu"}
        Of an RNN, whose state dict does not tell.

    Returns
    -------
    RNN, LSTM or GRU; `Bidirectional` of two of them; or `Stacked` of either

    Raises
    ------
    ValueError
        If names or shapes are not those of such a module (projections are not supported).
    """
    arrays = {name: _as_array(value) for name, value in state_dict.items()}
    matches = [re.fullmatch(r"(?:weight|bias)_(?:ih|hh)_l(\d+)(_reverse)?", name) for name in arrays]
    found = [match for match in matches if match]
    if len(found) < len(matches) or not arrays:
        raise ValueError(f"state_dict: expected names like weight_ih_l0, got {', '.join(arrays) or 'none'}.")
    depth = 1 + max(int(match[1]) for match in found)
    both = any(match[2] for match in found)

    def read(level, suffix):
        try:
            W_x, W_h = (arrays[f"weight_{part}_l{level}{suffix}"] for part in ("ih", "hh"))
        except KeyError as error:
            raise ValueError(f"state_dict: expected {error.args[0]}, which is missing.") from None
        zeros = np.zeros(len(W_x), W_x.dtype)
        b_x, b_h = (arrays.get(f"bias_{part}_l{level}{suffix}", zeros) for part in ("ih", "hh"))
        return _build(W_x.T, W_h.T, b_x, b_h, activation=activation)

    layers = [
        Bidirectional(read(level, ""), read(level, "_reverse")) if both else read(level, "") for level in range(depth)
    ]
    return layers[0] if depth == 1 else Stacked(layers)


def to_torch(layer):
    """Return the state dict for a ``torch.nn`` module of the same shape; the inverse of `from_torch`.

    Parameters
    ----------
    layer : RNN, LSTM, GRU, Bidirectional or Stacked

    Returns
    -------
    dict
        Name to tensor where PyTorch is installed, otherwise to ndarray.

    Raises
    ------
    ValueError
        For a GRU that resets before the product, which PyTorch does not have.
    """
    state: dict = {}
    for level, part in enumerate(layer.layers if isinstance(layer, Stacked) else [layer]):
        directions = {"": part}
        if isinstance(part, Bidirectional):
            directions = {"": part.parts["forward"], "_reverse": part.parts["backward"].layer}
        for suffix, single in directions.items():
            if isinstance(single, GRU) and single.reset == "before":
                raise ValueError('layer: expected reset="after", got "before", which PyTorch does not have.')
            W_x, W_h, b_x, b_h = _two_biases(single)
            values = {"weight_ih": W_x.T, "weight_hh": W_h.T, "bias_ih": b_x, "bias_hh": b_h}
            state |= {f"{name}_l{level}{suffix}": np.array(value, order="C") for name, value in values.items()}
    try:
        from torch import from_numpy
    except ImportError:
        return state
    return {name: from_numpy(value) for name, value in state.items()}


def from_keras(weights, cell, activation="tanh"):
    """Make a layer from what ``get_weights()`` of a Keras ``SimpleRNN``, ``LSTM`` or ``GRU`` returns.

    Parameters
    ----------
    weights : list of ndarray
        Kernel, recurrent kernel, bias. A GRU's bias of two rows says that it was made with ``reset_after=True``.
    cell : {"rnn", "lstm", "gru"}
    activation : {"tanh", "relu"}
        Of an RNN.

    Returns
    -------
    RNN, LSTM or GRU
    """
    if cell not in ("rnn", "lstm", "gru"):
        raise ValueError(f'cell: expected "rnn", "lstm" or "gru", got {cell!r}.')
    if len(weights) != 3:
        raise ValueError(f"weights: expected kernel, recurrent kernel and bias, got {len(weights)} arrays.")
    W_x, W_h, b = map(np.asarray, weights)
    order = np.argsort(_KERAS_ORDER[{"rnn": RNN, "lstm": LSTM, "gru": GRU}[cell]])
    W_x, W_h, b = (_reorder(value, order) for value in (W_x, W_h, b))
    b_x, b_h = b if b.ndim == 2 else (b, np.zeros_like(b))
    return _build(W_x, W_h, b_x, b_h, reset="after" if b.ndim == 2 else "before", activation=activation)


def to_keras(layer):
    """Return the list for ``set_weights`` of the Keras layer of the same shape; the inverse of `from_keras`.

    A GRU that resets after the product is one with ``reset_after=True``, which is Keras's default.
    """
    W_x, W_h, b_x, b_h = _two_biases(layer)
    order = _KERAS_ORDER[type(layer)]
    bias = np.stack([b_x, b_h]) if isinstance(layer, GRU) and layer.reset == "after" else b_x + b_h
    return [_reorder(value, order) for value in (W_x, W_h, bias)]


def from_onnx(W, R, B=None, linear_before_reset=0, activation="tanh"):
    """Make a layer from the tensors of an ONNX ``RNN``, ``LSTM`` or ``GRU`` node (without peepholes).

    Parameters
    ----------
    W, R : ndarray, shapes (directions, GH, D) and (directions, GH, H)
    B : ndarray, shape (directions, 2 GH), optional
    linear_before_reset : {0, 1}
        Attribute of a GRU node; 1 is a reset after the product.
    activation : {"tanh", "relu"}
        Of an RNN.

    Returns
    -------
    RNN, LSTM or GRU; `Bidirectional` where there are two directions
    """
    W, R = np.asarray(W), np.asarray(R)
    if W.ndim != 3 or R.ndim != 3 or len(W) not in (1, 2) or R.shape[1] % R.shape[2]:
        expected = "shapes (directions, GH, D) and (directions, GH, H)"
        raise ValueError(f"W, R: expected {expected}, got {W.shape} and {R.shape}.")
    B = np.zeros((len(W), 2 * W.shape[1]), W.dtype) if B is None else np.asarray(B)
    kind = _KINDS.get(R.shape[1] // R.shape[2])
    if kind is None:
        raise ValueError(f"R: expected 1, 3 or 4 blocks of {R.shape[2]} rows, got {R.shape[1]} rows.")
    order = np.argsort(_ONNX_ORDER[kind])
    reset = "after" if linear_before_reset else "before"
    layers = []
    for W_x, W_h, b in zip(W, R, B, strict=True):
        b_x, b_h = np.split(_reorder(b.reshape(2, -1), order), 2)
        layers.append(_build(_reorder(W_x.T, order), _reorder(W_h.T, order), b_x[0], b_h[0], reset, activation))
    return layers[0] if len(layers) == 1 else Bidirectional(*layers)


def to_onnx(layer):
    """Return W, R and B for an ONNX node of the same shape; the inverse of `from_onnx`.

    The node of a GRU needs ``linear_before_reset=1`` where the reset comes after the product.
    """
    layers = [layer]
    if isinstance(layer, Bidirectional):
        layers = [layer.parts["forward"], layer.parts["backward"].layer]
    parts = []
    for single in layers:
        order = _ONNX_ORDER[type(single)]
        W_x, W_h, b_x, b_h = (_reorder(value, order) for value in _two_biases(single))
        parts.append((W_x.T, W_h.T, np.concatenate([b_x, b_h])))
    return tuple(np.stack(values) for values in zip(*parts, strict=True))


def _build(W_x, W_h, b_x, b_h, reset="after", activation="tanh"):
    """A layer from weights in our order, with biases on the input's and on the recurrent side."""
    if W_h.ndim != 2 or W_h.shape[1] % len(W_h) or W_h.shape[1] // len(W_h) not in _KINDS:
        raise ValueError(f"recurrent weights: expected 1, 3 or 4 square blocks, got shape {W_h.shape}.")
    kind, dtype, H = _KINDS[W_h.shape[1] // len(W_h)], W_h.dtype, len(W_h)
    options = {GRU: {"reset": reset}, RNN: {"activation": activation}}.get(kind, {})
    layer = kind(W_x.shape[0], H, 0, dtype, **options)
    b = b_x + b_h
    if kind is GRU:
        b = np.concatenate([b[: 2 * H], b_x[2 * H :]])
        layer.params["b_hn"] = b_h[2 * H :].copy()
    layer.params |= {"W_x": W_x.copy(), "W_h": W_h.copy(), "b": b}
    layer.forward(np.zeros((1, 1, W_x.shape[0])))  # refuses what does not fit together
    return layer


def _two_biases(layer):
    """Weights in our order, with biases on the input's and on the recurrent side."""
    if isinstance(layer, GRU):
        layer = convert(layer, "keep")
    p = layer.params
    b_h = np.zeros_like(p["b"])
    if isinstance(layer, GRU):
        b_h[2 * layer.hidden_size :] = p["b_hn"]
    return p["W_x"], p["W_h"], p["b"], b_h


def _as_array(value):
    """An array from an array or a tensor that may record gradients."""
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


def _reorder(array, order):
    """Put the blocks of the last axis in another order."""
    blocks = np.split(array, len(order), axis=-1)
    return np.concatenate([blocks[k] for k in order], axis=-1)
