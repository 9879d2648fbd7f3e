"""Weights survive the way to PyTorch, Keras and ONNX and back, and mean the same there."""

import os

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from lstmlib import GRU, LSTM, RNN
from lstmlib.compose import Bidirectional, Stacked
from lstmlib.interop import convert, from_keras, from_onnx, from_torch, to_keras, to_onnx, to_torch
from tests.conftest import ROOT, skip_or_fail

D, H = 3, 4


def perturbed(layer, seed=0):
    rng = np.random.default_rng(seed)
    for value in layer.params.values():
        value += 0.5 * rng.standard_normal(value.shape)
    return layer


def layers(dtype=np.float64):
    def gru(**options):
        return GRU(D, H, 0, dtype, **options)

    return {
        "rnn": RNN(D, H, 0, dtype),
        "rnn-relu": RNN(D, H, 0, dtype, activation="relu"),
        "lstm": LSTM(D, H, 0, dtype),
        "gru": gru(),
        "gru-write": gru(update="write"),
        "gru-before": gru(reset="before"),
        "gru-before-write": gru(reset="before", update="write"),
        "bidirectional": Bidirectional(LSTM(D, H, 0, dtype), LSTM(D, H, 1, dtype)),
        "stacked": Stacked([gru(), GRU(H, H, 1, dtype)]),
        "stacked bidirectional": Stacked(
            [Bidirectional(gru(), gru(update="write")), Bidirectional(GRU(2 * H, H, 2, dtype), GRU(2 * H, H, 3, dtype))]
        ),
    }


KINDS = list(layers())
SINGLE = [kind for kind in KINDS if "stacked" not in kind and kind != "bidirectional"]
TORCH = [kind for kind in KINDS if "before" not in kind]


def same_function(first, second):
    xs = np.random.default_rng(5).standard_normal((6, 2, D))
    np.testing.assert_allclose(first.forward(xs)[0], second.forward(xs)[0], rtol=1e-12, atol=1e-14)


def activation(kind):
    return "relu" if "relu" in kind else "tanh"


@pytest.mark.parametrize("kind", TORCH)
def test_there_and_back_by_torch(kind):
    layer = perturbed(layers()[kind])
    same_function(from_torch(to_torch(layer), activation(kind)), layer)


@pytest.mark.parametrize("kind", SINGLE)
def test_there_and_back_by_keras(kind):
    layer = perturbed(layers()[kind])
    same_function(from_keras(to_keras(layer), kind.split("-")[0], activation(kind)), layer)


@pytest.mark.parametrize("kind", [*SINGLE, "bidirectional"])
def test_there_and_back_by_onnx(kind):
    layer = perturbed(layers()[kind])
    same_function(from_onnx(*to_onnx(layer), int("before" not in kind), activation(kind)), layer)


@pytest.mark.parametrize("reset", ["after", "before"])
def test_both_directions_of_the_update_gate_compute_the_same(reset):
    layer = perturbed(GRU(D, H, 0, reset=reset))
    other = convert(layer, "write")
    assert other.update == "write"
    same_function(layer, other)
    same_function(layer, convert(other, "keep"))


def test_conversion_shares_no_memory():
    layer = GRU(D, H, 0)
    convert(layer, "keep").params["W_x"][:] = 7
    assert not (layer.params["W_x"] == 7).any()


@pytest.mark.parametrize("kind", SINGLE)
def test_what_goes_out_or_comes_in_shares_no_memory_and_keeps_its_dtype(kind):
    layer = perturbed(layers(np.float32)[kind])
    ways = [
        (to_keras, lambda weights: from_keras(weights, kind.split("-")[0])),
        (to_onnx, lambda weights: from_onnx(*weights, 1)),
    ]
    if kind in TORCH:
        ways.append((lambda one: {name: np.asarray(v) for name, v in to_torch(one).items()}, from_torch))
    for send, receive in ways:
        sent = send(layer)
        received = receive(sent)
        assert received.dtype == np.float32
        for array in sent.values() if isinstance(sent, dict) else sent:
            for value in (*layer.params.values(), *received.params.values()):
                assert not np.shares_memory(array, value)


