"""Having many notebooks judged at the same time, on this machine or on a Dask cluster."""

import concurrent.futures
import contextlib

from lstmlib.grading.judge.station import close_stations, judge_in_station

AHEAD = 3  # tasks that wait for each station: it never waits for one, and few are in memory


@contextlib.contextmanager
def open_crowd(workers, scheduler=""):
    """Give an executor of tasks, and how many it works on at the same time.

    Parameters
    ----------
    workers : int
        On this machine.
    scheduler : str
        Address of a Dask scheduler; its workers judge instead. They need what this machine needs: this package, the
        packages of the course, and bubblewrap.
    """
    if scheduler:
        try:
            from distributed import Client
        except ImportError:
            raise RuntimeError(
                "c.Judge.scheduler names a Dask scheduler, but Dask is not installed: pip install 'lstmlib[cluster]'"
            ) from None
        with Client(scheduler, timeout="30s", set_as_default=False) as client:
            threads = sum(client.nthreads().values())
            if not threads:
                raise RuntimeError(f"Expected workers at the Dask scheduler {scheduler}; there is none.")
            yield client.get_executor(pure=False), threads
        return
    pool = concurrent.futures.ThreadPoolExecutor(workers)
    try:
        yield pool, workers
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        close_stations()


def judge_all(batches, executor, at_once):
    """Judge batches of tasks; give each batch back as soon as all of it is judged.

    Parameters
    ----------
    batches : iterable of (object, list of Task)
        Taken as far ahead as it needs to keep everybody busy. A batch may be empty.
    executor : concurrent.futures.Executor
    at_once : int

    Yields
    ------
    object
    list of (dict or Exception)
        The results in the order of the tasks; see `lstmlib.grading.judge.station.Station.judge`.
    """
    waiting, batches, more = {}, iter(batches), True
    while waiting or more:
        while more and sum(len(futures) for _, futures in waiting.values()) <= AHEAD * at_once:
            batch = next(batches, None)
            if batch is None:
                more = False
            elif batch[1]:
                waiting[id(batch)] = batch[0], [executor.submit(judge_in_station, task) for task in batch[1]]
            else:
                yield batch[0], []
        done = [key for key, (_, futures) in waiting.items() if all(future.done() for future in futures)]
        for key in done:
            label, futures = waiting.pop(key)
            yield label, [_outcome(future) for future in futures]
        if waiting and not done:
            concurrent.futures.wait(
                [future for _, futures in waiting.values() for future in futures if not future.done()],
                return_when=concurrent.futures.FIRST_COMPLETED,
            )


def _outcome(future):
    try:
        return future.result()
    except Exception as error:
        return error
