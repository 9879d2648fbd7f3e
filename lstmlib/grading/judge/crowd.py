"""Having many notebooks judged at the same time, on this machine or on a Dask cluster."""

import concurrent.futures
import threading

from lstmlib.grading.judge.environment import describe
from lstmlib.grading.judge.station import Sandboxes, Station
from lstmlib.grading.room.cores import present

AHEAD = 3  # tasks that wait for each station: it never waits for one, and few are in memory


class CrowdError(RuntimeError):
    """Nobody is there to judge; the message says what to do."""


class Crowd:
    """Stations of this process, each with a thread and a core.

    Parameters
    ----------
    at_once : int
    """

    def __init__(self, at_once):
        self.at_once, self._sandboxes = at_once, Sandboxes()
        cores = [[core] for core in present()] or [[]]
        self._stations = [Station(self._sandboxes, cores[number % len(cores)]) for number in range(at_once)]
        self._free, self._taken = list(self._stations), threading.Lock()
        self._pool = concurrent.futures.ThreadPoolExecutor(at_once)

    def start(self, task):
        """Start all stations, for tasks such as this one.

        Raises
        ------
        SandboxError
            If there is no sandbox.
        """
        for station in self._stations:
            station.start(task)

    def submit(self, task):
        """Have a task judged; return a future of what `Station.judge` gives."""
        return self._pool.submit(self._judge, task)

    def _judge(self, task):
        with self._taken:
            station = self._free.pop()
        try:
            return station.judge(task)
        finally:
            with self._taken:
                self._free.append(station)

    def close(self):
        """End all, whatever they are doing."""
        for station in self._stations:
            station.close()
        self._pool.shutdown(cancel_futures=True)
        for station in self._stations:
            station.end()
        self._sandboxes.close()


class Cluster:
    """The workers of a Dask cluster.

    They need what this machine needs: this package, the packages of the course, and bubblewrap.

    Parameters
    ----------
    scheduler : str
        Address, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    CrowdError
        If there is no such scheduler, it has no workers, or Dask is not installed.
    """

    def __init__(self, scheduler):
        try:
            from distributed import Client
        except ImportError:
            raise CrowdError(
                "c.Judge.scheduler names a Dask scheduler, but Dask is not installed. "
                "In the folder of the course: pip install -e '.[cluster]'"
            ) from None
        try:
            self._client = Client(scheduler, timeout="10s", set_as_default=False)
        except (OSError, ValueError) as error:
            raise CrowdError(f"Expected a Dask scheduler at c.Judge.scheduler, {scheduler}: {error}") from None
        self.at_once = sum(self._client.nthreads().values())
        if not self.at_once:
            self.close()
            raise CrowdError(f"Expected workers at the Dask scheduler {scheduler}; there is none.")

    def start(self, task):
        """Look at the workers; their stations start when the first task comes.

        Raises
        ------
        CrowdError
            If what is installed on one is not what is installed here: marks would depend on who gave them.
        """
        ours = describe(task.packages)
        try:
            found = self._client.run(describe, task.packages)
        except Exception as error:  # whatever a worker raised
            raise CrowdError(f"Expected this course on every worker of the Dask cluster: {error}") from None
        for worker, theirs in found.items():
            differing = [what for what in ("python", "code") if theirs[what] != ours[what]] + sorted(
                name
                for name in ours["installed"].keys() | theirs["installed"].keys()
                if ours["installed"].get(name) != theirs["installed"].get(name)
            )
            if differing:
                raise CrowdError(
                    f"Expected the same environment on the worker {worker} as here; "
                    f"it differs in {', '.join(differing[:10])}. Install requirements.txt and this course on both."
                )

    def submit(self, task):
        """Have a task judged; return a future. Dask gives the tasks of a worker that is lost to others."""
        return _Future(self._client.submit(judge_here, task, pure=False))

    def close(self):
        """Leave the cluster."""
        self._client.close()


class _Future(concurrent.futures.Future):
    """A future of Dask's as one that `concurrent.futures.wait` knows."""

    def __init__(self, theirs):
        super().__init__()
        theirs.add_done_callback(self._take)

    def _take(self, theirs):
        error = theirs.exception()
        if error is not None:
            self.set_exception(error)
        else:
            self.set_result(theirs.result())


def judge_here(task):
    """Have a task judged by the station of this thread, and start that if there is none: what a Dask worker does."""
    if not hasattr(_own, "station"):
        _own.station = Station(_sandboxes)
    return _own.station.judge(task)


_own, _sandboxes = threading.local(), Sandboxes()


def make_crowd(at_once, scheduler=""):
    """A `Crowd`, or the `Cluster` of a scheduler; whoever asks for it closes it."""
    return Cluster(scheduler) if scheduler else Crowd(at_once)


def judge_all(batches, crowd):
    """Judge batches of tasks; give each batch back as soon as all of it is judged.

    Parameters
    ----------
    batches : iterable of (object, list of Task)
        Taken as far ahead as it needs to keep everybody busy. A batch may be empty.
    crowd : Crowd or Cluster

    Yields
    ------
    object
    list of (dict or Exception)
        The results in the order of the tasks; see `lstmlib.grading.judge.station.Station.judge`.
    """
    waiting: dict[int, tuple] = {}
    count, batches, more = 0, iter(batches), True
    while waiting or more:
        while more and sum(len(waiting[key][1]) for key in waiting) <= AHEAD * crowd.at_once:
            batch = next(batches, None)
            if batch is None:
                more = False
            elif batch[1]:
                count += 1
                waiting[count] = batch[0], [crowd.submit(task) for task in batch[1]]
            else:
                yield batch[0], []
        done = [key for key, (_, futures) in waiting.items() if all(future.done() for future in futures)]
        for key in done:
            label, futures = waiting.pop(key)
            yield label, [_outcome(future) for future in futures]
        if waiting and not done:
            unfinished = [future for _, futures in waiting.values() for future in futures if not future.done()]
            concurrent.futures.wait(unfinished, return_when=concurrent.futures.FIRST_COMPLETED)


def _outcome(future):
    try:
        return future.result()
    except Exception as error:
        return error
