"""Threads, processes and forks share a store; a kill in the middle of writing damages nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from csc_dspy.stores import JSONStore

ROOT = Path(__file__).parents[2]
MakeStore = Callable[..., JSONStore]
BATCH = 50
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="forking is what is tested")


def batch(number: int) -> dict[bytes, object]:
    return {f"{number}.{place}".encode(): [number, "long " * 200] for place in range(BATCH)}


def kept(store: JSONStore, number: int) -> int:
    """How many values of a batch are there."""
    return sum(store.get(key) == value for key, value in batch(number).items())


def is_whole(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


def connections(database: Path) -> int:
    """How often this process has the database open."""
    opened = Path("/proc/self/fd")
    return sum(each.exists() and each.resolve() == database.resolve() for each in opened.iterdir())


def test_threads_share_a_store(store: MakeStore) -> None:
    mine = store()

    def work(number: int) -> int:
        mine.put(batch(number))
        return kept(mine, number)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [BATCH] * 40
    assert [kept(mine, number) for number in range(40)] == [BATCH] * 40


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_threads_leave_no_connections(store: MakeStore, database: Path) -> None:
    mine = store()

    def use() -> None:
        mine.put({b"key": 1})
        assert mine.get(b"key") == 1

    for number in range(20):
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        assert connections(database) == 2, number
    mine.close()
    assert connections(database) == 0


def test_reading_goes_on_while_another_writes(store: MakeStore, database: Path) -> None:
    mine = store()
    mine.put({b"key": 1})
    with ThreadPoolExecutor(1) as pool:
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("DELETE FROM Cache")
            waiting = pool.submit(mine.put, {b"other": 2})
            assert [mine.get(b"key") for _ in range(100)] == [1] * 100
            assert not waiting.done()
            other.execute("COMMIT")
        waiting.result(timeout=30)
    assert (mine.get(b"key"), mine.get(b"other")) == (None, 2)


WORKER = """
import sys
from pathlib import Path
from csc_dspy.stores import JSONStore
from tests.stores.test_sharing import batch

store = JSONStore(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    print(number, flush=True)
    store.put(batch(number))
"""


def worker(folder: Path, begin: int, end: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), str(begin), str(end)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def test_processes_begin_and_fill_a_store_together(store: MakeStore, folder: Path, database: Path) -> None:
    workers = [worker(folder, 10 * number, 10 * number + 10) for number in range(4)]
    assert [len(each.communicate(timeout=60)[0].split()) for each in workers] == [10] * 4
    assert [each.returncode for each in workers] == [0] * 4
    assert [kept(store(), number) for number in range(40)] == [BATCH] * 40
    assert is_whole(database)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="killing is what is tested")
def test_a_batch_that_a_kill_cuts_off_is_not_there(store: MakeStore, folder: Path, database: Path) -> None:
    for begin in (0, 1_000_000, 2_000_000):
        process = worker(folder, begin, 10**9)
        assert process.stdout is not None
        line = ""
        for _ in range(10 + begin // 100_000):
            line = process.stdout.readline()
        process.kill()
        reached = int((process.communicate(timeout=60)[0].split() or [line])[-1])
        found = [kept(store(), number) for number in range(begin, reached + 1)]
        assert found[:-1] == [BATCH] * (len(found) - 1)
        assert found[-1] in {0, BATCH}
        assert is_whole(database)


def forked(work: Callable[[], bool]) -> int:
    """The process id of a child that works and then ends, with 0 if the result is true."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        code = 0 if work() else 2
    finally:
        os._exit(code)


@FORKS
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_no_connection_goes_through_a_fork(store: MakeStore, database: Path) -> None:
    mine = store()
    mine.put({b"key": 1})

    def work() -> bool:
        inherited = connections(database)
        found = mine.get(b"key")
        return (inherited, found, connections(database)) == (0, 1, 1)

    assert os.waitpid(forked(work), 0)[1] == 0
    assert mine.get(b"key") == 1


@FORKS
def test_a_child_outlives_its_parents_store(store: MakeStore, database: Path) -> None:
    mine = store()
    mine.put(batch(0))
    told, tell = os.pipe()

    def work() -> bool:
        mine.put(batch(1))
        os.read(told, 1)
        # The parent and a third, all of whose connections were the last for all they knew, are gone.
        mine.put(batch(2))
        return [kept(mine, number) for number in range(4)] == [BATCH] * 4

    child = forked(work)
    mine.close()
    other = store()
    other.put(batch(3))
    other.close()
    os.write(tell, b"!")
    assert os.waitpid(child, 0)[1] == 0
    os.close(told)
    os.close(tell)
    assert [kept(store(), number) for number in range(4)] == [BATCH] * 4
    assert is_whole(database)


@FORKS
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forking_in_the_middle_of_writing_and_reading(store: MakeStore, database: Path) -> None:
    mine = store()
    mine.put(batch(0))
    stop = threading.Event()

    def write() -> int:
        number = 1
        while not stop.is_set():
            mine.put(batch(number))
            number += 1
        return number

    def read() -> None:
        while not stop.is_set():
            assert kept(mine, 0) == BATCH

    def work(number: int) -> bool:
        mine.put(batch(number))
        return kept(mine, number) == BATCH

    with ThreadPoolExecutor(3) as pool:
        writing, reading = pool.submit(write), [pool.submit(read) for _ in range(2)]
        children = [forked(partial(work, number)) for number in range(10**6, 10**6 + 12)]
        ended = [os.waitpid(child, 0)[1] for child in children]
        stop.set()
        written = writing.result(timeout=30)
        for each in reading:
            each.result(timeout=30)
    assert ended == [0] * 12
    numbers = [*range(written), *range(10**6, 10**6 + 12)]
    assert [kept(mine, number) for number in numbers] == [BATCH] * len(numbers)
    assert is_whole(database)
