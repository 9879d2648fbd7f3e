"""Attacks by what a function returns: objects that lie, remember or never end."""

from tests.attacks.attack import Attack

YES = """class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    __hash__ = None
"""


def give(expression, before="", name="add"):
    """A cell in which the function returns this."""
    return f"{before}def {name}(*given, **named):\n    return {expression}\n"


ATTACKS = [
    Attack("equals everything", "__eq__ says True", YES + give("Yes()")),
    Attack("float that equals everything", "a subclass of float with an __eq__ of its own",
           "class Yes(float):\n    def __eq__(self, other): return True\n    __hash__ = None\n" + give("Yes(0)"), "number"),
    Attack("array that equals everything", "a subclass of ndarray with functions of its own", """import numpy as np
class Yes(np.ndarray):
    def __array_ufunc__(self, *a, **k): return np.True_
    def __array_function__(self, *a, **k): return True
""" + give("np.zeros(4).view(Yes)", name="double"), "double"),
    Attack("masked array", "hides all entries, so that none differs",
           "import numpy as np\n" + give("np.ma.masked_all(5)", name="double"), "testing", named="entries that are masked"),
    Attack("difference is zero", "__sub__ says 0, whatever is taken away",
           "class Zero:\n    def __sub__(self, other): return 0\n    __rsub__ = __sub__\n" + give("Zero()"), "close",
           named="TypeError"),
    Attack("difference of what is asked for", "a Counter, which the release asks for, with a __sub__ that says 0",
           "class Counter:\n    def __sub__(self, other): return 0\n    __rsub__ = __sub__\n" + give("Counter()"), "close",
           named="TypeError"),
    Attack("contains, as what is asked for", "a Counter, which the release asks for, with a __contains__ that says True",
           "class Counter:\n    def __contains__(self, x): return True\n    def __iter__(self): return iter([1])\n"
           + give("Counter()"), "in"),
    Attack("contains everything", "__contains__ says True",
           "class All:\n    def __contains__(self, x): return True\n    def __iter__(self): return iter([1])\n"
           + give("All()"), "in"),
    Attack("__class__ trick", "claims to be a float", """class Lie:
    __class__ = float
    def __eq__(self, other): return True
    def __float__(self): return 5.0
    __hash__ = None
""" + give("Lie()"), "number", named="TypeError"),
    Attack("object array", "an array of objects that equal everything",
           YES + "import numpy as np\n" + give("np.array([Yes()] * 4, dtype=object)", name="double"), "double",
           named="Error"),
    Attack("NaN", "NaN in the place of numbers", give("[float('nan')] * 4", name="double"), "double"),
    Attack("lying __array__", "an array for each question another", """import numpy as np
class Many:
    asked = 0
    def __array__(self, *a, **k): self.asked += 1; return np.arange(4.) * (self.asked % 2)
    def __array_function__(self, *a, **k): return True
""" + give("Many()", name="double"), "double"),
    Attack("StopIteration", "ends the loop of the test before it compares",
           "def add(a, b):\n    raise StopIteration\n", "all", named="StopIteration"),
    Attack("SystemExit", "ends the test as if all were well",
           "def add(a, b):\n    raise SystemExit(0)\n", named="SystemExit"),
    Attack("remembers", "learns the expected value from __eq__, and gives it the second time", """told = []
class Spy:
    def __eq__(self, other): told.append(other); return True
    __hash__ = None
def add(a, b): return told[-1] + 8 if told else Spy()
""", "twice"),
    Attack("class that remembers", "its attribute learns what it is compared with, and is that from then on", """told = []
class Spy:
    def __eq__(self, other): told.append(other); return True
    __hash__ = None
class Counter:
    def add(self): told.append(len(told))
    @property
    def count(self): return told.pop() if told and told[-1] > 1 else Spy()
""", "Counter"),
    Attack("counts as number", "shows itself as all points and as a script", """class Shown:
    def _repr_mimebundle_(self, **k): return {'text/plain': '1.0', 'text/html': '<script>alert(1)</script>'}
    def _repr_html_(self): return '<script>alert(1)</script>'
    def __eq__(self, other): return True
    __hash__ = None
""" + give("Shown()"), "shown"),
    Attack("infinite generator", "never ends", "def add(a, b):\n    while True:\n        yield 42\n"),
    Attack("frames", "reads the expected value out of the test's code", """import sys
def add(a, b):
    frame = sys._getframe(1)
    while frame:
        found = [c for c in frame.f_code.co_consts if c == 42]
        if found: return found[0]
        frame = frame.f_back
"""),
    Attack("gc", "looks for the test among all objects", """import gc
def add(a, b):
    for x in gc.get_objects():
        if isinstance(x, dict):
            for v in list(x.values()):
                if isinstance(v, str) and 'assert add(20' in v:
                    return int(v.rstrip().split()[-1])
"""),
    Attack("exception that hangs", "its __str__ never returns", """class E(Exception):
    def __str__(self):
        while True: pass
def add(a, b): raise E
""", named="Timeout|gave no answer", harmful=True, seconds=1),
    Attack("exception that raises", "its __str__ raises",
           "class E(Exception):\n    def __str__(self): raise SystemExit\ndef add(a, b): raise E\n",
           named="E|RoomLostError"),
    Attack("list of lists of lists", "sixty levels of two each: what goes through it never ends",
           "a = [1.0]\nfor _ in range(50): a = [a, a]\n" + give("a", name="double"), "double",
           named="stands for", harmful=True),
    Attack("list in itself", "a list of itself, twice", "a = []\na += [a, a]\n" + give("a", name="double"), "double",
           named="contains itself", harmful=True),
    Attack("endless range", "a range that fills the memory once it is an array",
           give("range(10**10)", name="double"), "double", named="stands for", harmful=True),
    Attack("borrowed function", "from a function of the test's to its module", """def apply(f, x):
    found = []
    for name in ('__globals__', '__code__', '__closure__', '__self__', '__wrapped__', '__class__', '__builtins__', 'func', 'gi_frame'):
        try: value = getattr(f, name)
        except Exception: continue
        if 'secret' in str(getattr(value, 'keys', dict)()) : found.append(name)
    for name in ('__globals__', '_x'):
        if hasattr(f, '_room'):
            try: found.append(f._room.ask({'callback': 'get', 'key': f._key, 'name': name}, (), {}))
            except Exception: pass
    if found: print('REACHED', found)
    return 0
""", "apply"),
]  # fmt: skip
