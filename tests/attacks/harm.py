"""Attacks on the machine and on whoever comes next. Outside the sandbox none of them is run."""

from tests.attacks.attack import Attack

WRONG = "def add(a, b):\n    return 0\n"


def harm(name, tries, source, named="Assertion", **more):
    return Attack(name, tries, source, named=named, harmful=True, **more)


ATTACKS = [
    harm("kill the parent", "os.kill(os.getppid())", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" + WRONG),
    harm("kill all", "kill(-1), kill(1)", """import os, signal
for target in (-1, 1):
    try: os.kill(target, signal.SIGTERM)
    except OSError as error: print(error)
""" + WRONG, named="CellEnded|Error"),
    harm("kill from a call", "kills all that it sees while it is judged", """import os, signal
def add(a, b):
    os.kill(-1, signal.SIGKILL)
    return 0
""", named="RoomLostError|Error"),
    harm("kill the room from a call", "SIGSTOP to the room", """import os, signal
def add(a, b):
    os.kill(os.getppid(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
""", named="Timeout|Error", seconds=1),
    harm("daemon", "a process that outlives the run", """import subprocess
subprocess.Popen(['sleep', '77.@PORT@'], start_new_session=True)
def add(a, b):
    subprocess.Popen(['sleep', '77.@PORT@'], start_new_session=True)
    return 0
"""),
    harm("fork bomb", "300 forks", """import os, time
made = 0
for _ in range(300):
    try:
        if os.fork() == 0:
            time.sleep(20); os._exit(0)
        made += 1
    except OSError as error:
        print(error); break
print('REACHED' if made > 60 else 'forks:', made)
""" + WRONG, named="RoomLostError|Error"),
    harm("memory bomb", "4 gigabytes", "x = bytearray(4 * 2**30)\n" + WRONG, named="MemoryError"),
    harm("memory file", "memory that belongs to no process", """import os
try:
    f = os.memfd_create('m'); print('REACHED', f)
except OSError as error:
    print(error)
""" + WRONG, named="not permitted"),
    harm("System V memory", "a segment that outlives its maker", """import ctypes
print('REACHED' if ctypes.CDLL(None).shmget(0, 4096, 0o1600) >= 0 else 'refused')
""" + WRONG, named="refused"),
    harm("disk filling", "200 megabytes in each folder", """import os
for folder in ('/tmp', '/dev/shm', '.', '/var/tmp', '/'):
    try:
        for k in range(4):
            with open(os.path.join(folder, f'big{k}'), 'wb') as f: f.write(bytes(50 * 2**20))
        print('REACHED', folder)
    except OSError as error:
        print(error)
""" + WRONG, named="No space"),
    harm("endless cell", "a loop that catches everything", """import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException: pass
""", named="CellEnded", seconds=0.5),
    harm("file for the next one", "leaves a file and a fake numpy for the next submission", """import os
for folder in ('/tmp', '.', '/dev/shm', '/home', '/var/tmp', '/judge'):
    try:
        if os.path.exists(folder + '/left-behind.py'): print('REACHED', folder)
        open(folder + '/left-behind.py', 'w').write('x')
    except OSError as error:
        print(error)
""" + WRONG),
    harm("fills standard error", "blocks whoever shares it", """import os
os.set_blocking(2, False)
try: n = sum(os.write(2, b'x' * 4096) for _ in range(1000))
except BlockingIOError: print('REACHED a pipe of others')
""" + WRONG),
]  # fmt: skip
