"""The students: what each does to the released notebooks, and the points that they should lose for it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from lstmlib.grading.authoring import read_notebook

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Student:
    """One invented student.

    Attributes
    ----------
    name : str
    story : str
        What this submission is about, for the table.
    change : callable
        ``change(notebook, released)`` edits a notebook in which all is solved.
    losses : dict
        Grade id of a graded cell to the points lost there.
    """

    name: str
    story: str
    change: Callable
    losses: dict[str, float] = field(default_factory=dict)


def hand_in(student, released, solved):
    """Make a submission: the released notebook with the solutions filled in, then changed by the student."""
    notebook = copy.deepcopy(released)
    solutions = {cell.id: cell.source for cell in solved.cells if cell.metadata.get("nbgrader", {}).get("solution")}
    for cell in notebook.cells:
        cell.source = solutions.get(cell.id, cell.source)
    student.change(notebook, released)
    return notebook


def rewrite(**sources):
    """A change that writes new sources into solution cells, named by grade id with underscores."""

    def change(notebook, released):
        for cell in notebook.cells:
            source = sources.get(cell.id.replace("-", "_"))
            if source is not None:
                cell.source = dedent(source).strip()

    return change


def leave(notebook, released):
    """Change nothing."""


def undo(notebook, released):
    """Go back to the notebook as it was released."""
    notebook.cells = copy.deepcopy(released.cells)


def delete_test_cells(notebook, released):
    """Delete a graded cell, and the one that imports everything."""
    gone = {"candidate-test", "answer-2-test", "clip-test", "setup"}
    notebook.cells = [cell for cell in notebook.cells if cell.id not in gone]


def duplicate_cells(notebook, released):
    """Copy and paste a solution cell and a graded cell, as JupyterLab does: metadata and all, but a new id."""
    for grade_id in ("forget-gate", "hidden-state-test", "answer-1", "answer-3-test", "clip", "bias-explained"):
        for position, original in enumerate(notebook.cells):
            if original.id == grade_id:
                twin = copy.deepcopy(original)
                twin.id = f"{grade_id}-twin"
                notebook.cells.insert(position + 1, twin)
                break


def tag_tests_to_be_skipped(notebook, released):
    """Hand in nothing, and ask the grader not to run its tests."""
    undo(notebook, released)
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "", "raises-exception"]


def save_as_an_old_program_does(notebook, released):
    """Format 4.4, in which cells have no ids; and the tests have been dragged to the top."""
    notebook.cells.sort(key=lambda cell: not cell.metadata.get("nbgrader", {}).get("grade", False))
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]


def _everything():
    """All points that there are: grade id to points, over all assignments; a shared id has the same points in each."""
    settings = [
        cell.metadata.get("nbgrader", {})
        for path in sorted((ROOT / "solutions").rglob("*.md"))
        for cell in read_notebook(path).cells
    ]
    everything = {}
    for found in settings:
        if "points" in found:
            assert everything.setdefault(found["grade_id"], found["points"]) == found["points"], found["grade_id"]
    return everything


EVERYTHING = _everything()

ANOTHER_WAY = {
    "forget_gate": """
        def forget_gate(x, h_prev, W_x, W_h, b):
            from scipy.special import expit
            return expit(np.concatenate([h_prev, x], axis=1) @ np.vstack([W_h, W_x]) + b)
    """,
    "input_gate": """
        def input_gate(x, h_prev, W_x, W_h, b):
            rows = []
            for n in range(len(x)):
                a = [sum(x[n, d] * W_x[d, k] for d in range(x.shape[1])) + b[k] for k in range(len(b))]
                a = [a[k] + sum(h_prev[n, j] * W_h[j, k] for j in range(len(b))) for k in range(len(b))]
                rows.append([1 / (1 + np.exp(-v)) for v in a])
            return rows
    """,
    "candidate": """
        def candidate(x, h_prev, W_x, W_h, b):
            a = np.einsum("nd,dh->nh", x, W_x) + np.einsum("nj,jh->nh", h_prev, W_h) + b
            return 2 / (1 + np.exp(-2 * a)) - 1
    """,
    "update_cell": """
        def update_cell(f, i, g, c_prev):
            return np.add(np.multiply(i, g), np.multiply(f, c_prev))
    """,
    "output_gate": """
        def output_gate(x, h_prev, W_x, W_h, b):
            x, h_prev, W_x, W_h, b = (v.astype(np.float32) for v in (x, h_prev, W_x, W_h, b))
            return 0.5 * (1 + np.tanh((x @ W_x + h_prev @ W_h + b) / 2))
    """,
    "hidden_state": """
        def hidden_state(o, c):
            print("o", o.shape)
            return np.array([[a * np.tanh(b) for a, b in zip(*rows)] for rows in zip(o, c)])
    """,
    "lstm_step": """
        def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
            H = h_prev.shape[1]
            part = {name: slice(k * H, (k + 1) * H) for k, name in enumerate("ifgo")}
            def layer(gate, name):
                return gate(x, h_prev, W_x[:, part[name]], W_h[:, part[name]], b[part[name]])
            c = update_cell(layer(forget_gate, "f"), layer(input_gate, "i"), layer(candidate, "g"), c_prev)
            return [hidden_state(layer(output_gate, "o"), c), c]
    """,
    "sequence_loss": """
        def sequence_loss(logits, targets, mask):
            from scipy.special import logsumexp
            T, N, K = logits.shape
            chosen = logits[np.arange(T)[:, None], np.arange(N), targets]
            return ((logsumexp(logits, axis=-1) - chosen) * mask).sum(axis=0).mean()
    """,
    "clip": """
        def clip(grads, largest):
            norm = float(np.linalg.norm(np.concatenate([grad.ravel() for grad in grads.values()])))
            for name in grads:
                grads[name] = grads[name] * min(1, largest / (norm or 1))
            return norm
    """,
    "lstm_step_backward": """
        def lstm_step_backward(dh, dc, x, h_prev, c_prev, i, f, g, o, c, W_x, W_h):
            H, D = h_prev.shape[1], x.shape[1]
            da = np.zeros((len(x), 4 * H))
            total = dh * o / np.cosh(c) ** 2 + dc
            for k, factor in enumerate((g * i * (1 - i), c_prev * f * (1 - f), i * (1 + g) * (1 - g))):
                da[:, k * H:(k + 1) * H] = total * factor
            da[:, 3 * H:] = dh * np.tanh(c) * o * (1 - o)
            params = np.column_stack([x, h_prev, np.ones(len(x))]).T @ da
            states = np.einsum("nk,jk->nj", da, np.vstack([W_x, W_h]))
            return [states[:, :D], states[:, D:], total * f, params[:D], params[D:-1], params[-1].tolist()]
    """,
    "keep_a_number": """
        def keep_a_number():
            return [[0, 0, 1, 0], [60, 0, 0, 0]], np.zeros((1, 4)), (-30, 15, 0, 0)
    """,
    "answer_1": 'answer_1 = " C) "',
    "answer_2": 'answer_2 = "(b)"',
    "answer_7": "from fractions import Fraction\nanswer_7 = Fraction(90, 2)",
    "answer_15": 'answer_15 = "1 / 1024"',
    "answer_18": "answer_18 = np.float32(1.3)",
}

KILL = "import os\nos._exit(1)"

ADA = Student("ada", "perfect", leave)
BEN = Student("ben", "untouched", undo, EVERYTHING)

STUDENTS = [
    ADA,
    Student(
        "abel",
        "a wrong gate, and a step that calls it",
        rewrite(
            forget_gate="def forget_gate(x, h_prev, W_x, W_h, b):\n    return sigmoid(x @ W_x + h_prev @ W_h)",
            lstm_step=ANOTHER_WAY["lstm_step"],
        ),
        {"forget-gate-test": 3},
    ),
    BEN,
    Student(
        "cleo",
        "some functions and some answers wrong",
        rewrite(
            input_gate="def input_gate(x, h_prev, W_x, W_h, b):\n    return np.tanh(x @ W_x + h_prev @ W_h + b)",
            output_gate="def output_gate(x, h_prev, W_x, W_h, b):\n    return sigmoid(x @ W_x + h_prev @ W_h)",
            sequence_loss="""
                def sequence_loss(logits, targets, mask):
                    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
                    p = np.take_along_axis(e / e.sum(axis=-1, keepdims=True), targets[..., None], axis=-1)[..., 0]
                    return -(mask * np.log(p)).mean()
            """,
            sgd_step="""
                def sgd_step(params, grads, learning_rate):
                    for name in params:
                        params[name] = params[name] - learning_rate * grads[name]
            """,
            answer_4='answer_4 = "b"',
            answer_5='answer_5 = "D or maybe C"',
            answer_7="answer_7 = 900",
            answer_18='answer_18 = "1,3"',
        ),
        {"input-gate-test": 3, "output-gate-test": 3, "sequence-loss-test": 4, "sgd-step-test": 2}
        | {f"answer-{n}-test": 1 for n in (4, 5, 7, 18)},
    ),
    Student("dora", "right in another way", rewrite(**ANOTHER_WAY)),
    Student(
        "emil",
        "parts of some exercises right",
        rewrite(
            update_cell="""
                def update_cell(f, i, g, c_prev):
                    c_prev *= f
                    c_prev += i * g
                    return c_prev
            """,
            lstm_step="""
                def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
                    i, f, g, o = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=-1)
                    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
                    return sigmoid(o) * c, c
            """,
            lstm_step_backward="""
                def lstm_step_backward(dh, dc, x, h_prev, c_prev, i, f, g, o, c, W_x, W_h):
                    do, dc = dh * np.tanh(c), dc + dh * o * (1 - np.tanh(c) ** 2)
                    di, df, dg = dc * g, dc * c_prev, dc * i
                    da = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
                    return da @ W_x.T, da @ W_h.T, dc * f, (da.T @ x), h_prev.T @ da, da.mean(axis=0)
            """,
            keep_a_number="""
                def keep_a_number():
                    W_x = np.zeros((2, 4))
                    W_x[1, 0], W_x[0, 2] = 12, 1
                    return W_x, np.zeros((1, 4)), np.array([-6, 6, 0, 6])  # as in the chapter
            """,
            clip="""
                def clip(grads, largest):
                    norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
                    for grad in grads.values():
                        grad *= largest / norm
                    return norm
            """,
        ),
        {"update-cell-test": 1, "lstm-step-test": 3, "lstm-step-backward-test": 5, "keep-a-number-test": 2}
        | {"clip-test": 1},
    ),
    Student(
        "fay",
        "an infinite loop in a function",
        rewrite(forget_gate="def forget_gate(x, h_prev, W_x, W_h, b):\n    while True:\n        pass"),
        {"forget-gate-test": 3},
    ),
    Student(
        "gus",
        "an infinite loop in a cell",
        rewrite(candidate="while True:\n    pass", answer_1="while True:\n    pass"),
        {"candidate-test": 3, "answer-1-test": 1},
    ),
    Student(
        "hana",
        "sys.exit in a function and in a cell",
        rewrite(
            hidden_state="def hidden_state(o, c):\n    import sys\n    sys.exit('done')",
            answer_3="import sys\nanswer_3 = 'd'\nsys.exit()",
        ),
        {"hidden-state-test": 3},
    ),
    Student(
        "igor",
        "kills the kernel in the last exercise",
        rewrite(keep_a_number=KILL, train=KILL, answer_38=KILL),
        {"keep-a-number-test": 3, "train-test": 4, "answer-38-test": 1},
    ),
    Student(
        "ines",
        "raises where it hurts most",
        rewrite(
            candidate="def candidate(*arguments):\n    raise KeyboardInterrupt",
            output_gate="def output_gate(*arguments):\n    return 10**400",
            answer_1="class Odd(str):\n    def strip(self, *a):\n        raise RuntimeError\nanswer_1 = Odd('c')",
            answer_4="answer_4 = np.array(['a', 'b'])",
            answer_7="answer_7 = 10**400",
            train="class Odd:\n    def __call__(self, *arguments):\n        raise SystemExit\ntrain = Odd()",
        ),
        {"candidate-test": 3, "output-gate-test": 3, "train-test": 4, "answer-4-test": 1, "answer-7-test": 1},
    ),
    Student("judy", "deleted test cells", delete_test_cells),
    Student("karl", "duplicated cells", duplicate_cells),
    Student("noa", "saved by an old program, tests moved to the top", save_as_an_old_program_does),
    Student("lena", "no work, tests tagged to be skipped", tag_tests_to_be_skipped, EVERYTHING),
    Student(
        "mo",
        "unfinished exercises",
        rewrite(
            forget_gate="def forget_gate(x, h_prev, W_x, W_h, b):\n    return sigmoid(x @ W_x + h_prev @ W_h + b",
            update_cell="def update_cell(f, i, g, c_prev):\n    f * c_prev + i * g",
            probabilities="def probabilities(hs, W, b):\n    softmax(hs @ W + b)",
            losses_explained="YOUR ANSWER HERE",
            answer_2="answer_2 = a",
            answer_30='answer_30 = ""',
        ),
        {"forget-gate-test": 3, "update-cell-test": 3, "probabilities-test": 3, "losses-explained": 4}
        | {"answer-2-test": 1, "answer-30-test": 1},
    ),
]

# Accidents with cells, kernels and loops are those of the others; here it is the functions that differ.
RNN_STUDENTS = [
    ADA,
    BEN,
    Student(
        "cleo",
        "some functions and some answers wrong",
        rewrite(
            sigmoid="def sigmoid(a):\n    return np.exp(a) / (1 + np.exp(a))",  # not for large numbers
            tanh_slope="def tanh_slope(t):\n    return 1 - np.tanh(t) ** 2",
            rnn_step="def rnn_step(x, h_prev, W_x, W_h, b):\n    return np.tanh(x @ W_x + h_prev @ W_h)",
            rnn_step_backward="""
                def rnn_step_backward(dh, x, h_prev, h, W_x, W_h):
                    da = dh * tanh_slope(h)
                    return da @ W_x.T, da @ W_h.T, x.T @ da / len(x), h_prev.T @ da / len(x), da.mean(axis=0)
            """,
            gradient_norms="""
                def gradient_norms(dh, hs, W_h):
                    norms = [np.linalg.norm(dh)]
                    for h in hs[::-1]:
                        dh = (dh * (1 - h**2)) @ W_h.T
                        norms.append(np.linalg.norm(dh))
                    return norms
            """,
        ),
        # Of the step backwards dx and dh_prev are right: 2 points each of 11.
        {"sigmoid-test": 1, "tanh-slope-test": 3, "rnn-step-test": 3, "rnn-step-backward-test": 7}
        | {"gradient-norms-test": 3},
    ),
    Student(
        "dora",
        "right in another way",
        rewrite(
            sigmoid="def sigmoid(a):\n    from scipy.special import expit\n    return expit(a).astype(np.float32)",
            sigmoid_slope="def sigmoid_slope(s):\n    return [[v - v * v for v in row] for row in s]",
            rnn_step="""
                def layer(v, W):
                    return np.einsum("nd,dh->nh", v, W)

                def rnn_step(x, h_prev, W_x, W_h, b):
                    a = layer(x, W_x)
                    a += layer(h_prev, W_h) + b
                    return np.tanh(a, out=a)
            """,
            bptt="""
                def bptt(xs, h_0, dhs, W_x, W_h, b):
                    states = [h_0]
                    for x in xs:
                        states.append(rnn_step(x=x, h_prev=states[-1], W_x=W_x, W_h=W_h, b=b))
                    da, das = np.zeros_like(h_0), []
                    for dh, h in zip(dhs[::-1], states[:0:-1]):
                        da = (dh + np.dot(da, W_h.T)) / np.cosh(np.arctanh(h)) ** 2
                        das.insert(0, da)
                    old = np.array(states[:-1])
                    return [np.einsum("tnd,tnh->dh", v, das) for v in (xs, old)] + [np.sum(das, axis=(0, 1))]
            """,
            jacobian_product="""
                def jacobian_product(hs, W_h):
                    from functools import reduce
                    return reduce(lambda product, h: (W_h * (1 - h**2)).T @ product, hs, np.identity(len(W_h)))
            """,
        ),
    ),
]
GRU_STUDENTS = [
    ADA,
    BEN,
    Student(
        "cleo",
        "some functions and some answers wrong",  # here the conventions of others, in a step that calls them, too
        rewrite(
            candidate="""
                def candidate(x, h_prev, r, W_x, W_h, b, b_hn):
                    return np.tanh(x @ W_x + b + (r * h_prev) @ W_h + b_hn)
            """,
            hidden_state="def hidden_state(z, n, h_prev):\n    return (1 - z) * h_prev + z * n",
            gru_step="""
                def gru_step(x, h_prev, W_x, W_h, b, b_hn):
                    parts = [np.split(value, 3, axis=-1) for value in (W_x, W_h, b)]
                    r, z, (W_xn, W_hn, b_n) = [layer for layer in zip(*parts)]
                    n = candidate(x, h_prev, reset_gate(x, h_prev, *r), W_xn, W_hn, b_n, b_hn)
                    return hidden_state(update_gate(x, h_prev, *z), n, h_prev)
            """,
            convert_update="""
                def convert_update(W_x, W_h, b):
                    H = len(W_h)
                    for value in (W_x, W_h, b):
                        value[..., H:2 * H] *= -1
                    return W_x, W_h, b
            """,
        ),
        {"candidate-test": 3, "hidden-state-test": 3, "convert-update-test": 1},
    ),
    Student(
        "dora",
        "right in another way",
        rewrite(
            reset_gate="""
                def gate(*arguments):
                    x, h, U, V, b = (np.float32(value) for value in arguments)
                    return np.exp(-np.logaddexp(0, -(x @ U + h @ V + b)))

                reset_gate = gate
            """,
            update_gate="update_gate = lambda *layer: gate(*layer)",
            hidden_state="def hidden_state(z, n, h_prev):\n    return n + z * (h_prev - n)",
            gru_step="""
                def gru_step(x, h_prev, W_x, W_h, b, b_hn):
                    H = b_hn.size
                    def block(k):
                        return W_x[:, k * H:(k + 1) * H], W_h[:, k * H:(k + 1) * H], b[k * H:(k + 1) * H]
                    r, z = (gate(x, h_prev, *block(k)) for k in range(2))
                    return hidden_state(z, candidate(x, h_prev, r, *block(2), b_hn), h_prev).tolist()
            """,
            convert_update="""
                def convert_update(W_x, W_h, b):
                    H, new = len(W_h), [value.copy() for value in (W_x, W_h, b)]
                    for value in new:
                        value[..., H:2 * H] *= -1
                    return new
            """,
        ),
    ),
]
# Assignment to those who hand something in.
CLASSES = {"rnn": RNN_STUDENTS, "lstm": STUDENTS, "gru": GRU_STUDENTS, "training": STUDENTS, "quiz": STUDENTS}
