"""Stations: what ends, hangs or is killed costs one notebook, and limits hold for tests and whole submissions."""

import contextlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from lstmlib.grading.judge.crowd import Cluster, Crowd, CrowdError, judge_all
from lstmlib.grading.judge.environment import describe
from lstmlib.grading.judge.sandbox import SandboxError
from lstmlib.grading.judge.station import JudgingError, Sandboxes, Station
from lstmlib.grading.judge.task import Task

IN_CI = bool(os.environ.get("CI"))


@pytest.fixture(params=["process", "bubblewrap"])
def sandbox(request):
    if request.param == "bubblewrap" and not shutil.which("bwrap") and not IN_CI:
        pytest.skip("bubblewrap is not installed")
    return request.param


@pytest.fixture
def walls():
    if not shutil.which("bwrap") and not IN_CI:
        pytest.skip("bubblewrap is not installed")
    return "bubblewrap"


@pytest.fixture
def sandboxes():
    running = Sandboxes()
    yield running
    running.close()


@pytest.fixture
def station(sandboxes):
    started = Station(sandboxes)
    yield started
    started.close()
    started.end()


def task(sandbox, *cells, **more):
    """A task of student cells, given as texts, and tests, in lists."""
    listed = [
        {"name": f"cell {count}", "role": "test" if isinstance(cell, list) else "student", "source": "".join(cell)}
        for count, cell in enumerate(cells)
    ]
    return Task(listed, [], {}, sandbox=sandbox, **{"seconds": 10.0} | more)


def passed(result):
    return [not any(output["output_type"] == "error" for output in shown) for shown in result["outputs"]]


RIGHT = "def double(v):\n    return 2 * v", ["assert double(2) == 4"]


def test_a_station_judges_one_task_after_another(sandbox, station):
    assert passed(station.judge(task(sandbox, *RIGHT))) == [True, True]
    assert passed(station.judge(task(sandbox, "double = 3", ["assert double(2) == 4"]))) == [True, False]


def test_a_test_may_wait_for_something(sandbox, station):
    test = "import asyncio\nawait asyncio.sleep(0)\nassert f() == {}"
    cells = "def f():\n    return 2", [test.format(2)], [test.format(3)]
    assert passed(station.judge(task(sandbox, *cells))) == [True, True, False]


def test_nothing_that_a_test_leaves_behind_meets_the_next_notebook(sandbox, station):
    left = ["import sys, numpy\nsys.left = numpy.left = 1"]
    assert passed(station.judge(task(sandbox, left))) == [True]
    look = ["import sys, numpy\nassert not hasattr(sys, 'left') and not hasattr(numpy, 'left')"]
    assert passed(station.judge(task(sandbox, look))) == [True]


def test_a_killed_station_or_sandbox_is_started_again(sandbox, station, sandboxes):
    wanted = task(sandbox, *RIGHT)
    assert passed(station.judge(wanted)) == [True, True]
    station._process.kill()
    assert passed(station.judge(wanted)) == [True, True]
    sandboxes.of(wanted)[0]._process.kill()
    assert passed(station.judge(wanted)) == [True, True]


def test_a_task_that_ends_its_process_twice_is_told_and_the_station_goes_on(sandbox, station):
    with pytest.raises(JudgingError, match="ended with status"):
        station.judge(task(sandbox, ["import os\nos.kill(os.getpid(), 9)"]))
    assert passed(station.judge(task(sandbox, *RIGHT))) == [True, True]


def test_a_task_that_took_too_long_is_not_begun_again(sandbox, sandboxes, monkeypatch):
    answers = [b'{"failed": "a crash", "late": false}\n', b'{"failed": "too long", "late": true}\n', b"no third"]
    late, begun = Station(sandboxes), []
    monkeypatch.setattr(late, "start", begun.append)
    late._process = SimpleNamespace(stdin=io.BytesIO(), stdout=io.BytesIO(b"".join(answers)))
    with pytest.raises(JudgingError, match="too long"):
        late.judge(task(sandbox, "", ["1"]))
    assert len(begun) == 2
    late._process.stdout = io.BytesIO(answers[1] + answers[0])
    with pytest.raises(JudgingError, match="too long"):
        late.judge(task(sandbox, "", ["1"]))
    assert len(begun) == 3


