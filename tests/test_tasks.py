"""Tasks are what they say: checked against a second reading of each batch."""

import sys

import numpy as np
import pytest

from lstmlib import tasks
from tests.conftest import skip_or_fail

RNG = 3


def batch(name):
    rng = np.random.default_rng(RNG)
    return {
        "adding": lambda: tasks.adding(rng, 20, 50),
        "temporal_order": lambda: tasks.temporal_order(rng, 30, 50),
        "copy": lambda: tasks.copy(rng, 3, 10, 50),
        "continual_sum": lambda: tasks.continual_sum(rng, 40, 20),
        "anbn": lambda: tasks.anbn(rng, 50, 9),
        "agreement": lambda: tasks.agreement(rng, 50, 6),
        "characters": lambda: tasks.characters(rng, "abracadabra" * 9, "abcdr", 12, 20),
    }[name]()


NAMES = ["adding", "temporal_order", "copy", "continual_sum", "anbn", "agreement", "characters"]


@pytest.mark.parametrize("name", NAMES)
def test_shapes_fit_and_the_same_seed_gives_the_same_batch(name):
    first, second = batch(name), batch(name)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    T, N, _ = first.xs.shape
    assert first.targets.shape[:2] == first.mask.shape == (T, N)
    assert first.mask.sum(axis=0).min() >= 1


def test_adding_asks_for_the_sum_of_one_marked_number_in_each_half():
    xs, targets, mask = batch("adding")
    for n in range(xs.shape[1]):
        marked = np.flatnonzero(xs[:, n, 1])
        assert len(marked) == 2
        assert marked[0] < 10 <= marked[1]
        assert targets[-1, n, 0] == pytest.approx(xs[marked, n, 0].sum())
    assert mask.sum() == mask[-1].sum() == xs.shape[1]


def test_a_constant_answer_to_adding_has_an_error_of_a_sixth():
    _, targets, _ = tasks.adding(np.random.default_rng(0), 4, 200_000)
    assert ((targets[-1] - 1) ** 2).mean() == pytest.approx(1 / 6, rel=0.02)


def test_temporal_order_has_two_relevant_symbols_whose_order_is_the_class():
    xs, targets, _ = batch("temporal_order")
    symbols = xs.argmax(axis=-1)
    for n in range(symbols.shape[1]):
        places = np.flatnonzero(symbols[:, n] >= 4)
        assert len(places) == 2
        assert 3 <= places[0] < 6
        assert 15 <= places[1] < 18
        first, second = symbols[places, n] - 4
        assert targets[-1, n] == 2 * first + second
    assert set(targets[-1]) == {0, 1, 2, 3}


def test_copy_asks_for_the_first_symbols_after_the_cue():
    xs, targets, mask = batch("copy")
    symbols = xs.argmax(axis=-1)
    assert len(symbols) == 16
    np.testing.assert_array_equal(targets[-3:], symbols[:3])
    assert (symbols[12] == 9).all()
    assert (symbols[[3, 4, 11, 13, 14, 15]] == 8).all()
    assert (mask.sum(axis=1) > 0).nonzero()[0].tolist() == [13, 14, 15]


def test_continual_sum_starts_anew_at_each_reset():
    xs, targets, _ = batch("continual_sum")
    for n in range(xs.shape[1]):
        total = 0.0
        for (value, reset), target in zip(xs[:, n], targets[:, n, 0], strict=True):
            total = value if reset else total + value
            assert target == pytest.approx(total)


def test_anbn_counts_only_what_is_certain():
    xs, targets, mask = batch("anbn")
    letters = np.array(list("SabT"))
    for n in range(xs.shape[1]):
        read = "".join(letters[xs[:, n].argmax(axis=-1)])
        count = read.count("a")
        assert read.startswith("S" + "a" * count + "b" * count)
        asked = "".join(letters[targets[mask[:, n] > 0, n]])
        assert asked == "b" * (count - 1) + "T"


def test_agreement_depends_on_the_noun_alone():
    xs, targets, _ = batch("agreement")
    words = np.array(tasks.WORDS)[xs.argmax(axis=-1)]
    assert words.shape[0] == 2 + 6
    for n in range(words.shape[1]):
        assert words[0, n] == "the"
        assert words[2, n] == "which"
        assert targets[-1, n] == tasks.NOUNS[words[1, n]]
        assert not set(words[2:, n]) & set(tasks.NOUNS)
    assert 0.2 < targets[-1].mean() < 0.8


def test_characters_ask_for_the_next_one():
    xs, targets, _ = batch("characters")
    np.testing.assert_array_equal(xs[1:].argmax(axis=-1), targets[:-1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda rng: tasks.adding(rng, 1, 2), "T: expected an integer of at least 2, got 1"),
        (lambda rng: tasks.temporal_order(rng, 9, 2), "T: expected an integer of at least 10"),
        (lambda rng: tasks.copy(rng, 0, 1, 2), "count"),
        (lambda rng: tasks.anbn(rng, 2, 3, 4), "longest: expected an integer of at least 4, got 3"),
        (lambda rng: tasks.characters(rng, "abc", "abc", 3, 1), "text: expected more than T = 3"),
        (lambda rng: tasks.characters(rng, "abcd", "abc", 2, 1), r"alphabet: .*'d'"),
    ],
)
def test_impossible_tasks_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.random.default_rng(0))


def test_what_is_drawn_reaches_both_ends_of_its_range():
    rng = np.random.default_rng(RNG)
    marks = tasks.adding(rng, 6, 500).xs[:, :, 1].sum(axis=1)
    assert marks.min() > 0
    counts = tasks.anbn(rng, 500, 5, 2).xs[:, :, 1].sum(axis=0)
    np.testing.assert_array_equal(np.unique(counts), [2, 3, 4, 5])
    first = tasks.characters(rng, "abcde", "abcde", 3, 100).xs[0].argmax(axis=-1)
    np.testing.assert_array_equal(np.unique(first), [0, 1])  # a text of five holds two pieces of three and the next


def test_digits_are_all_there_in_reading_order():
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        skip_or_fail("scikit-learn is not installed; pip install scikit-learn")
    xs, classes = tasks.digits()
    assert xs.shape == (64, 1797, 1)
    assert classes.shape == (1797,)
    assert xs.min() == 0
    assert xs.max() == 1
    np.testing.assert_array_equal(16 * xs, np.round(16 * xs))  # 17 levels of grey
    # As counted in UCI's description of its test set, which this is.
    np.testing.assert_array_equal(np.bincount(classes), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    images = load_digits().images  # (1797, 8, 8): row by row
    for row, column in ((0, 3), (4, 2), (7, 5)):
        np.testing.assert_array_equal(16 * xs[8 * row + column, :, 0], images[:, row, column])


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        tasks.digits()
