"""Attacks on the line between the student's process and the grader, from cells and from judged calls."""

from tests.attacks.attack import Attack

SOCKETS = """
import json, os, socket, stat, struct
def sockets():
    found = []
    for number in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                found.append(socket.socket(fileno=os.dup(number)))
        except OSError:
            pass
    return found
def frame(head, text=None):
    text = json.dumps(head).encode() if text is None else text
    return struct.pack('>II', len(text), 0) + text
def forge(data):
    for s in sockets():
        try:
            s.settimeout(1)
            s.sendall(data)
        except OSError:
            pass
def add(a, b):
    return 0
"""
IN_CALL = SOCKETS + "def add(a, b):\n    forge({})\n    import time; time.sleep(0.2)\n    return 0\n"
OUTPUTS = '[1, None, {"output_type": "nonsense"}, {"output_type": "stream", "text": 5}, {"output_type": "execute_result", ' \
          '"data": {"text/plain": 7, "application/javascript": "alert(1)", "image/png": "\\"><script>"}}]'  # fmt: skip


def in_call(head):
    """A cell whose function writes this reply itself."""
    return IN_CALL.format(f"frame({head})")


ATTACKS = [
    Attack("forged outputs", "a reply of its own under a cell: what no notebook can hold",
           SOCKETS + f"forge(frame({{'outputs': {OUTPUTS.replace('null', 'None')}, 'success': True}}))\n",
           named="RoomLostError|AssertionError", harmful=True),  # as for the next
    Attack("forged replies, many", "answers for requests to come",
           SOCKETS + "for _ in range(50): forge(frame({'outputs': [], 'success': True, 'value': 42}))\n",
           named="RoomLostError|AssertionError", harmful=True),  # found out only if it comes before its question
    Attack("forged value", "a value that equals all", in_call("{'value': ['remote', 0, {'kind': 'object', 'type': 'int', "
           "'name': 'x', 'doc': None, 'callable': True}]}"), named="Assertion", harmful=True),
    Attack("forged id", "overwrites what the grader holds", in_call("{'value': 0, 'changed': [[1, 'list', ['list', 1, []]], "
           "[2, 'dict', ['tuple', []]], [0, 'array', None]]}"), named="Error|fit", harmful=True),
    Attack("forged array", "a dtype of objects, a negative and a huge shape",
           in_call("{'value': ['array', 1, '|O', [-5, 2**62], 0, True]}"), named="malformed|expected", harmful=True),
    Attack("forged big dtype", "an array of texts of a gigabyte",
           in_call("{'value': ['array', 1, '<U500000000', [0], 0, True]}"), named="malformed|expected", harmful=True),
    Attack("forged generator", "a state of which NumPy reads beyond its end",
           in_call("{'value': ['rng', 1, 'MT19937', ['dict', 2, [['bit_generator', 'MT19937'], ['state', ['dict', 3, "
           "[['key', ['list', 4, [1] * 624]], ['pos', 10**9]]]]]]]}"), named="no such state", harmful=True),
    Attack("half a statement", "an error that IPython can't format, behind a flood that leaves no room for others", """
import sys
frames = sys.modules['judging_room.frames']
send = frames.Channel.send
def louder(self, head, *rest, **named):
    if 'error' in head:
        head['printed'] = 'x' * 1_000_001
    return send(self, head, *rest, **named)
frames.Channel.send = louder
def add(a, b):
    raise ValueError(
        'no')
""", named="ValueError"),
    Attack("forged traceback", "a hundred thousand files of a hundred thousand lines",
           in_call("{'error': {'name': 'ValueError', 'ancestors': ['ValueError'], 'message': 'm', 'frames': "
           "[['<f%d>' % k, 99999, 'f', 'x'] for k in range(100000)]}}"), named="ValueError", harmful=True),
    Attack("forged error", "the kind of error that ends the grader",
           in_call("{'error': {'name': 'KeyboardInterrupt', 'ancestors': ['KeyboardInterrupt'], 'message': 5, 'frames': 7}}"),
           named="KeyboardInterrupt", harmful=True),
    Attack("forged garbage", "no message at all", IN_CALL.format("b'\\xff' * 4000"), named="RoomLostError|expected", harmful=True),
    Attack("forged depth", "JSON nested a million deep",
           IN_CALL.format("frame({}, b'[' * 100000)"), named="RoomLostError|expected", harmful=True),
    Attack("forged call back", "asks the grader for objects that it did not lend",
           in_call("{'callback': 'get', 'key': -1, 'name': 'os', 'arguments': [], 'named': {}}"), named="Error", harmful=True),
    Attack("oversized reply", "a text of 80 megabytes", "def add(a, b):\n    return 'x' * 80_000_000\n", named="Error"),
    Attack("deep reply", "a list nested 10,000 deep",
           "def add(a, b):\n    x = []\n    for _ in range(10000): x = [x]\n    return x\n", named="nested|Error"),
    Attack("flood", "prints without end",
           "for _ in range(2000): print('x' * 10000)\ndef add(a, b):\n    for _ in range(200): print('y' * 10000)\n    return 0\n",
           named="output cut|Assertion"),
    Attack("terminal escapes", "output that moves the cursor, half characters and scripts", """print('\\x1b[2J\\x1b]0;owned\\x07 \\ud800 <script>alert(1)</script>')
from IPython.display import HTML, display
display(HTML('<script>alert(1)</script>'))
def add(a, b):
    print('\\x1b[2J \\ud800')
    return '\\ud800'
"""),
]  # fmt: skip
