"""Training learns, repeats itself for the same seed, and says when it goes wrong."""

import numpy as np
import pytest

from lstmlib import GRU, LSTM, RNN, tasks
from lstmlib.compose import Bidirectional, Stacked
from lstmlib.gradcheck import numerical_gradient, relative_error
from lstmlib.optim import SGD
from lstmlib.train import Model, below, fit, write_text


def model(layer, output_size=1):
    return Model(layer, output_size, rng=1)


@pytest.mark.parametrize("task", ["values", "classes"])
def test_gradients_of_a_model_are_those_of_finite_differences(task):
    rng = np.random.default_rng(0)
    batch = tasks.adding(rng, 5, 3) if task == "values" else tasks.copy(rng, 1, 2, 3, alphabet=2)
    net = model(LSTM(batch.xs.shape[-1], 4, rng=0), 1 if task == "values" else 3)
    _, grads = net.loss(batch)
    assert grads.keys() == net.params.keys()
    for name, value in net.params.items():
        expected = numerical_gradient(lambda: net.loss(batch)[0], value)
        assert relative_error(grads[name], expected) < 1e-6


def test_a_gru_learns_to_add_over_a_short_lag():
    net = model(GRU(2, 16, rng=0))
    history = fit(net, lambda rng: tasks.adding(rng, 8, 32), 600, rng=0, stop=below(0.01))
    assert history.stopped_early
    assert np.mean(history.losses[-20:]) < 0.01 < 0.1 < np.mean(history.losses[:20])


def test_the_same_seed_gives_the_same_result_and_another_seed_another():
    def run(seed):
        net = model(RNN(2, 8, rng=0))
        return fit(net, lambda rng: tasks.adding(rng, 6, 8), 20, rng=seed).losses

    assert run(1) == run(1) != run(2)


@pytest.mark.parametrize(
    "layer",
    [Bidirectional(GRU(2, 3, 0), GRU(2, 3, 1)), Stacked([LSTM(2, 3, 0), RNN(3, 4, 1)])],
    ids=["bidirectional", "stacked"],
)
def test_composed_layers_train_in_place(layer):
    net = model(layer)
    before = {name: value.copy() for name, value in net.params.items()}
    fit(net, lambda rng: tasks.continual_sum(rng, 6, 8), 2, rng=0)
    assert all((value != before[name]).any() for name, value in net.params.items())


def test_a_loss_that_is_no_longer_finite_is_reported():
    net = model(RNN(2, 4, rng=0, activation="relu"))
    optimiser = SGD(net.params, 1e6)
    with np.errstate(all="ignore"), pytest.raises((FloatingPointError, ValueError), match=r"finite|The loss is"):
        fit(net, lambda rng: tasks.adding(rng, 30, 4), 100, rng=0, optimiser=optimiser, clip=None)


def test_a_character_model_learns_a_rhyme_and_writes_it_on():
    text, alphabet = "abcabdabcabd" * 20, "abcd"
    net = model(LSTM(4, 16, rng=0), 4)
    fit(net, lambda rng: tasks.characters(rng, text, alphabet, 12, 16), 300, rng=0)
    assert write_text(net, alphabet, "abcabdabc", 9, temperature=0) == "abdabcabd"
    assert write_text(net, alphabet, "a", 30, 1.0, rng=1) == write_text(net, alphabet, "a", 30, 1.0, rng=1)
    hot = write_text(net, alphabet, "abc", 400, temperature=50.0, rng=0)
    assert min(hot.count(letter) for letter in alphabet) > 80  # nearly uniform
    for start, temperature in (("", 1), ("x", 1), ("a", -1)):
        with pytest.raises(ValueError, match=r"start|temperature"):
            write_text(net, alphabet, start, 1, temperature)


def test_accuracy_counts_only_the_steps_that_count():
    net = model(RNN(2, 3, rng=0), 2)
    xs = np.ones((4, 5, 2))
    right = net.predict(xs)[0].argmax(axis=-1)
    mask = np.zeros((4, 5))
    mask[-1] = 1
    wrong_before = np.where(mask, right, 1 - right)
    assert net.accuracy(tasks.Batch(xs, wrong_before, mask)) == 1
    assert net.accuracy(tasks.Batch(xs, 1 - wrong_before, mask)) == 0


def test_history_has_the_norms_before_clipping_and_the_rule_waits_for_a_full_window():
    net = model(RNN(2, 4, rng=0))
    history = fit(net, lambda rng: tasks.adding(rng, 4, 8), 7, rng=0, clip=1e-3, stop=below(np.inf, window=5))
    assert len(history.losses) == 5
    assert history.stopped_early
    assert min(history.norms) > 1e-3
    batch = tasks.adding(np.random.default_rng(0), 4, 8)
    fresh = model(RNN(2, 4, rng=0))
    norm = np.sqrt(sum((grad**2).sum() for grad in fresh.loss(batch)[1].values()))
    assert history.norms[0] == pytest.approx(norm)
