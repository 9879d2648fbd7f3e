"""Tasks on which it shows what a recurrent network remembers.

Each function draws one batch from a random generator and returns a `Batch`; the same generator state gives the same
batch. Inputs are float64; a layer converts them to its own type.
"""

from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """Inputs and what is wanted.

    Attributes
    ----------
    xs : ndarray, shape (T, N, D)
    targets : ndarray
        Classes (T, N) of int, or values (T, N, K) of float.
    mask : ndarray, shape (T, N)
        1 at the steps whose answer counts, otherwise 0.
    """

    xs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray


def adding(rng, T, N):
    """Add the two marked numbers of a sequence (Hochreiter and Schmidhuber, 1997, in the form of Le et al., 2015).

    Two inputs: a number from U(0, 1), and a mark that is 1 at one step of each half. The answer counts at the last
    step. Answering 1 always gives a mean squared error of 1/6.
    """
    _at_least("T", T, 2)
    xs = np.zeros((T, N, 2))
    xs[:, :, 0] = rng.uniform(size=(T, N))
    columns = np.arange(N)
    for low, high in ((0, T // 2), (T // 2, T)):
        xs[rng.integers(low, high, N), columns, 1] = 1
    sums = (xs[:, :, 0] * xs[:, :, 1]).sum(axis=0)
    return Batch(xs, np.broadcast_to(sums[None, :, None], (T, N, 1)).copy(), _last(T, N))


def temporal_order(rng, T, N):
    """In which order did two symbols come? (Hochreiter and Schmidhuber, 1997, task 6a)

    One-hot symbols: four distractors, then X and Y. One of X, Y stands somewhere in the second tenth of the sequence,
    one in the sixth; the class, at the last step, is 2·[first is Y] + [second is Y]. Chance is 1/4.
    """
    _at_least("T", T, 10)
    symbols = rng.integers(0, 4, (T, N))
    first, second = rng.integers(0, 2, (2, N))
    columns = np.arange(N)
    symbols[rng.integers(T // 10, 2 * T // 10, N), columns] = 4 + first
    symbols[rng.integers(5 * T // 10, 6 * T // 10, N), columns] = 4 + second
    classes = 2 * first + second
    return Batch(np.eye(6)[symbols], np.broadcast_to(classes, (T, N)).copy(), _last(T, N))


def copy(rng, count, delay, N, alphabet=8):
    """Repeat `count` symbols after a delay (Hochreiter and Schmidhuber, 1997; Arjovsky et al., 2016).

    One-hot inputs: the alphabet, a blank, a cue. The symbols come first, then `delay` blanks, the last of which is
    the cue, then `count` blanks during which they are to be repeated; only these steps count.
    """
    _at_least("count", count, 1)
    _at_least("delay", delay, 1)
    T = 2 * count + delay
    symbols = np.full((T, N), alphabet)
    symbols[:count] = rng.integers(0, alphabet, (count, N))
    symbols[count + delay - 1] = alphabet + 1
    targets = np.full((T, N), alphabet)
    targets[-count:] = symbols[:count]
    mask = np.zeros((T, N))
    mask[-count:] = 1
    return Batch(np.eye(alphabet + 2)[symbols], targets, mask)


def continual_sum(rng, T, N, reset_probability=0.05):
    """Sum the inputs since the last reset, at every step (after the continual tasks of Gers et al., 2000).

    Two inputs: a number from U(-1, 1), and 1 where the sum starts anew with that number. Every step counts.
    """
    _at_least("T", T, 1)
    xs = np.stack([rng.uniform(-1, 1, (T, N)), rng.uniform(size=(T, N)) < reset_probability], axis=-1)
    sums, total = np.empty((T, N, 1)), np.zeros(N)
    for t, (values, resets) in enumerate(np.moveaxis(xs, -1, 1)):
        total = np.where(resets, 0, total) + values
        sums[t, :, 0] = total
    return Batch(xs, sums, np.ones((T, N)))


def anbn(rng, N, longest, shortest=1):
    """Predict the next symbol of aⁿbⁿ (Gers and Schmidhuber, 2001).

    One-hot symbols S, a, b, T: each sequence is S, n times a, n times b, T. What follows is certain from the first b
    on, and only those steps count: from the first b (after which comes b or T) to the last b (after which comes T).
    """
    _at_least("shortest", shortest, 1)
    _at_least("longest", longest, shortest)
    counts = rng.integers(shortest, longest + 1, N)
    T = 2 * longest + 1
    steps = np.arange(T + 1)[:, None]
    symbols = np.select([steps == 0, steps <= counts, steps <= 2 * counts], [0, 1, 2], 3)
    mask = (steps[:-1] > counts) & (steps[:-1] <= 2 * counts)
    return Batch(np.eye(4)[symbols[:-1]], symbols[1:], mask.astype(float))


NOUNS = {"dog": 0, "cat": 0, "child": 0, "dogs": 1, "cats": 1, "children": 1}
FILLERS = ("which", "ran", "away", "from", "home", "near", "the", "old", "house", "yesterday")
WORDS = ("the", *NOUNS, *FILLERS[:6], *FILLERS[7:])


def agreement(rng, N, between):
    """*The dog which … has* or *the dogs which … have*: the noun decides, across `between` words.

    One-hot words of `WORDS`: "the", a noun, and `between` words of a relative clause, none of which tells the number.
    The class at the last step is 0 for "has" and 1 for "have". Chance is 1/2.
    """
    _at_least("between", between, 1)
    nouns = rng.choice(list(NOUNS), N)
    sentences = [
        ["the", noun, "which", *rng.choice(FILLERS[1:], between - 1)] for noun in nouns
    ]
    indices = np.array([[WORDS.index(word) for word in sentence] for sentence in sentences]).T
    T = len(indices)
    classes = np.array([NOUNS[noun] for noun in nouns])
    return Batch(np.eye(len(WORDS))[indices], np.broadcast_to(classes, (T, N)).copy(), _last(T, N))


def characters(rng, text, alphabet, T, N):
    """Predict the next character of N random pieces of a text; every step counts.

    Parameters
    ----------
    text : str
        Longer than T characters.
    alphabet : str
        All characters of the text, each once; its order numbers the classes.
    """
    if len(text) <= T:
        raise ValueError(f"text: expected more than T = {T} characters, got {len(text)}.")
    unknown = set(text) - set(alphabet)
    if unknown:
        raise ValueError(f"alphabet: expected every character of the text, {sorted(unknown)[:5]} are missing.")
    number = {character: k for k, character in enumerate(alphabet)}
    codes = np.array([number[character] for character in text])
    starts = rng.integers(0, len(text) - T, N)
    pieces = codes[starts + np.arange(T + 1)[:, None]]
    return Batch(np.eye(len(alphabet))[pieces[:-1]], pieces[1:], np.ones((T, N)))


def digits():
    """Scikit-learn's 1,797 handwritten digits of 8 × 8 pixels, read pixel by pixel.

    Returns
    -------
    xs : ndarray, shape (64, 1797, 1)
        Pixels in reading order, from 0 to 1.
    classes : ndarray of int, shape (1797,)

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("The digits come with scikit-learn: pip install scikit-learn") from error
    data = load_digits()
    return data.data.T[:, :, None] / 16, data.target


def _last(T, N):
    mask = np.zeros((T, N))
    mask[-1] = 1
    return mask


def _at_least(name, value, least):
    if not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name}: expected an integer of at least {least}, got {value!r}.")
