"""RNN, LSTM and GRU: gradients against finite differences, values against an independent implementation,
the sequence against its single steps."""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from lstmlib import GRU, LSTM, RNN, gru, lstm, rnn
from lstmlib.gradcheck import numerical_gradient, relative_error

CELLS = {
    "rnn": (RNN, {}),
    "rnn-relu": (RNN, {"activation": "relu"}),
    "lstm": (LSTM, {}),
    "gru": (GRU, {}),
    "gru-before": (GRU, {"reset": "before"}),
    "gru-write": (GRU, {"update": "write"}),
    "gru-before-write": (GRU, {"reset": "before", "update": "write"}),
}
cells = pytest.mark.parametrize("cell", CELLS)
sizes = st.tuples(*[st.integers(1, 4)] * 4)  # T, N, D, H
seeds = st.integers(0, 2**32 - 1)


def make(cell, sizes, seed):
    """A layer with non-zero biases, an input and initial states (a list)."""
    T, N, D, H = sizes
    rng = np.random.default_rng(seed)
    Layer, options = CELLS[cell]
    layer = Layer(D, H, rng=rng, **options)
    for value in layer.params.values():
        value += 0.5 * rng.standard_normal(value.shape)
    states = [rng.standard_normal((N, H)) for _ in range(2 if cell == "lstm" else 1)]
    return layer, rng.standard_normal((T, N, D)), states, rng


def bundle(states):
    return tuple(states) if len(states) == 2 else states[0]


def unbundle(states):
    return list(states) if isinstance(states, tuple) else [states]


def draw_lengths(padded, sizes, rng):
    return rng.integers(1, sizes[0] + 1, sizes[1]) if padded else None


@cells
@given(sizes=sizes, seed=seeds, padded=st.booleans())
def test_backward_equals_finite_differences_of_forward(cell, sizes, seed, padded):
    layer, xs, states, rng = make(cell, sizes, seed)
    lengths = draw_lengths(padded, sizes, rng)
    hs, final, tape = layer.forward(xs, bundle(states), lengths)
    if cell == "rnn-relu":  # whose derivative jumps at 0: keep the differences away from there
        h_prev = np.concatenate([states[0][None], hs[:-1]])
        p = layer.params
        assume(np.abs(xs @ p["W_x"] + h_prev @ p["W_h"] + p["b"]).min() > 1e-3)
    dhs = rng.standard_normal(hs.shape)
    dfinal = [rng.standard_normal(state.shape) for state in unbundle(final)]
    grads = layer.backward(tape, dhs, bundle(dfinal))

    def loss():
        hs, final, _ = layer.forward(xs, bundle(states), lengths)
        return (dhs * hs).sum() + sum((d * state).sum() for d, state in zip(dfinal, unbundle(final), strict=True))

    assert grads.params.keys() == layer.params.keys()
    pairs = [(grads.params[name], value) for name, value in layer.params.items()]
    pairs += [(grads.xs, xs), *zip(unbundle(grads.initial), states, strict=True)]
    for got, array in pairs:
        assert got.shape == array.shape
        expected = numerical_gradient(loss, array)
        assert relative_error(got, expected) < 1e-6 or np.abs(got - expected).max() < 1e-8


def one_step(cell, layer, x, states):
    p = layer.params
    if isinstance(layer, RNN):
        h, tape = rnn.step(x, *states, p["W_x"], p["W_h"], p["b"], layer.activation)
        return [h], tape
    if cell == "lstm":
        h, c, tape = lstm.step(x, *states, p["W_x"], p["W_h"], p["b"])
        return [h, c], tape
    h, tape = gru.step(x, *states, p["W_x"], p["W_h"], p["b"], p["b_hn"], layer.reset, layer.update)
    return [h], tape


