"""Arguments that do not fit raise an error that says which, what was expected and what came."""

import numpy as np
import pytest

from lstmlib import GRU, LSTM, RNN, gru, lstm, rnn
from lstmlib.shapes import shapes


@shapes(x="N D", W_x="D 2H", h="N H")
def unfixed(x, W_x, h):
    return x @ W_x


def test_lists_become_arrays_and_integers_will_do():
    assert lstm.update_cell([[1]], [[0.5]], [[2]], [[3]]) == [[4.0]]


def test_a_size_must_stand_alone_before_it_is_multiplied():
    with pytest.raises(ValueError, match=r"W_x: expected shape \(D, 2H\) = \(2, any\), got \(2, 8\)"):
        unfixed(np.ones((1, 2)), np.ones((2, 8)), np.ones((1, 4)))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("x", np.ones((2, 5)), ["W_x", "(5, 16)", "(3, 16)", "D = 5 comes from x"]),
        ("x", np.ones(3), ["x", "(N, D)", "(3,)", "1 axes instead of 2"]),
        ("h_prev", np.ones((3, 4)), ["h_prev", "(2, any)", "(3, 4)", "N = 2 comes from x"]),
        ("c_prev", np.ones((2, 5)), ["c_prev", "(2, 4)", "(2, 5)", "H = 4 comes from h_prev"]),
        ("W_x", np.ones((16, 3)), ["W_x", "(3, 16)", "(16, 3)", "transposed"]),
        ("b", np.ones(4), ["b", "(4H,) = (16,)", "(4,)"]),
        ("b", "bias", ["b", "real numbers", "str 'bias'"]),
        ("W_h", np.ones((4, 16), complex), ["W_h", "real numbers", "complex128"]),
        ("x", [[1.0, 2.0, 3.0], [4.0]], ["x", "different lengths"]),
    ],
)
def test_step_names_the_argument_what_was_expected_and_what_came(name, value, words):
    arguments = {
        "x": np.ones((2, 3)), "h_prev": np.ones((2, 4)), "c_prev": np.ones((2, 4)),
        "W_x": np.ones((3, 16)), "W_h": np.ones((4, 16)), "b": np.ones(16),
    }  # fmt: skip
    lstm.step(**arguments)
    with pytest.raises(ValueError, match="expected") as error:
        lstm.step(**{**arguments, name: value})
    for word in words:
        assert word in str(error.value)


def test_every_gate_and_step_refuses_a_state_of_the_wrong_size():
    gates = [lstm.forget_gate, lstm.input_gate, lstm.candidate, lstm.output_gate, gru.reset_gate, gru.update_gate]
    for function in [*gates, rnn.step]:
        with pytest.raises(ValueError, match="W_h: expected shape"):
            function(np.ones((2, 3)), np.ones((2, 5)), np.ones((3, 5)), np.ones((4, 5)), np.ones(5))


@pytest.mark.parametrize("Layer", [RNN, LSTM, GRU])
@pytest.mark.parametrize(
    ("xs", "words"),
    [
        (np.ones((7, 2, 4)), r"xs: expected shape .*, 3\), got \(7, 2, 4\)"),
        (np.ones((2, 3)), r"xs: expected shape .* 2 axes instead of 3"),
        (np.ones((0, 2, 3)), "at least one step"),
        (np.ones((2, 0, 3)), "one example"),
        ([["a"]], "real numbers"),
    ],
)
def test_layers_refuse_input_that_does_not_fit(Layer, xs, words):
    with pytest.raises(ValueError, match=words):
        Layer(3, 5).forward(xs)


@pytest.mark.parametrize("Layer", [RNN, LSTM, GRU])
def test_layers_refuse_states_and_gradients_that_do_not_fit(Layer):
    layer = Layer(3, 5)
    pair = (lambda a: (a, a)) if Layer is LSTM else (lambda a: a)
    with pytest.raises(ValueError, match=r"initial.*got \(2, 4\)"):
        layer.forward(np.ones((7, 2, 3)), pair(np.ones((2, 4))))
    hs, _, tape = layer.forward(np.ones((7, 2, 3)))
    with pytest.raises(ValueError, match=r"dhs: expected shape .*\(7, 2, 5\), got \(6, 2, 5\)"):
        layer.backward(tape, hs[1:])
    with pytest.raises(ValueError, match=r"dfinal.*got \(3, 5\)"):
        layer.backward(tape, hs, pair(np.ones((3, 5))))


def test_lstm_wants_a_pair_of_states():
    with pytest.raises(ValueError, match=r"initial: expected a pair \(h, c\)"):
        LSTM(3, 5).forward(np.ones((7, 2, 3)), np.ones((2, 5)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((0, 3), "input_size"), ((3, 2.5), "hidden_size"), ((3, True), "hidden_size"), ((3, 4, 0, int), "dtype")],
)
def test_layers_refuse_impossible_sizes(arguments, words):
    with pytest.raises(ValueError, match=words):
        LSTM(*arguments)


def test_gru_refuses_an_unknown_convention():
    with pytest.raises(ValueError, match='update: expected "keep" or "write"'):
        GRU(3, 5, update="kept")
    with pytest.raises(ValueError, match='reset: expected "after" or "before"'):
        GRU(3, 5, reset="then")