def test_all_calls_of_a_test_together_have_a_time(sandbox, station):
    slow = "import time\ndef slow():\n    time.sleep(0.4)\n    return 1"
    calls = ["assert sum(slow() for _ in range(20)) == 20"]
    started = time.monotonic()
    result = station.judge(task(sandbox, slow, calls, ["assert slow() == 1"], seconds=1.5))
    assert passed(result) == [True, False, True]
    assert time.monotonic() - started < 20
    assert "the 1.5 seconds of this test" in str(result["outputs"][1])

TAKES = """import os, time
import numpy as np
took, (ready, done) = [], os.pipe()
for _ in range({count}):
    if os.fork() == 0:
        took.append(np.ones(2**25))  # 256 MiB
        os.write(done, b".")
        time.sleep(99)
for _ in range({count}):
    os.read(ready, 1)
time.sleep(1)
"""


def test_the_memory_of_a_room_is_that_of_all_its_processes(walls, station):
    right = task(walls, TAKES.format(count=2), ["assert len(took) == 0"], limits={"memory": 2**29})
    wrong = task(walls, TAKES.format(count=6), ["assert len(took) == 0"], limits={"memory": 2**29})
    assert passed(station.judge(right)) == [True, True]
    result = station.judge(wrong)
    assert passed(result) == [False, False]
    assert "it took too much memory" in str(result["evidence"])