def one_step_backward(cell, layer, dstates, tape):
    """Return dx, the gradients of the previous states, and those of the parameters in their order."""
    W_x, W_h = layer.params["W_x"], layer.params["W_h"]
    if isinstance(layer, RNN):
        dx, dh, *dparams = rnn.step_backward(*dstates, tape, W_x, W_h, layer.activation)
        return dx, [dh], dparams
    if cell == "lstm":
        dx, dh, dc, *dparams = lstm.step_backward(*dstates, tape, W_x, W_h)
        return dx, [dh, dc], dparams
    dx, dh, *dparams = gru.step_backward(*dstates, tape, W_x, W_h, layer.reset, layer.update)
    return dx, [dh], dparams


@cells
@given(sizes=sizes, seed=seeds)
def test_sequence_equals_its_single_steps_forward_and_backward(cell, sizes, seed):
    layer, xs, initial, rng = make(cell, sizes, seed)
    hs, final, tape = layer.forward(xs, bundle(initial))
    states, tapes = initial, []
    for x, h in zip(xs, hs, strict=True):
        states, step_tape = one_step(cell, layer, x, states)
        tapes.append(step_tape)
        np.testing.assert_allclose(h, states[0], rtol=1e-12, atol=1e-14)
    for got, expected in zip(unbundle(final), states, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)

    dhs = rng.standard_normal(hs.shape)
    grads = layer.backward(tape, dhs)
    dstates = [np.zeros_like(state) for state in states]
    dxs, dparams = np.empty_like(xs), [np.zeros_like(value) for value in layer.params.values()]
    for t in reversed(range(len(xs))):
        dstates[0] = dstates[0] + dhs[t]
        dxs[t], dstates, step_dparams = one_step_backward(cell, layer, dstates, tapes[t])
        dparams = [total + part for total, part in zip(dparams, step_dparams, strict=True)]
    for got, expected in zip(
        [grads.xs, *unbundle(grads.initial), *grads.params.values()], [dxs, *dstates, *dparams], strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


def onnx_session(layer, T, N):
    """The same layer as an ONNX model: another implementation, another order of gates, transposed weights."""
    kind = type(layer).__name__
    D, H = layer.input_size, layer.hidden_size
    order = {"RNN": [0], "LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2]}[kind]  # ONNX: LSTM i o f c, GRU z r h

    def reorder(weights):
        blocks = np.split(weights, len(order), axis=-1)
        return np.concatenate([blocks[k] for k in order], axis=-1)

    p = layer.params
    b_h = np.zeros(len(order) * H)
    if kind == "GRU":
        b_h[2 * H :] = p["b_hn"]
    constants = {
        "W": reorder(p["W_x"]).T[None],
        "R": reorder(p["W_h"]).T[None],
        "B": np.concatenate([reorder(p["b"]), b_h])[None],
    }
    initial = ["h0", "c0"] if kind == "LSTM" else ["h0"]
    outputs = ["Y", "Y_h", "Y_c"][: 1 + len(initial)]
    options = {"linear_before_reset": int(layer.reset == "after")} if kind == "GRU" else {}
    if kind == "RNN":
        options["activations"] = [layer.activation.capitalize()]
    node = helper.make_node(kind, ["X", "W", "R", "B", "", *initial], outputs, hidden_size=H, **options)
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [T, N, D])]
        + [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, N, H]) for name in initial],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [onnx.numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("cell", [name for name in CELLS if "write" not in name])  # ONNX knows "keep" only
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (6, 3, 4, 5), (20, 2, 7, 3)])
def test_forward_equals_onnxruntime(cell, sizes):
    layer, xs, states, _ = make(cell, sizes, seed=7)
    hs, final, _ = layer.forward(xs, bundle(states))
    names = ["h0", "c0"][: len(states)]
    feed = {"X": xs} | dict(zip(names, (state[None] for state in states), strict=True))
    got = onnx_session(layer, *sizes[:2]).run(None, {name: value.astype(np.float32) for name, value in feed.items()})
    np.testing.assert_allclose(got[0][:, 0], hs, atol=1e-5)
    for state, expected in zip(got[1:], unbundle(final), strict=True):
        np.testing.assert_allclose(state[0], expected, atol=1e-5)


