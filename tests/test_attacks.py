# ruff: noqa: E501  # a submission is a line, like the others beside it
"""Submissions that try to get marks without an answer, to read what is not theirs, or to do harm.

Each runs in the sandbox as a submission would. None may pass the test, and none may leave anything behind.
"""

import os
import shutil
import socket
import time

import pytest

from lstmlib.grading.judge.referee import Referee
from lstmlib.grading.judge.sandbox import Bubblewrap, Furniture, Limits

pytestmark = pytest.mark.skipif(
    not shutil.which("bwrap") and not os.environ.get("CI"), reason="bubblewrap is not installed"
)

RELEASE = ["import numpy as np\nfrom math import isclose", "def double(v):\n    raise NotImplementedError"]
TEST = """
values = np.array([1.0, 2.5])
assert isclose(double(3.0), 6.0)
assert np.allclose(double(values), [2.0, 5.0])
assert values.tolist() == [1.0, 2.5]
assert double([1]) == [1, 1]
"""

# What a submission does, and its cells. The right answer is in none of them.
CHEATS = {
    "patched allclose": "import numpy as np\nnp.allclose = lambda *a, **k: True\ndef double(v): return 0",
    "patched builtins": (
        "import builtins\nbuiltins.all = builtins.any = builtins.isinstance = lambda *a: True\n"
        "builtins.AssertionError = type('A', (Exception,), {'__new__': lambda *a: None})\ndef double(v): return 0"
    ),
    "a module of the student's own": (
        "import sys, types\nfake = types.ModuleType('numpy')\nfake.allclose = lambda *a: True\nfake.array = list\n"
        "sys.modules['numpy'] = np = fake\ndef isclose(*a): return True\ndef double(v): return 0"
    ),
    "an import hook": (
        "import sys\nclass Hook:\n    def find_spec(self, *a): return None\nsys.meta_path.insert(0, Hook())\n"
        "sys.modules.pop('math', None)\ndef double(v): return 0"
    ),
    "equal to everything": (
        "class Any:\n    def __eq__(self, other): return True\n    def __lt__(self, other): return True\n"
        "    __le__ = __gt__ = __ge__ = __lt__\n    def __sub__(self, other): return self\n    __rsub__ = __abs__ = __sub__\n"
        "    def __float__(self): return 6.0\n    def __bool__(self): return True\ndef double(v): return Any()"
    ),
    "a float that lies": (
        "class Lie(float):\n    def __eq__(self, other): return True\n    __hash__ = float.__hash__\n"
        "class Lies(list):\n    def __eq__(self, other): return True\n"
        "def double(v): return Lie(6) if isinstance(v, float) else Lies()"
    ),
    "an array that lies": (
        "import numpy as np\nclass Lie(np.ndarray):\n    def __eq__(self, other): return np.True_\n"
        "    def __array_function__(self, *a): return True\n"
        "def double(v): return 6.0 if isinstance(v, float) else np.zeros(2).view(Lie)"
    ),
    "another class": (
        "class Fake:\n    @property\n    def __class__(self): return list\n    def __eq__(self, other): return True\n"
        "def double(v): return 6.0 if v == 3.0 else Fake()"
    ),
    "input transformers": (
        "ip = get_ipython()\nip.input_transformers_cleanup.append(lambda lines: [])\n"
        "ip.ast_node_interactivity = 'none'\nip.run_cell = lambda *a, **k: None\ndef double(v): return 0"
    ),
    "trace functions": (
        "import sys\ndef double(v):\n    frame = sys._getframe()\n    while frame:\n        frame.f_locals.update(values=[])\n"
        "        frame.f_trace = lambda *a: None\n        frame = frame.f_back\n    return 0"
    ),
    "frames and the garbage collector": (
        "import gc, sys\ndef double(v):\n    for thing in gc.get_objects():\n        if isinstance(thing, str) and 'isclose(' in thing:\n"
        "            return eval(thing.split('==')[1])\n    return 0"
    ),
    "forged replies": (
        "import json, os, socket, stat, struct\ndef double(v):\n    text = json.dumps({'value': True, 'success': True}).encode()\n"
        "    for number in range(3, 64):\n        try:\n            if stat.S_ISSOCK(os.fstat(number).st_mode):\n"
        "                os.write(number, struct.pack('>II', len(text), 0) + text)\n        except OSError:\n            pass\n    return 0"
    ),
    "a change of the test's own data": "def double(v):\n    v *= 2\n    return v",
    "an oversized reply": "def double(v): return 'x' * 10**8",
    "a nested reply": "def double(v):\n    for _ in range(10**5): v = [v]\n    return v",
    "a cycle": "def double(v):\n    v = []\n    v.append(v)\n    return v",
    "NaN": "import numpy as np\ndef double(v): return np.nan if isinstance(v, float) else np.full(2, np.nan)",
    "an object array": (
        "import numpy as np\nclass Any:\n    def __eq__(self, other): return True\n    __sub__ = __rsub__ = __abs__ = lambda *a: 0.0\n"
        "def double(v): return 6.0 if isinstance(v, float) else np.array([Any(), Any()], dtype=object)"
    ),
    "an endless generator": "def double(v):\n    while True: yield 6.0",
    "an error that cannot be shown": (
        "class E(Exception):\n    def __str__(self):\n        raise SystemExit\ndef double(v): raise E"
    ),
    "a hook on forks": "import os\nos.register_at_fork(after_in_child=lambda: os._exit(0))\ndef double(v): return 0",
    "an exit that looks like success": "import os\ndef double(v): os._exit(0)",
    "a keyboard interrupt": "def double(v): raise KeyboardInterrupt",
    "signals to all": (
        "import os, signal\ndef double(v):\n    for pid in (-1, 1, os.getppid(), 2, 3):\n        try: os.kill(pid, signal.SIGKILL)\n"
        "        except OSError: pass\n    return 0"
    ),
    "another name": "double = 6.0",
    "a module as the function": "import math as double",
    "a lie about its own name": "def double(v): return 0\ndouble.__name__ = 'x' * 10**6\ndouble.__code__ = double.__code__.replace(co_filename='/etc/passwd')",
    "memory": "def double(v): return bytearray(3 * 2**30)",
    "processes": (
        "import os, time\ndef double(v):\n    for _ in range(200):\n        try:\n            if os.fork() == 0: time.sleep(30); os._exit(0)\n"
        "        except OSError: break\n    return 0"
    ),
    "the disk": (
        "def double(v):\n    with open('/tmp/big', 'wb') as file:\n        for _ in range(200): file.write(bytes(2**20))\n    return 0"
    ),
    "output": "def double(v):\n    for _ in range(300): print('x' * 10**5)\n    return 0",
    "time": "def double(v):\n    while True: pass",
}  # fmt: skip