def test_the_memory_of_a_neighbour_is_his_own(walls, sandboxes):
    stations, results = [Station(sandboxes) for _ in range(3)], []
    wanted = task(walls, TAKES.format(count=2), ["assert len(took) == 0"], limits={"memory": 2**29})
    threads = [threading.Thread(target=lambda each=each: results.append(each.judge(wanted))) for each in stations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in stations:
        each.end()
    assert [passed(result) for result in results] == [[True, True]] * 3


def test_what_a_test_shares_with_the_program_counts_for_both(walls, station):
    large = "import numpy as np\nheld = np.ones(2**25)\ndef first():\n    return held[0]"
    wait = ["import time\nassert first() == 1\ntime.sleep(0.5)\nassert first() == 1"]
    result = station.judge(task(walls, large, wait, limits={"memory": 2**29}))
    assert passed(result) == [True, True]


def test_a_program_that_leaves_no_process_for_a_test_is_told_so_at_once(walls, station):
    fill = "import os, time\ntry:\n    while True:\n        if os.fork() == 0:\n            time.sleep(99)\n" \
           "except OSError:\n    pass\nx = 1"
    started = time.monotonic()
    result = station.judge(task(walls, fill, ["assert x == 1"], seconds=30.0, limits={"processes": 24}))
    assert passed(result) == [True, False]
    assert "cannot be copied" in str(result["evidence"])
    assert time.monotonic() - started < 20


REFUSED = """import asyncio, mmap, os, socket
async def waits():
    await asyncio.sleep(0)
    return "waited"
def tries(what):
    try:
        return str(eval(what))
    except OSError as error:
        return type(error).__name__
got = [tries("mmap.mmap(-1, 4096)"), tries("mmap.mmap(open('/dev/zero', 'r+b').fileno(), 4096)"),
       tries("socket.socket(socket.AF_UNIX)"), tries("os.sched_setaffinity(0, os.sched_getaffinity(0))"),
       len(socket.socketpair()), asyncio.run(waits()),
       len(mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))]
"""


def test_memory_that_nobody_counts_sockets_and_other_cores_are_refused(walls, station):
    got = ["PermissionError", "OSError", "PermissionError", "PermissionError", 2, "waited", 4096]
    result = station.judge(task(walls, REFUSED, [f"print(got)\nassert got == {got}"]))
    assert passed(result) == [True, True], result["outputs"]


def test_a_room_that_cannot_be_made_leaves_the_others_alone(sandbox, station, sandboxes):
    wanted = task(sandbox, *RIGHT)
    box = sandboxes.of(wanted)[0]
    box.wait()
    for ends in (0, 1):
        mine, theirs = socket.socketpair()
        socket.send_fds(box._control, [b'{"cores": [], "also": [], "plain": false}'], [theirs.fileno()] * ends)
        theirs.close()
        if ends:
            assert b"TypeError" in mine.recv(10_000)
    assert passed(station.judge(wanted)) == [True, True]
    assert box.runs


def _only_child(process):
    """The number of the one child that a process has when its rooms have ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        if len(children) == 1:
            return int(children[0])
        time.sleep(0.1)
    raise AssertionError(f"expected one child, found {children}")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system has no such list of processes")
def test_what_a_notebook_names_is_loaded_again_by_another_fork_if_the_first_ends(station, sandboxes):
    right = "import sys\nloaded = 'tabnanny' in sys.modules", ["assert loaded"]
    wanted = task("process", *right, also=["import tabnanny"])
    assert passed(station.judge(wanted)) == [True, True]
    assert passed(station.judge(task("process", *right))) == [True, False]
    zygote = sandboxes.of(wanted)[0]._process.pid
    branch = _only_child(zygote)
    os.kill(branch, signal.SIGKILL)
    assert passed(station.judge(wanted)) == [True, True]
    assert _only_child(zygote) != branch


@pytest.mark.skipif(sys.platform != "linux", reason="nothing ends a process with its parent there")
def test_without_a_sandbox_too_nothing_stays_that_a_test_has_called(sandboxes, tmp_path):
    endless = f"import os\ndef f():\n    open('{tmp_path}/' + str(os.getpid()), 'w').close()\n    while True: pass"
    for kill in (lambda box: box.close(), lambda box: box._process.kill()):
        station = Station(sandboxes)
        wanted = task("process", endless, ["f()"])
        box = sandboxes.of(wanted)[0]
        threading.Thread(target=lambda each=station, what=wanted: _judge_in_vain(each, what)).start()
        while not (found := list(tmp_path.iterdir())):
            time.sleep(0.1)
        station.close()
        kill(box)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{found[0].name}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not Path(f"/proc/{found[0].name}").exists()
        station.end()
        found[0].unlink()


def _judge_in_vain(station, wanted):
    with contextlib.suppress(JudgingError, OSError):
        station.judge(wanted)


def test_a_room_holds_nothing_open_that_is_the_zygote_s(sandbox, station):
    look = "import os, stat\nkinds = []\nfor number in range(3, 300):\n    try:\n" \
           "        kinds.append(stat.S_ISSOCK(os.fstat(number).st_mode))\n    except OSError:\n        pass"
    result = station.judge(task(sandbox, look, ["assert kinds == [True, True]"]))  # its channel and its doors
    assert passed(result) == [True, True]


def test_a_whole_submission_has_a_time(sandbox, station):
    cells = ["import time\ntime.sleep(1)"] * 4
    result = station.judge(task(sandbox, *cells, "x = 1", ["assert x == 1"], seconds_in_all=1.5))
    assert passed(result)[0] and not any(passed(result)[2:])
    assert "whole submission is used up" in str(result["evidence"])


def test_a_program_that_crashes_again_and_again_takes_no_longer_than_its_time(sandbox, station):
    cells = [part for k in range(8) for part in (f"import time\ntime.sleep(0.3)\nx{k} = 1", "import os\nos._exit(1)")]
    started = time.monotonic()
    result = station.judge(task(sandbox, *cells, seconds_in_all=4.0))
    assert time.monotonic() - started < 25
    assert "whole submission is used up" in str(result["evidence"])


def test_a_crash_in_a_state_that_cannot_be_reached_again_is_the_student_s_own(sandbox, station):
    cells = ["import time\ntime.sleep(3)", "x = 1", "import os\nos._exit(0)", "y = 2"]
    result = station.judge(task(sandbox, *cells, ["assert x == 1"], seconds_in_all=5.0))
    assert passed(result)[:2] == [True, True]
    assert not any(passed(result)[3:])


def test_a_sandbox_outlives_the_thread_that_asked_for_it(sandbox, station, sandboxes):
    wanted, opened = task(sandbox, *RIGHT), []

    def ask():
        opened.extend(sandboxes.of(wanted))
        for box in opened:
            box.wait()

    asks = threading.Thread(target=ask)
    asks.start()
    asks.join()
    time.sleep(0.5)
    assert passed(station.judge(wanted)) == [True, True]
    assert all(box.runs for box in opened) and sandboxes.of(wanted) == opened


def test_a_sandbox_that_ends_during_a_test_is_no_fault_of_the_student_s(sandbox, station, sandboxes):
    slow = "import time\ndef slow():\n    time.sleep(2)\n    return 1"
    wanted = task(sandbox, slow, ["assert slow() == 1"])
    station.start(wanted)
    box = sandboxes.of(wanted)[0]
    box.wait()
    threading.Timer(1.5, box._process.kill).start()
    assert passed(station.judge(wanted)) == [True, True]


def test_a_crowd_can_be_closed_in_the_middle_of_a_cell(sandbox):
    crowd = Crowd(1)
    future = crowd.submit(task(sandbox, "import time\ntime.sleep(25)", seconds=100.0))
    time.sleep(4)
    started = time.monotonic()
    crowd.close()
    assert time.monotonic() - started < 8
    assert isinstance(future.exception(), JudgingError)


def test_a_test_that_itself_never_ends_is_given_up():
    start = "import time; from lstmlib.grading.judge.station import _apart"
    code = f"{start}; print(_apart(lambda: time.sleep(99), 1.0, 2**30))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as waiting:
        assert "took more than 1 seconds" in waiting.stdout.readline()


def test_a_sandbox_that_cannot_be_started_is_refused(station, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        station.judge(task("bubblewrap", *RIGHT))


def test_of_a_crowd_every_batch_comes_back_with_its_own_results(sandbox):
    crowd = Crowd(2)
    try:
        batches = [(k, [task(sandbox, f"x = {k}", [f"assert x == {k}"]) for _ in range(k % 3)]) for k in range(9)]
        results = dict(judge_all(batches, crowd))
    finally:
        crowd.close()
    assert {k: len(found) for k, found in results.items()} == {k: k % 3 for k in range(9)}
    assert all(passed(result) == [True, True] for found in results.values() for result in found)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not say which cores there are")
def test_judge_and_room_stay_on_one_core_and_a_crowd_uses_all(sandbox):
    here = sorted(os.sched_getaffinity(0))
    test = "import os\nprint(mine)\nassert mine == os.sched_getaffinity(0) and len(mine) == 1"
    cells = "import os\nmine = os.sched_getaffinity(0)", [test]
    crowd = Crowd(len(here))
    try:
        batches = [(k, [task(sandbox, *cells)]) for k in range(len(here))]
        crowd.start(batches[0][1][0])
        seen = [crowd._stations[k].judge(wanted) for k, (wanted,) in batches]
    finally:
        crowd.close()
    assert all(passed(result) == [True, True] for result in seen)
    assert [eval(result["outputs"][1][0]["text"]) for result in seen] == [{core} for core in here]


def test_a_worker_with_another_environment_is_refused():
    ours = describe()
    theirs = ours | {"installed": ours["installed"] | {"numpy": "1.0", "abacus": "2"}, "system": "elsewhere"}
    cluster = Cluster.__new__(Cluster)
    for found, refusal in (
        ({"a": ours | {"system": "elsewhere"}}, None),
        ({"a": ours, "b": theirs}, "the worker b as here; it differs in abacus, numpy"),
        ({"a": ours | {"python": "3.0"}}, "differs in python"),
        ({"a": ours | {"code": "0"}}, "differs in code"),
        (ModuleNotFoundError("No module named 'lstmlib'"), "this course on every worker.*No module named"),
    ):
        cluster._client = _Client(found)
        if refusal is None:
            cluster.start(task("process", *RIGHT))
        else:
            with pytest.raises(CrowdError, match=refusal):
                cluster.start(task("process", *RIGHT))


class _Client:
    def __init__(self, found):
        self.found = found

    def run(self, function, *arguments):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


STAY = """
import sys, time
from tests.test_station import Crowd, task
crowd = Crowd(1)
future = crowd.submit(task(sys.argv[1], "import time\\ntime.sleep(60)", seconds=100.0))
time.sleep(4)
print("there", flush=True)
time.sleep(60)
"""


def _descendants(number):
    found, new = set(), {number}
    while new:
        found |= new
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue
        new = {child for child, parent in parents.items() if parent in found} - found
    return found - {number}


def test_nothing_stays_when_whoever_started_it_is_killed(sandbox):
    process = subprocess.Popen([sys.executable, "-c", STAY, sandbox], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "there\n"
    below = _descendants(process.pid)
    assert len(below) >= 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{number}").exists() for number in below) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.stdout.close()
    assert [number for number in below if Path(f"/proc/{number}").exists()] == []