@given(sizes=sizes, seed=seeds)
@pytest.mark.parametrize("reset", ["after", "before"])
def test_writing_gru_with_turned_update_gate_is_the_keeping_gru(reset, sizes, seed):
    keep, xs, states, _ = make("gru" if reset == "after" else "gru-before", sizes, seed)
    H = keep.hidden_size
    write = GRU(keep.input_size, H, reset=reset, update="write")
    for name, value in keep.params.items():
        write.params[name] = value.copy()
        if name != "b_hn":
            write.params[name][..., H : 2 * H] *= -1
    np.testing.assert_allclose(keep.forward(xs, states[0])[0], write.forward(xs, states[0])[0], rtol=1e-12, atol=1e-14)


@cells
def test_forward_and_backward_leave_what_they_are_given_alone(cell):
    layer, xs, states, _ = make(cell, (4, 3, 2, 3), seed=5)
    given_arrays = [xs, *states, *layer.params.values()]
    for array in given_arrays:
        array.flags.writeable = False
    hs, final, tape = layer.forward(xs, bundle(states))
    before = hs.copy()
    layer.backward(tape, hs, final)
    np.testing.assert_array_equal(hs, before)


@cells
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_have_the_dtype_of_the_layer(cell, dtype):
    Layer, options = CELLS[cell]
    layer = Layer(2, 3, rng=0, dtype=dtype, **options)
    hs, final, tape = layer.forward(np.ones((4, 2, 2)))
    grads = layer.backward(tape, np.ones_like(hs))
    for array in [hs, *unbundle(final), grads.xs, *unbundle(grads.initial), *grads.params.values()]:
        assert array.dtype == dtype


@cells
@pytest.mark.parametrize("examples", [1, 3])
@pytest.mark.parametrize("form", ["float32", "float64", "integers", "lists", "columns", "reversed"])
def test_weights_of_any_form_give_the_right_answer(cell, examples, form):
    layer, xs, states, rng = make(cell, (5, examples, 2, 4), seed=3)
    same, _, _, _ = make(cell, (5, examples, 2, 4), seed=3)
    layer.dtype = np.dtype(np.float32) if form == "float64" else layer.dtype
    for name, value in same.params.items():
        whole = rng.integers(-1, 2, value.shape)
        same.params[name], layer.params[name] = {
            "float32": (value.astype(np.float32).astype(float), value.astype(np.float32)),
            "float64": (value, value),
            "integers": (whole.astype(float), whole),
            "lists": (value, value.tolist()),
            "columns": (value, np.asfortranarray(value)),
            "reversed": (value, value[::-1].copy()[::-1]),
        }[form]
    (hs, _, tape), (expected, _, expected_tape) = (one.forward(xs, bundle(states)) for one in (layer, same))
    dhs = rng.standard_normal(hs.shape)
    grads, expected_grads = layer.backward(tape, dhs), same.backward(expected_tape, dhs)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if form == "float64" else {"rtol": 1e-12, "atol": 1e-13}
    np.testing.assert_allclose(hs, expected, **tolerance)
    for name, value in expected_grads.params.items():
        np.testing.assert_allclose(grads.params[name], value, **tolerance)
        assert grads.params[name].dtype == layer.dtype


@cells
@pytest.mark.parametrize("examples", [1, 40])
def test_gradients_of_a_sequence_too_long_for_the_cache_are_those_of_its_steps(cell, examples, monkeypatch):
    layer, xs, states, rng = make(cell, (23, examples, 3, 4), seed=9)
    dhs = rng.standard_normal((23, examples, 4))
    _, final, tape = layer.forward(xs, bundle(states))
    whole = layer.backward(tape, dhs, final)
    for size in (1, 30 * examples * 4 * 8, 130 * examples * 4 * 8):  # of one step, of several, of more
        monkeypatch.setattr("lstmlib.fast.arrays.CACHED", size)
        parts = layer.backward(tape, dhs, final)
        for got, expected in zip(
            [parts.xs, *unbundle(parts.initial), *parts.params.values()],
            [whole.xs, *unbundle(whole.initial), *whole.params.values()],
            strict=True,
        ):
            np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-13)