def test_a_gru_of_onnx_resets_before_the_product_unless_told_otherwise():
    assert from_onnx(*to_onnx(GRU(D, H, 0))).reset == "before"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: from_torch({"weight": np.ones(3)}), "expected names like weight_ih_l0, got weight"),
        (lambda: from_torch({}), "got none"),
        (lambda: from_torch({"weight_ih_l0": np.ones((4, 3))}), "expected weight_hh_l0"),
        (lambda: from_torch({"weight_ih_l0": np.ones((8, 3)), "weight_hh_l0": np.ones((8, 4))}), "1, 3 or 4 square"),
        (lambda: from_torch({"weight_ih_l0": np.ones((8, 3)), "weight_hh_l0": np.ones((16, 4))}), "W_x"),
        (lambda: to_torch(GRU(D, H, reset="before")), "PyTorch does not have"),
        (lambda: from_keras([np.ones((3, 4))], "rnn"), "expected kernel, recurrent kernel and bias, got 1"),
        (lambda: from_keras([], "elman"), 'expected "rnn", "lstm" or "gru"'),
        (lambda: from_onnx(np.ones((4, 3)), np.ones((4, 4))), "directions"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ONNX Runtime -------------------------------------------------------------------------------------------------


def onnx_run(layer, kind, xs, lengths, states):
    """What ONNX Runtime computes with the weights that `to_onnx` gives."""
    W, R, B = (value.astype(np.float32) for value in to_onnx(layer))
    single = layer.parts["forward"] if isinstance(layer, Bidirectional) else layer
    name = type(single).__name__
    directions, H = len(W), R.shape[2]
    options = {"hidden_size": H, "direction": "bidirectional" if directions == 2 else "forward"}
    if name == "GRU":
        options["linear_before_reset"] = int(single.reset == "after")
    if name == "RNN":
        options["activations"] = [activation(kind).capitalize()] * directions
    feeds = {"X": xs, "lengths": np.array(lengths, np.int32)} | {f"s{k}": value for k, value in enumerate(states)}
    outputs = ["Y", "Y_h", "Y_c"][: 1 + len(states)]
    node = helper.make_node(name, ["X", "W", "R", "B", *list(feeds)[1:]], outputs, **options)
    inputs = [
        helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for key, value in feeds.items()
    ]
    results = [helper.make_tensor_value_info(key, onnx.TensorProto.FLOAT, None) for key in outputs]
    weights = [onnx.numpy_helper.from_array(value, key) for key, value in zip("WRB", (W, R, B), strict=True)]
    graph = helper.make_graph([node], "layer", inputs, results, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "stacked" not in kind])
def test_onnx_runtime_agrees_with_lengths_and_initial_states(kind):
    layer = perturbed(layers(np.float32)[kind])
    both, pairs = kind == "bidirectional", kind in ("lstm", "bidirectional")
    rng = np.random.default_rng(8)
    xs, lengths = rng.standard_normal((7, 3, D)).astype(np.float32), [7, 2, 5]
    states = [rng.standard_normal((2 if both else 1, 3, H)).astype(np.float32) for _ in range(2 if pairs else 1)]
    per_direction = [tuple(parts) if pairs else parts[0] for parts in zip(*states, strict=True)]
    hs, final, _ = layer.forward(xs, per_direction if both else per_direction[0], lengths)
    got, *got_states = onnx_run(layer, kind, xs, lengths, states)
    np.testing.assert_allclose(np.concatenate(list(np.moveaxis(got, 1, 0)), axis=-1), hs, atol=1e-5)
    finals = final if both else (final,)
    for direction, mine in enumerate(finals):
        for state, expected in zip(got_states, mine if pairs else (mine,), strict=True):
            np.testing.assert_allclose(state[direction], expected, atol=1e-5)


# Live, where PyTorch is installed ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def torch():
    try:
        import torch
    except ImportError:
        skip_or_fail("PyTorch is not installed; pip install torch==2.13.0")
    return torch