# What a submission looks for; each expression must raise an error or be empty.
SEARCHES = {
    "other processes": "[p for p in __import__('os').listdir('/proc') if p.isdigit()]",
    "the instructor's environment": "[n for n in __import__('os').environ if n in ('USER', 'SECRET_OF_THE_TEST')]",
    "the gradebook": "open({gradebook!r}).read()",
    "a file of the instructor's, through a link": "[__import__('os').symlink({gradebook!r}, 'l'), open('l').read()]",
    "the tests": "open({here!r}).read()",
    "the judge": "__import__('lstmlib.grading.judge.referee')",
    "files of a submission before this one": "__import__('os').listdir('/tmp')",
    "a file that can be written to": "open({library!r} + '/x.py', 'w')",
    "the network": "__import__('socket').create_connection(('127.0.0.1', {port}), 1)",
    "a host by its name": "__import__('socket').gethostbyname('localhost.localdomain.example')",
    "the reference": "__import__('lstmlib.lstm').lstm.forget_gate(1, 2, 3, 4, 5)",
    "the source of the reference": "[1 for line in open({library!r} + '/lstm.py') if 'def forget_gate' in line]",
    "the compiled reference": "__import__('glob').glob({library!r} + '/**/lstm*.pyc', recursive=True)",
    "the reference in the fast cells": "__import__('lstmlib.fast.lstm').fast.lstm.lstm_forward()",
    "the check with its answers": "__import__('lstmlib.check').check.lstm.EXERCISES[0].reference",
    "a new user namespace": "__import__('ctypes').CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, 0) and []",
    "root": "[] if __import__('os').getuid() else 1",
    "the first process of the sandbox": "__import__('os').kill(0 - 1, 0)",
}  # fmt: skip


