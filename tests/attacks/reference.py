# a line of a submission is a line of the file
"""Attacks on the real assignments: hand in the library's answer instead of one's own."""

from tests.attacks.attack import Attack

MODEL = """import numpy as np
def forget_gate(x, h_prev, W_x, W_h, b):
    found = {0}
    return found(x, h_prev, W_x, W_h, b)
"""
FILES = """import glob, os, sys
found = [f for p in [*sys.path, '/usr/lib', '/home', '/tmp', '/judge'] for pattern in {0!r}
         for f in glob.glob(os.path.join(p or '.', pattern), recursive=True)]
text = b''.join(open(f, 'rb').read() for f in found if os.path.isfile(f))
if {1!r} in text: print('REACHED', found)
def forget_gate(*a): return 0
"""
GRU_AS_RNN = """
import numpy as np
def bptt(xs, h_0, dhs, W_x, W_h, b):
    from lstmlib import GRU
    (D, H), names = W_x.shape, ("W_x", "W_h", "b")
    gru = GRU(D, H)
    always, never = np.full(H, 60.0), np.full(H, -60.0)  # r = 1, z = 0
    gru.params |= {"W_x": np.hstack([0 * W_x, 0 * W_x, W_x]), "W_h": np.hstack([0 * W_h, 0 * W_h, W_h])}
    gru.params["b"] = np.concatenate([always, never, b])
    _, _, tape = gru.forward(xs, h_0)
    params = gru.backward(tape, dhs).params
    return tuple(params[name][..., 2 * H :] for name in names)
"""
NOT_YET = "not yet"

ATTACKS = [
    Attack("import of the reference", "from lstmlib.lstm import forget_gate",
           MODEL.replace("found = {0}", "from lstmlib.lstm import forget_gate as found"), "lstm", NOT_YET),
    Attack("import of another cell's", "from lstmlib.gru import reset_gate",
           MODEL.replace("found = {0}", "from lstmlib.gru import reset_gate as found"), "lstm", NOT_YET),
    Attack("a GRU for an RNN", "the gradients of a GRU that keeps nothing", GRU_AS_RNN, "bptt", NOT_YET),
    Attack("another library path", "the module of a class that other modules use",
           MODEL.replace("found = {0}",
           "import sys, lstmlib.widgets.lstm as w; found = sys.modules[w.LSTM.__module__].forget_gate"), "lstm", NOT_YET),
    Attack("check's own reference", "the exercise's reference, out of lstmlib.check", MODEL.replace("found = {0}",
           "from lstmlib.check.checker import EXERCISES; e = EXERCISES['lstm.forget_gate']; found = e.reference"),
           "lstm", NOT_YET),
    Attack("check's family", "the right variant, out of lstmlib.check", MODEL.replace("found = {0}",
           "from lstmlib.check import lstm; found = lstm.EXERCISES[0].reference"), "lstm", NOT_YET),
    Attack("source on disk", "reads lstm.py", FILES.format(["lstmlib/lstm.py", "lstmlib/check/*.py"], b"EXERCISES"),
           "lstm", NOT_YET),
    Attack("compiled file", "reads lstm.pyc", FILES.format(
           ["lstmlib/__pycache__/lstm*.pyc", "lstmlib/check/__pycache__/*.pyc", "lstmlib/fast/__pycache__/*.pyc"], b"W_h"), "lstm", NOT_YET),
    Attack("inspect", "asks for the source of what is imported", """import inspect
try:
    import lstmlib.lstm, lstmlib.check
    text = inspect.getsource(lstmlib.lstm)
    print('REACHED' if 'W_h' in text else 'nothing', len(text))
except Exception as error:
    print('refused', error)
def forget_gate(*a): return 0
""", "lstm", NOT_YET),
    Attack("git objects", "takes the answers out of the history", """import glob, os, subprocess
import lstmlib
root = os.path.dirname(os.path.dirname(lstmlib.__file__))
found = glob.glob(root + '/.git') + glob.glob(root + '/solutions/*')
if found: print('REACHED', found)
def forget_gate(*a): return 0
""", "lstm", NOT_YET),
    Attack("gc for the reference", "looks for the class among all objects", """import gc, lstmlib.lstm
found = [x for x in gc.get_objects() if isinstance(x, type) and x.__name__ == 'LSTM']
if found: print('REACHED', found)
def forget_gate(*a): return 0
""", "lstm", NOT_YET),
]  # fmt: skip