def modules(torch, kind, dtype):
    options = {"num_layers": 2 if "stacked" in kind else 1, "bidirectional": "bidirectional" in kind}
    name = "LSTM" if kind in ("lstm", "bidirectional") else "RNN" if "rnn" in kind else "GRU"
    if name == "RNN":
        options["nonlinearity"] = activation(kind)
    return getattr(torch.nn, name)(D, H, dtype=getattr(torch, np.dtype(dtype).name), **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", TORCH)
def test_forward_and_gradients_equal_those_of_torch(torch, kind, dtype):
    layer, module = perturbed(layers(dtype)[kind]), modules(torch, kind, dtype)
    module.load_state_dict(to_torch(layer))
    rng = np.random.default_rng(3)
    xs = rng.standard_normal((7, 5, D)).astype(dtype)
    tensor = torch.from_numpy(xs.copy()).requires_grad_()
    expected, _ = module(tensor)
    hs, _, tape = layer.forward(xs)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(hs, expected.detach().numpy(), **tolerance)

    dhs = rng.standard_normal(hs.shape).astype(dtype)
    expected.backward(torch.from_numpy(dhs))
    grads = layer.backward(tape, dhs)
    np.testing.assert_allclose(grads.xs, tensor.grad.numpy(), **tolerance)
    if kind in ("rnn", "rnn-relu", "lstm", "gru"):
        np.testing.assert_allclose(grads.params["W_x"], module.weight_ih_l0.grad.numpy().T, **tolerance)
        np.testing.assert_allclose(grads.params["W_h"], module.weight_hh_l0.grad.numpy().T, **tolerance)
        np.testing.assert_allclose(grads.params["b"], module.bias_ih_l0.grad.numpy(), **tolerance)
    if kind == "gru":
        np.testing.assert_allclose(grads.params["b_hn"], module.bias_hh_l0.grad.numpy()[2 * H :], **tolerance)


@pytest.mark.parametrize("kind", ["lstm", "bidirectional", "stacked bidirectional"])
def test_lengths_are_those_of_torchs_packed_sequences(torch, kind):
    layer, module = perturbed(layers()[kind]), modules(torch, kind, np.float64)
    module.load_state_dict(to_torch(layer))
    xs, lengths = np.random.default_rng(4).standard_normal((6, 3, D)), [6, 2, 4]
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.from_numpy(xs), lengths, enforce_sorted=False)
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(module(packed)[0], total_length=6)
    np.testing.assert_allclose(layer.forward(xs, lengths=lengths)[0], expected.detach().numpy(), rtol=1e-9, atol=1e-12)


# Live, where Keras is installed -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras():
    """Keras on PyTorch; its absence is no failure in CI either, where the recordings below stand for it."""
    pytest.importorskip("torch", exc_type=ImportError)
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras", exc_type=ImportError)
    if keras.backend.backend() != "torch":
        pytest.skip(f"Keras runs on {keras.backend.backend()}; these tests take gradients by PyTorch")
    return keras


def keras_layer(keras, kind):
    """The layer of Keras that `layers(np.float32)[kind]` becomes, built but with weights of its own."""
    options = {"return_sequences": True}
    if "gru" in kind:
        module = keras.layers.GRU(H, reset_after="before" not in kind, **options)
    elif kind == "lstm":
        module = keras.layers.LSTM(H, **options)
    else:
        module = keras.layers.SimpleRNN(H, activation=activation(kind), **options)
    module.build((5, 7, D))
    return module


@pytest.mark.parametrize("kind", SINGLE)
def test_forward_and_gradients_equal_those_of_keras(keras, kind):
    import torch

    layer, module = perturbed(layers(np.float32)[kind]), keras_layer(keras, kind)
    module.set_weights(to_keras(layer))
    rng = np.random.default_rng(3)
    xs, dhs = (rng.standard_normal((7, 5, size)).astype(np.float32) for size in (D, H))
    tensor = torch.from_numpy(xs.swapaxes(0, 1).copy()).requires_grad_()
    expected = module(tensor)
    close = {"rtol": 1e-5, "atol": 1e-5}
    hs, _, tape = layer.forward(xs)
    np.testing.assert_allclose(hs.swapaxes(0, 1), expected.detach().cpu().numpy(), **close)

    expected.backward(torch.from_numpy(dhs.swapaxes(0, 1).copy()).to(expected.device))
    grads = layer.backward(tape, dhs)
    np.testing.assert_allclose(grads.xs.swapaxes(0, 1), tensor.grad.numpy(), **close)
    kernel, recurrent, bias = (weight.value.grad.cpu().numpy() for weight in module.trainable_weights)
    bias, *more = np.atleast_2d(bias)  # the GRU that resets after the product has another row, of the recurrent side
    mine = {name: np.split(value, layer.blocks, axis=-1) for name, value in grads.params.items() if name != "b_hn"}
    order = range(layer.blocks)
    if "gru" in kind:
        order = [1, 0, 2]  # Keras has z before r
    if "write" in kind:  # Keras's z keeps: its weights have the other sign, and so their gradients
        mine = {name: [r, -z, n] for name, (r, z, n) in mine.items()}
    for name, theirs in (("W_x", kernel), ("W_h", recurrent), ("b", bias)):
        np.testing.assert_allclose(np.concatenate([mine[name][k] for k in order], axis=-1), theirs, **close)
    for row in more:
        np.testing.assert_allclose(grads.params["b_hn"], row[2 * H :], **close)


