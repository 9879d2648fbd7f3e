"""What an LSTM cell holds over time, and the two activations: figures and a table of the chapter on the LSTM."""

import matplotlib.pyplot as plt
import numpy as np

from lstmlib.activations import sigmoid
from lstmlib.widgets.style import GREY


def draw_activations():
    """Draw sigmoid and tanh over the same pre-activations.

    Returns
    -------
    matplotlib.figure.Figure
    """
    a = np.linspace(-6, 6, 200)
    figure, ax = plt.subplots()
    ax.plot(a, sigmoid(a), label="sigmoid σ: a share")
    ax.plot(a, np.tanh(a), "--", label="tanh: a value with a sign")
    ax.set(xlabel="pre-activation a", ylabel="activation", yticks=[-1, -0.5, 0, 0.5, 1])
    ax.legend()
    return figure


def draw_memory(values, cells, events):
    """Draw the content of one cell over the value at its input.

    Parameters
    ----------
    values, cells : ndarray, shape (T,)
    events : dict
        Step to the word that is written there, with an arrow.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots()
    ax.plot(values, ":", color=GREY, lw=1.2, label="value at the input")
    ax.plot(cells, label="cell state c")
    for step, text in events.items():
        ax.annotate(text, (step, 1.0), (step + 1, 2.0), arrowprops={"arrowstyle": "->"})
    ax.set(xlabel="step t", ylim=(-3.6, 2.8))
    ax.legend(loc="lower left", ncols=2)
    return figure


def tell_gates(words, steps):
    """Return a table of what an LSTM of two units does at each word: gates and candidate of unit 0, cell state of both.

    The last column is the verb that unit 0 asks for: a positive cell stands for a singular subject.

    Parameters
    ----------
    words : list of str
    steps : list of lstmlib.lstm.Tape
        One for each word, of a single example.

    Returns
    -------
    str
    """
    rows = ["word       i_0   f_0   g_0    c_0     c_1  verb"]
    for word, tape in zip(words, steps, strict=True):
        i, f, g, c = (value[0, 0] for value in (tape.i, tape.f, tape.g, tape.c))
        verb = "-" if abs(c) < 0.1 else "has" if c > 0 else "have"
        rows.append(f"{word:9} {i:5.2f} {f:5.2f} {g:5.2f} {c:6.2f}  {tape.c[0, 1]:6.2f}  {verb}")
    return "\n".join(rows)


def draw_reading(words, steps, roles):
    """Draw the cell states of a few units at each word of a text.

    Parameters
    ----------
    words : list of str
    steps : list of lstmlib.lstm.Tape
        One for each word, of a single example.
    roles : list of str
        What each unit holds.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = plt.subplots(figsize=(4.8, 3.0))
    for unit, (role, dashes) in enumerate(zip(roles, ("-", "--", ":"), strict=False)):
        cells = [tape.c[0, unit] for tape in steps]
        ax.step(range(len(words)), cells, dashes, where="mid", label=f"unit {unit}: {role}")
    ax.set_xticks(range(len(words)), words, rotation=60, ha="right", fontsize=9)
    ax.set(ylabel="cell state c", ylim=(-1.3, 2.2))
    ax.legend(loc="upper right")
    return figure
