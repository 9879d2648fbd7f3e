"""Attacks on the session in which a test would run: patches, hooks, fakes and names."""

from tests.attacks.attack import Attack

WRONG = "def add(a, b):\n    return 0\ndef double(xs):\n    return xs * 0\n"

ATTACKS = [
    Attack("patched allclose", "np.allclose always says yes",
           "import numpy as np\nnp.allclose = lambda *a, **k: True\n" + WRONG, "double"),
    Attack("patched builtins", "abs is always 0",
           "import builtins\nbuiltins.abs = lambda x: 0\nabs = builtins.abs\n" + WRONG, "close"),
    Attack("patched generator", "the test draws zeros only", """import numpy as np
class Zeros:
    def normal(self, size): return np.zeros(size)
np.random.default_rng = lambda *a: Zeros()
""" + WRONG, "random"),
    Attack("guessed seed", "answers from draws with the seeds that people use", """import numpy as np
import random; random.seed(0); np.random.seed(0)
drawn = [np.random.default_rng(seed).normal(size=5) for seed in range(1, 50)]
def double(xs):
    return next((2 * d for d in drawn if len(d) == len(xs) + 1), xs)
""", "random"),
    Attack("input transformer", "blanks the text of all later cells",
           "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])\n" + WRONG),
    Attack("ast transformer", "takes the assertions out of later cells", """import ast
class Blank(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Blank())
""" + WRONG),
    Attack("cell hooks", "run_cell does nothing from now on; errors are not shown", """shell = get_ipython()
shell._showtraceback = lambda *a, **k: None
shell.events.register('pre_run_cell', lambda info: None)
type(shell).showtraceback = lambda *a, **k: None
type(shell).run_code = None
""" + WRONG, named="Assertion|NameError"),
    Attack("tag skip-execution", "the test cell is not run", WRONG, tags=("skip-execution",)),
    Attack("fake numpy", "np is a module of the student's", """import sys, types
fake = types.ModuleType('numpy'); fake.allclose = lambda *a, **k: True
fake.arange = range
sys.modules['numpy'] = np = fake
def double(xs): return 0
""", "double", named="Assertion|Error"),
    Attack("import hook", "lstmlib.check becomes one that gives all points", """import sys, types, importlib.abc, importlib.machinery
class Fake(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == 'lstmlib.check' else None
    def exec_module(self, module):
        module.check = lambda *a, **k: types.SimpleNamespace(award=float)
sys.modules.pop('lstmlib.check', None)
sys.meta_path.insert(0, Fake())
def forget_gate(*a): return 0
""", "lstm", named="lstm.forget_gate: not yet"),
    Attack("names over names", "defines check, np, len, isinstance and __builtins__", """
check = np = isinstance = len = abs = sum = map = all = lambda *a, **k: True
__builtins__ = {}
def add(a, b): return 'no'
""", "number"),
    Attack("helper stolen", "stops a locked cell halfway, and defines its helper", """
def warm_up(): raise ValueError('stop')
def expected_sum(a, b): return 99
def add(a, b): return 99
""", "helped", "NameError", locked="warm_up_result = warm_up()\ndef expected_sum(a, b):\n    return a + b"),
    Attack("settrace", "a trace function changes what the test sees", """import sys, threading
def spy(frame, event, arg):
    if 'result' in frame.f_locals or frame.f_code.co_name == '<module>':
        frame.f_globals['add'] = lambda a, b: a + b if False else 42
    return spy
sys.settrace(spy); sys.setprofile(spy); threading.settrace(spy)
def add(a, b): return 0
""", "twice", named="Assertion"),
    Attack("at-fork hooks", "code that runs in each new process", """import os
def child():
    raise_it = 1 / 0
os.register_at_fork(before=lambda: print('before'), after_in_child=child, after_in_parent=lambda: None)
""" + WRONG, named="Assertion"),
    Attack("at-fork exit", "the fork that is judged ends at once", """import os
os.register_at_fork(after_in_child=lambda: os._exit(0))
""" + WRONG, named="RoomLostError|does not answer|has ended", harmful=True),
    Attack("atexit and excepthook", "hooks that hide errors", """import sys, atexit
sys.excepthook = lambda *a: None
atexit.register(lambda: print('bye'))
sys.stderr = sys.stdout
""" + WRONG),
]  # fmt: skip
