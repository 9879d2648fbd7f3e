"""What an attack is, and the tests that it wants to pass."""

from dataclasses import dataclass

TESTS = {
    "add": "assert add(20, 22) == 42",
    "close": "assert abs(add(2, 3) - 5) < 1e-9",
    "number": "result = add(2, 3)\nassert isinstance(result, (int, float)) and result == 5",
    "all": "assert all(map(lambda pair: add(*pair) == sum(pair), [(1, 2), (3, 4)]))",
    "in": "assert 5 in [add(2, 3)] or 5 in add(2, 3)",
    "twice": "assert add(1, 2) == 3\nassert add(5, 6) == 11",
    "shown": "result = add(2, 3)\nassert isinstance(result, object)\nresult if result == 5 else (result, 0)[0]\nassert result == 5",
    "last": "add(2, 3)",
    "helped": "assert add(2, 3) == expected_sum(2, 3)",
    "double": "import numpy as np\nassert np.allclose(double(np.arange(4.0)), [0, 2, 4, 6])",
    "random": "import numpy as np\nv = np.random.default_rng(0).normal(size=5)\nassert np.allclose(double(v), 2 * v)",
    "testing": "import numpy as np\nv = np.random.default_rng(0).normal(size=5)\n"
               "np.testing.assert_allclose(double(v), 2 * v)",
    "apply": "secret = 'w9'\ndef shift(x):\n    return x + len(secret)\nassert apply(shift, 3) == 5 + 100",
    "Counter": "c = Counter()\nc.add()\nc.add()\nassert c.count == 2 and Counter().count == 0",
    "lstm": "import numpy as np\nfrom lstmlib.check import check\n"
            "check(globals().get('forget_gate'), 'lstm.forget_gate', seed=53).award(1)",
    "bptt": "from lstmlib.check import check\ncheck(globals().get('bptt'), 'rnn.bptt', seed=53).award(1)",
}  # fmt: skip
RELEASE = """import numpy as np
def add(a, b):
    raise NotImplementedError
def double(xs):
    raise NotImplementedError
def apply(f, x):
    raise NotImplementedError
class Counter:
    pass
"""


@dataclass(frozen=True)
class Attack:
    """A submission that tries to get what it does not deserve.

    Attributes
    ----------
    name, tries : str
    source : str or tuple of str
        The student's cells. ``@COURSE@`` stands for a folder with a gradebook and answers, ``@PORT@`` for the port of a
        listener on the loopback. What it gets hold of it prints after the word REACHED.
    test : str
        A key of `TESTS`.
    named : str
        A regular expression for what the output must say.
    harmful : bool
        Against stock, too, it runs in the sandbox only.
    locked : str
        A locked cell of the course's, between the student's cells and the test.
    tags : tuple of str
        That the student puts on the test cell.
    seconds : float
        For one cell or call.
    """

    name: str
    tries: str
    source: str | tuple[str, ...]
    test: str = "add"
    named: str = "AssertionError"
    harmful: bool = False
    locked: str = ""
    tags: tuple[str, ...] = ()
    seconds: float = 4.0

    def cells(self, places):
        """The cells as the referee takes them; `places` says what to put for ``@COURSE@`` and ``@PORT@``."""
        sources = (self.source,) if isinstance(self.source, str) else self.source
        listed = [{"role": "student", "source": _place(source, places)} for source in sources]
        listed += [{"role": "locked", "source": self.locked}] if self.locked else []
        return [*listed, {"role": "test", "source": TESTS[self.test]}]


def _place(source, places):
    for name, text in places.items():
        source = source.replace(f"@{name}@", text)
    return source


def reach(*expressions, before=""):
    """A cell that evaluates each of these and says what came of it; and a wrong `add`."""
    return f"""{before}
def add(a, b):
    return a
for text in {list(expressions)!r}:
    try:
        got = eval(text)
        print("REACHED" if got else "nothing:", text, "gave", repr(got)[:60])
    except BaseException as error:
        print("refused:", text, type(error).__name__, error)
"""
