"""A character model reads this book, and writes.

H = 64, 50 steps, 50 pieces a batch; the text is `corpus.txt`, the prose of these chapters, of which the last tenth is
kept for testing. Losses are in bits per character, beside what one needs to know no letter's frequency (uniform), the
letters' (unigram), and each letter's after each other one (bigram): these are entropies of the whole text itself.
"""

import numpy as np

from lstmlib import tasks
from lstmlib.experiments import cells, corpus
from lstmlib.experiments.trial import count_parameters, expect
from lstmlib.losses import cross_entropy
from lstmlib.optim import Adam
from lstmlib.train import Model, fit, write_text

SEEDS = (0, 1, 2)
DATA = ("corpus.txt",)
T, N, H = 50, 50, 64
TEMPERATURES = (0.3, 0.7, 1.0, 1.3)
CONDITIONS = {"LSTM": cells.lstm(1), "GRU": cells.gru(0), "RNN": cells.plain_rnn}


def run(condition, seed, iterations=1500, points=30, written=300):
    """Train on the first nine tenths; every so often, measure the loss on the rest."""
    text = corpus.read()
    alphabet = "".join(sorted(set(text)))
    seen, new = text[: len(text) * 9 // 10], text[len(text) * 9 // 10 :]
    weights, outputs, data, writing = np.random.default_rng(seed).spawn(4)
    K, every = len(alphabet), iterations // points
    model = make_model(condition, K, weights, outputs)
    optimiser, losses, losses_new = Adam(model.params, 5e-3), [], []
    for _ in range(points):
        history = fit(model, lambda rng: tasks.characters(rng, seen, alphabet, T, N), every, data, optimiser)
        losses.append(float(np.mean(history.losses)) / T / np.log(2))
        losses_new.append(bits(model, new, alphabet))
    samples = {
        f"{temperature:g}": write_text(model, alphabet, "The ", written, temperature, writing)
        for temperature in TEMPERATURES
    }
    result = {"parameters": count_parameters(model), "every": every, "losses": losses, "losses_new": losses_new}
    result |= {"bits": losses[-1], "bits_new": losses_new[-1], "best_new": min(losses_new), "samples": samples}
    result |= entropies(text) | {"alphabet": alphabet, "characters": len(text)}
    return result | {"interpretable": interpretable(model, text[:10_000], alphabet), "weights": model.params}


def make_model(condition, K, weights=None, outputs=None):
    """An untrained model for K characters; `Record.weights` fills it with what the first run learned."""
    return Model(CONDITIONS[condition](K, H, np.random.default_rng(weights)), K, outputs)


def batch_of(text, alphabet, streams=10):
    """A text as a few long streams."""
    codes = np.array([alphabet.index(character) for character in text])
    length = (len(codes) - 1) // streams
    starts = np.arange(streams) * length
    pieces = codes[starts + np.arange(length + 1)[:, None]]
    return tasks.Batch(np.eye(len(alphabet), dtype=np.float32)[pieces[:-1]], pieces[1:], np.ones((length, streams)))


def bits(model, text, alphabet):
    """Loss in bits per character."""
    batch = batch_of(text, alphabet)
    loss, _ = cross_entropy(model.predict(batch.xs)[0], batch.targets)
    return loss / len(batch.xs) / np.log(2)


def entropies(text):
    """Entropy of a character in bits: of all alike, of their frequencies, of those after the character before."""
    _, codes = np.unique(list(text), return_inverse=True)
    pairs = np.zeros((codes.max() + 1,) * 2)
    np.add.at(pairs, (codes[:-1], codes[1:]), 1)
    unigram = _entropy(pairs.sum(axis=1))
    return {"uniform": float(np.log2(len(pairs))), "unigram": unigram, "bigram": _entropy(pairs.ravel()) - unigram}


def _entropy(counts):
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def features(text):
    """What a unit could follow, one number for each character."""
    rows = {name: np.zeros(len(text)) for name in ("position in the line", "position in the word", "inside brackets")}
    for k, character in enumerate(text[:-1]):
        line, word, inside = (row[k] for row in rows.values())
        rows["position in the line"][k + 1] = 0 if character == "\n" else line + 1
        rows["position in the word"][k + 1] = word + 1 if character.isalnum() else 0
        rows["inside brackets"][k + 1] = {"(": 1, ")": 0}.get(character, inside)
    return rows


def interpretable(model, text, alphabet):
    """For each feature the unit whose hidden state correlates most with it."""
    xs = np.eye(len(alphabet), dtype=np.float32)[[alphabet.index(character) for character in text[:-1]]]
    hs = model.layer.forward(xs[:, None])[0][:, 0]                                           # (T, H)
    found = {}
    for name, values in features(text).items():
        values = values[1:]  # the state after a character has seen it
        if values.std() > 0:
            correlations = [np.corrcoef(hs[:, unit], values)[0, 1] for unit in range(hs.shape[1])]
            unit = int(np.nanargmax(np.abs(correlations)))
            found[name] = {"unit": unit, "correlation": float(correlations[unit])}
    return found


def check(results):
    """All learn more than which character follows which; on new text, more than how frequent each is."""
    for condition in results:
        for run in results[condition]:
            assert run["uniform"] > run["unigram"] > run["bigram"], f"{condition}: expected the entropies to fall."
        expect(results, condition, "bits", high=results[condition][0]["bigram"])
        expect(results, condition, "best_new", high=results[condition][0]["unigram"])
    lstm, gru, rnn = (results[condition][0]["parameters"] for condition in CONDITIONS)
    assert lstm > gru > rnn, f"expected the LSTM to have most parameters, then the GRU, got {lstm}, {gru}, {rnn}."