@pytest.mark.parametrize("kind", [kind for kind in SINGLE if "write" not in kind])
def test_weights_of_keras_compute_the_same_here_and_return_unchanged(keras, kind):
    module = keras_layer(keras, kind)
    rng = np.random.default_rng(6)
    weights = [rng.standard_normal(weight.shape).astype(np.float32) for weight in module.get_weights()]
    module.set_weights(weights)
    layer = from_keras(module.get_weights(), kind.split("-")[0], activation(kind))
    xs = rng.standard_normal((7, 5, D)).astype(np.float32)
    expected = module(xs.swapaxes(0, 1).copy())
    np.testing.assert_allclose(
        layer.forward(xs)[0].swapaxes(0, 1), expected.detach().cpu().numpy(), rtol=1e-5, atol=1e-5
    )
    module.set_weights(to_keras(layer))
    again = module(xs.swapaxes(0, 1).copy())
    np.testing.assert_allclose(again.detach().cpu().numpy(), expected.detach().cpu().numpy(), rtol=1e-5, atol=1e-5)


# Recorded, for everyone -------------------------------------------------------------------------------------

CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def recording(library, name):
    with np.load(ROOT / "tests" / "fixtures" / f"{library}.npz") as file:
        return {key.removeprefix(f"{name}/"): file[key] for key in file.files if key.startswith(f"{name}/")}


def group(recorded, prefix):
    return {key.removeprefix(prefix): value for key, value in recorded.items() if key.startswith(prefix)}


@pytest.mark.parametrize("name", ["rnn", "rnn-relu", "lstm", "gru"])
def test_recorded_forward_and_gradients_of_torch(name):
    recorded = recording("torch", name)
    layer = from_torch(group(recorded, "weight/"), activation(name))
    initial, finals, dinitial = (list(group(recorded, key).values()) for key in ("initial/", "final/", "dinitial/"))
    pair = name == "lstm"
    hs, final, tape = layer.forward(recorded["xs"], tuple(initial) if pair else initial[0])
    grads = layer.backward(tape, recorded["dhs"])
    np.testing.assert_allclose(hs, recorded["hs"], **CLOSE)
    np.testing.assert_allclose(grads.xs, recorded["dxs"], **CLOSE)
    np.testing.assert_allclose(grads.params["W_x"].T, recorded["grad/weight_ih_l0"], **CLOSE)
    np.testing.assert_allclose(grads.params["W_h"].T, recorded["grad/weight_hh_l0"], **CLOSE)
    np.testing.assert_allclose(grads.params["b"], recorded["grad/bias_ih_l0"], **CLOSE)
    for got, expected in zip(final if pair else (final,), finals, strict=True):
        np.testing.assert_allclose(got, expected, **CLOSE)
    for got, expected in zip(grads.initial if pair else (grads.initial,), dinitial, strict=True):
        np.testing.assert_allclose(got, expected, **CLOSE)
    if name == "gru":
        np.testing.assert_allclose(grads.params["b_hn"], recorded["grad/bias_hh_l0"][-layer.hidden_size :], **CLOSE)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru-after", "gru-before"])
def test_recorded_forward_and_gradients_of_keras(name):
    recorded = recording("keras", name)
    kind = name.split("-")[0]
    # The LSTM and the default GRU agree to the last digits. The other two run through Keras's general loop, whose
    # results carry single precision although they are float64.
    close = CLOSE if name in ("lstm", "gru-after") else {"rtol": 1e-5, "atol": 1e-5}
    layer = from_keras(list(group(recorded, "weight/").values()), kind)
    if kind == "gru":
        assert layer.reset == name.split("-")[1]
    hs, _, tape = layer.forward(recorded["xs"].swapaxes(0, 1))
    np.testing.assert_allclose(hs.swapaxes(0, 1), recorded["hs"], **close)
    grads = layer.backward(tape, recorded["dhs"].swapaxes(0, 1))
    if name == "gru-before":
        grads.params["b_hn"][:] = 0  # Keras has one bias here, whose gradient is that of b
    layer.params = grads.params  # gradients stand in the same places as the weights, so they convert alike
    for k, got in enumerate(to_keras(layer)):
        expected = recorded[f"grad/{k}"]
        if expected.ndim == 2 and k == 2:  # the second row repeats the first but for the candidate
            got = np.stack([got[0], np.concatenate([got[0][: -layer.hidden_size], got[1][-layer.hidden_size :]])])
        np.testing.assert_allclose(got, expected, **close)