@cells
def test_same_seed_gives_the_same_weights(cell):
    Layer, options = CELLS[cell]
    first, second, other = (Layer(3, 4, rng=seed, **options).params for seed in (1, 1, 2))
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name])
    assert (first["W_x"] != other["W_x"]).any()


@cells
def test_recurrent_weights_start_orthogonal(cell):
    Layer, options = CELLS[cell]
    for block in np.split(Layer(3, 6, rng=0, **options).params["W_h"], Layer.blocks, axis=-1):
        np.testing.assert_allclose(block.T @ block, np.eye(6), atol=1e-12)


@cells
@given(sizes=sizes, seed=seeds, form=st.sampled_from(["integers", "lists", "columns", "reversed", "float32"]))
def test_input_of_any_form_gives_the_right_answer(cell, sizes, seed, form):
    layer, xs, states, rng = make(cell, sizes, seed)
    whole = rng.integers(-3, 4, xs.shape)
    given_xs, same = {
        "integers": (whole, whole.astype(float)),
        "lists": (xs.tolist(), xs),
        "columns": (np.asfortranarray(xs), xs),
        "reversed": (xs[::-1], xs[::-1].copy()),
        "float32": (xs.astype(np.float32), xs.astype(np.float32).astype(float)),
    }[form]
    hs, final, _ = layer.forward(given_xs, bundle(states))
    expected, expected_final, _ = layer.forward(same, bundle(states))
    for got, wanted in zip([hs, *unbundle(final)], [expected, *unbundle(expected_final)], strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


@cells
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_with_their_place(cell, bad):
    layer, xs, states, _ = make(cell, (4, 3, 2, 3), seed=5)
    xs[2, 1, 0] = bad
    with pytest.raises(ValueError, match=rf"xs: expected finite numbers, got {bad} at \[2, 1, 0\]"):
        layer.forward(xs, bundle(states))
    states[0][1, 2] = bad
    with pytest.raises(ValueError, match=r"initial.*: expected finite numbers.* at \[1, 2\]"):
        layer.forward(np.zeros_like(xs), bundle(states))


@cells
@pytest.mark.parametrize("bad", ["ab", None, 1 + 2j, [[["x"]]], {"xs": 1}, [[[1], [1, 2]]], object()])
def test_what_is_not_an_array_of_numbers_is_refused(cell, bad):
    with pytest.raises(ValueError, match="xs: expected"):
        make(cell, (4, 3, 2, 3), seed=5)[0].forward(bad)


@cells
def test_what_is_too_large_for_single_precision_is_refused(cell):
    Layer, options = CELLS[cell]
    layer, xs = Layer(2, 3, rng=0, dtype=np.float32, **options), np.zeros((4, 3, 2))
    xs[1, 2, 0] = -1e300
    with pytest.raises(ValueError, match=r"xs: expected finite numbers of float32, got -1e\+300 at \[1, 2, 0\]"):
        layer.forward(xs)


@cells
@given(
    shape=st.one_of(
        st.lists(st.integers(0, 4), max_size=4), st.sampled_from([[2], [2, 4], [3, 2, 4], [1, 1, 2], [4, 3, 2]])
    ),
    wrong=st.sampled_from(["xs", "initial", "dhs", "dfinal", "lengths"]),
    kind=st.sampled_from([np.float64, np.float32, np.int64, np.uint8, bool]),
)
def test_arrays_of_any_shape_give_an_answer_or_a_clear_refusal(cell, shape, wrong, kind):
    layer, xs, states, rng = make(cell, (3, 2, 2, 4), seed=5)
    _, final, tape = layer.forward(xs, bundle(states))
    array = rng.integers(0, 2, shape).astype(kind)
    array.flags.writeable = False
    before = array.copy()
    right = {"xs": None, "initial": (2, 4), "dhs": (3, 2, 4), "dfinal": (2, 4), "lengths": (2,)}[wrong]
    call = {
        "xs": lambda: layer.forward(array),
        "initial": lambda: layer.forward(xs, bundle([array] * len(states))),
        "dhs": lambda: layer.backward(tape, array, final),
        "dfinal": lambda: layer.backward(tape, np.ones((3, 2, 4)), bundle([array] * len(states))),
        "lengths": lambda: layer.forward(xs, lengths=array),
    }[wrong]
    fits = tuple(shape) == right
    if wrong == "xs":
        fits = len(shape) == 3 and shape[2] == 2 and min(shape) > 0
    if wrong == "lengths":
        fits = fits and array.dtype.kind in "iu" and array.min() > 0
    if fits:
        call()
    else:
        with pytest.raises(ValueError, match=rf"^{wrong}.*: expected"):
            call()
    np.testing.assert_array_equal(array, before)


@cells
@given(
    sizes=sizes,
    seed=seeds,
    padded=st.booleans(),
    form=st.sampled_from(["integers", "lists", "columns", "reversed", "strided", "broadcast"]),
)
def test_gradients_of_any_form_give_the_right_answer_and_are_left_alone(cell, sizes, seed, padded, form):
    layer, xs, states, rng = make(cell, sizes, seed)
    hs, _, tape = layer.forward(xs, bundle(states), draw_lengths(padded, sizes, rng))

    def in_form(array):
        if form == "integers":
            return rng.integers(-3, 4, array.shape)
        if form == "lists":
            return array.tolist()
        if form == "strided":
            wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]))
            wide[..., ::2] = array
            return wide[..., ::2]
        if form == "broadcast":
            return np.broadcast_to(array[..., :1, :1], array.shape)
        return np.asfortranarray(array) if form == "columns" else array[::-1].copy()[::-1]

    dhs, dfinal = in_form(rng.standard_normal(hs.shape)), [in_form(rng.standard_normal(s.shape)) for s in states]
    plain_dhs, plain_dfinal = np.array(dhs, float), [np.array(value, float) for value in dfinal]
    got, expected = layer.backward(tape, dhs, bundle(dfinal)), layer.backward(tape, plain_dhs, bundle(plain_dfinal))
    for one, other in zip(
        [got.xs, *unbundle(got.initial), *got.params.values()],
        [expected.xs, *unbundle(expected.initial), *expected.params.values()],
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    for given_array, copy in zip([dhs, *dfinal], [plain_dhs, *plain_dfinal], strict=True):
        np.testing.assert_array_equal(given_array, copy)


@cells
def test_a_tape_of_another_layer_is_refused(cell):
    layer, xs, states, _ = make(cell, (3, 5, 2, 4), seed=5)
    Layer, options = CELLS[cell]
    tape = layer.forward(xs, bundle(states))[2]
    other_kind = (RNN if cell == "lstm" else LSTM)(2, 4)
    for other, size in ((Layer(2, 5, **options), 5), (Layer(3, 4, **options), 4), (other_kind, 4)):
        with pytest.raises(ValueError, match="tape: expected one of"):
            other.backward(tape, np.ones((3, 5, size)))
    with pytest.raises(ValueError, match="tape: expected what forward returned"):
        layer.backward(None, np.ones((3, 5, 4)))


@cells
def test_step_backward_refuses_a_gradient_of_another_shape(cell):
    layer, xs, states, _ = make(cell, (1, 3, 2, 4), seed=5)
    states, tape = one_step(cell, layer, xs[0], states)
    one_step_backward(cell, layer, states, tape)
    for wrong in (np.ones((3, 1)), np.ones((1, 4)), np.ones(4)):
        with pytest.raises(ValueError, match=r"dh: expected shape \(N, H\) = \(3, 4\)"):
            one_step_backward(cell, layer, [wrong, *states[1:]], tape)
