"""Explorer of the chapter on language models: what the temperature does to the choice of the next word."""

import matplotlib.pyplot as plt
import numpy as np

from lstmlib.activations import softmax
from lstmlib.widgets.explorer import Axis, explore

WORDS = {"has": 3.0, "had": 2.2, "will": 1.5, "have": 0.5, "the": -1.0}


def explore_temperature(logits=WORDS):
    """Probabilities of the next word, softmax(logits / temperature), and their entropy.

    Parameters
    ----------
    logits : dict
        Word to logit, at most six, so that the bars can be read on a phone.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If there are fewer than two words, or more than six.
    """
    if not 2 <= len(logits) <= 6:
        raise ValueError(f"logits: expected two to six words, got {len(logits)}.")
    words, values = list(logits), np.array(list(logits.values()), dtype=float)

    def run(temperature):
        shares = softmax(values / temperature)
        return shares, -(shares * np.log2(np.maximum(shares, np.finfo(float).tiny))).sum()

    def draw(temperature):
        shares, entropy = run(temperature)
        figure, ax = plt.subplots()
        bars = ax.bar(words, shares, edgecolor="black")
        ax.bar_label(bars, [f"{share:.3f}" for share in shares], padding=2)
        ax.set(ylim=(0, 1.1), ylabel="probability", yticks=[0, 0.25, 0.5, 0.75, 1])
        ax.set_title(f"entropy {entropy:.2f} bits, at most {np.log2(len(words)):.2f}", fontsize=10)
        ax.grid(axis="x", visible=False)
        return figure

    def describe(temperature):
        shares, entropy = run(temperature)
        listed = ", ".join(f"{word} {share:.3f}" for word, share in zip(words, shares, strict=True))
        return f"Probabilities of the next word at temperature {temperature}: {listed}. Entropy {entropy:.2f} bits."

    return explore(draw, describe, temperature=Axis("temperature", [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 4, 10], start=4))