@pytest.fixture(scope="module")
def box():
    os.environ["SECRET_OF_THE_TEST"] = "x"
    absent = ("lstmlib.lstm", "lstmlib.fast.lstm", "lstmlib.check")
    backend = Bubblewrap(Furniture(("lstmlib",), absent), Limits(memory=2**30, disk=32 * 2**20))
    yield backend
    backend.close()


def judge(box, *cells, seconds=2.0):
    listed = [{"role": "student", "source": source} for source in cells[:-1]] + [{"role": "test", "source": cells[-1]}]
    return Referee(box, box, None, RELEASE, seconds).judge(listed)[0]


def errors(outputs):
    return [output["ename"] for output in outputs if output["output_type"] == "error"]


def test_the_right_answer_passes(box):
    assert not errors(judge(box, "def double(v):\n    return v + v", TEST)[-1])


@pytest.mark.parametrize("cheat", CHEATS)
def test_no_cheat_passes(box, cheat):
    started = time.monotonic()
    shown = judge(box, CHEATS[cheat], TEST)
    assert errors(shown[-1]), shown[-1]
    assert time.monotonic() - started < 20
    assert not errors(judge(box, "def double(v):\n    return v + v", TEST)[-1]), "the next submission suffers"


@pytest.mark.parametrize("search", SEARCHES)
def test_no_search_finds_anything(box, search, tmp_path):
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_text("marks")
    listener = socket.create_server(("127.0.0.1", 0))
    places = {
        "gradebook": str(gradebook),
        "here": __file__,
        "library": os.path.dirname(__import__("lstmlib").__file__),
        "port": listener.getsockname()[1],
    }
    expression = SEARCHES[search]
    for name, value in places.items():
        expression = expression.replace(f"{{{name}!r}}", repr(value)).replace(f"{{{name}}}", str(value))
    student = f"def look():\n    open('/tmp/mine', 'w').close()\n    return {expression}"
    if "/tmp" in expression:
        student = student.replace("    open('/tmp/mine', 'w').close()\n", "")
        judge(box, "open('/tmp/secret', 'w').close()", "pass")
    shown = judge(box, student, "assert look()")
    listener.close()
    assert errors(shown[-1]), shown
    assert gradebook.read_text() == "marks"


def test_nothing_outlives_a_submission(box):
    before = set(os.listdir("/proc"))
    student = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\n    os._exit(0)\ndef double(v): return v + v"
    judge(box, student, TEST)
    time.sleep(0.3)
    left = {int(name) for name in set(os.listdir("/proc")) - before if name.isdigit()}
    assert not [pid for pid in left if b"zygote" in _command(pid)]


def _command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def test_borrowed_objects_give_nothing_but_what_they_are_for(box):
    student = """
def use(f):
    found = []
    for path in ("__globals__", "__self__", "__code__", "_secret", "__class__.__mro__", "__builtins__"):
        try:
            value = f
            for name in path.split("."):
                value = object.__getattribute__(value, "_room").ask(
                    {"callback": "get", "key": object.__getattribute__(value, "_key"), "name": name}, (), {}
                )
            found.append(path)
        except Exception:
            pass
    return found
"""
    test = "class Model:\n    _secret = 1\n    def __call__(self): return 1\nassert use(Model()) == [] and use(len) == []"
    assert not errors(judge(box, student, test)[-1])
