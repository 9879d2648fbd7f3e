"""The search for a mistake: its variants are what they say, and no two of them accuse each other."""

import itertools

import numpy as np
import pytest

from lstmlib import GRU, RNN
from lstmlib.check.checker import EXERCISES
from lstmlib.check.mistakes import Family, Filling, evaluate, explain
from lstmlib.check.result import close
from lstmlib.gradients import gradient_norms, jacobian
from lstmlib.interop import convert

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def ordinary_cases(exercise, seed):
    cases = exercise.draw(np.random.default_rng(seed))
    return [(case.arguments, exercise.expected(case.arguments)) for case in cases if case.kind != "extreme"]


def agree(one, other):
    return other is not None and all(map(close, one, other))


@each_exercise
def test_the_right_variant_of_a_family_is_the_reference(exercise):
    """The search starts from a right formula, or it would find mistakes where there are none."""
    for case in exercise.draw(np.random.default_rng(3)):
        got = evaluate(exercise.family, exercise.family.right, case.arguments)
        for value, right in zip(got, exercise.expected(case.arguments), strict=True):
            np.testing.assert_allclose(value, right, rtol=1e-12, atol=1e-13)


@each_exercise
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_variant_differs_from_the_reference(exercise):
    """A variant that equals the reference would accuse the innocent, or let the guilty pass."""
    for seed in range(5):
        cases = ordinary_cases(exercise, seed)
        for name, filling, _ in exercise.family.mistakes():
            slots = exercise.family.right | {name: filling.value}
            values = [(evaluate(exercise.family, slots, arguments), right) for arguments, right in cases]
            possible = [agree(right, value) for value, right in values if value is not None]
            assert possible, f"has no value for any case: {filling.sentence}"
            assert not all(possible), filling.sentence


@each_exercise
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_variants_that_give_the_same_numbers_bear_the_same_name(exercise):
    """Otherwise the one that comes first would be a false diagnosis for whoever made the other mistake."""
    cases = ordinary_cases(exercise, 0)
    variants = []
    for name, filling, _ in exercise.family.mistakes():
        slots = exercise.family.right | {name: filling.value}
        values = [evaluate(exercise.family, slots, arguments) for arguments, _ in cases]
        variants.append((filling, values))
    for (one, values), (other, others) in itertools.combinations(variants, 2):
        same = all(
            (a is None) == (b is None) and (a is None or agree(a, b)) for a, b in zip(values, others, strict=True)
        )
        assert not same or one.diagnosis == other.diagnosis, (one.sentence, other.sentence)


@each_exercise
def test_every_mistake_has_a_name_and_a_clause(exercise):
    for _, filling, _ in exercise.family.mistakes():
        assert filling.diagnosis.replace("-", "").isalpha()
        assert filling.sentence
        assert not filling.sentence.endswith(".")
        assert not filling.hint or filling.hint[-1] in ".?"


@each_exercise
def test_right_answers_lie_in_the_range_that_a_report_names(exercise):
    for seed in range(20):
        for case in exercise.draw(np.random.default_rng(seed)):
            for name, value in zip(exercise.outputs, exercise.expected(case.arguments), strict=True):
                low, high = exercise.ranges.get(name, (-np.inf, np.inf))
                assert low <= value.min() and value.max() <= high


def test_references_over_many_steps_agree_with_the_layers_of_the_library():
    rng = np.random.default_rng(7)
    layer = RNN(3, 4, rng=1)
    layer.params["b"][:] = rng.normal(size=4)
    xs, h_0, dhs = rng.normal(size=(5, 2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(5, 2, 4))
    hs, _, tape = layer.forward(xs, h_0)
    expected = layer.backward(tape, dhs).params
    got = EXERCISES["rnn.bptt"].reference(xs, h_0, dhs, **layer.params)
    for name, value in zip(("W_x", "W_h", "b"), got, strict=True):
        np.testing.assert_allclose(value, expected[name], rtol=1e-10)

    product = EXERCISES["rnn.jacobian_product"].reference(hs[:, 0], layer.params["W_h"])
    np.testing.assert_allclose(product, jacobian(layer, xs[:, 0], h_0[0])[0], rtol=1e-10)
    norms = EXERCISES["rnn.gradient_norms"].reference(dhs[0, 0], hs[:, 0], layer.params["W_h"])
    np.testing.assert_allclose(norms, gradient_norms(layer, xs[:, :1], dhs[0, :1], h_0[:1]), rtol=1e-10)


def test_the_converted_weights_are_those_of_the_library():
    keeps = GRU(3, 4, rng=0, update="keep")
    keeps.params["b"][:] = np.random.default_rng(1).normal(size=12)
    names = ("W_x", "W_h", "b")
    got = EXERCISES["gru.convert_update"].reference(*(keeps.params[name] for name in names))
    for name, value in zip(names, got, strict=True):
        np.testing.assert_array_equal(value, convert(keeps, "write").params[name])


def test_no_outputs_are_explained_by_nothing():
    assert explain(EXERCISES["lstm.forget_gate"].family, [], agree) == []


def test_a_pair_is_found_where_one_mistake_hides_what_the_other_changes():
    family = Family(
        lambda slots, v: slots["last"](v + slots["shift"], 2 * v),
        {
            "shift": [Filling(0.0), Filling(1.0, "a", "shifted")],
            "last": [Filling(lambda a, b: (a, b)), Filling(lambda a, b: (b, a), "b", "swapped")],
        },
        last=("last",),
    )
    v = np.arange(3.0)
    assert [m.diagnosis for m in explain(family, [({"v": v}, (2 * v, v + 1))], agree)] == ["a", "b"]
    assert explain(family, [({"v": v}, (2 * v, v + 3))], agree) == []
