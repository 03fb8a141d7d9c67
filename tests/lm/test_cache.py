"""Answers are kept, found again under exactly what they depend on, and shared by all who use the folder."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import Config, Message, Request, Response

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.budget import Budget
from csc_dspy.lm.cache import STORE, ResponseCache, borrow_cache, key_of, return_cache
from csc_dspy.lm.cached import CachedEngine
from csc_dspy.lm.metered import MeteredEngine, Terms
from tests.lm.small_engine import SmallEngine, request

ROOT = Path(__file__).parents[2]
DATABASE = Path(STORE) / "cache.db"
AS_IT_IS, AS_PICKLE = 1, 4
"""How a row of diskcache says that its value is to be read."""
MakeEngine = Callable[..., CachedEngine]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def engine(folder: Path) -> Iterator[MakeEngine]:
    """Engines over the cache in the folder, closed at the end of the test."""
    made = []

    def make(inner: SmallEngine, fingerprint: str = "here", budget: Budget | None = None) -> CachedEngine:
        metered = MeteredEngine(inner, Terms("openai/small", budget or Budget(), None))
        made.append(CachedEngine(metered, borrow_cache(folder), fingerprint))
        return made[-1]

    yield make
    for each in made:
        each.close()


def texts(engine: CachedEngine, *requests: Request) -> list[str | None]:
    return [engine.complete(each).text for each in requests]


def test_an_answer_is_found_again(engine: MakeEngine) -> None:
    inner, budget = SmallEngine(), Budget()
    first = engine(inner, budget=budget)
    assert texts(first, request("a"), request("b"), request("a"), request("a")) == [
        *("answer 1", "answer 2", "answer 1", "answer 1")
    ]
    first.close()
    again = engine(inner, budget=budget)
    assert texts(again, request("b"), request("a")) == ["answer 2", "answer 1"]
    assert asyncio.run(again.asynchronous.complete(request("a"))).text == "answer 1"
    assert (len(inner.asked), budget.usage.calls, budget.usage.cached_answers) == (2, 2, 5)


def test_an_answer_from_the_cache_took_no_tokens(engine: MakeEngine) -> None:
    mine = engine(SmallEngine())
    assert mine.complete(request()).usage.input_tokens == 10
    assert mine.complete(request()).usage.input_tokens is None
    mine.close()
    assert engine(SmallEngine()).complete(request()).usage.input_tokens is None


@pytest.mark.parametrize(
    "other",
    [
        request(temperature=0.5),
        request(temperature=None),
        request(max_tokens=7),
        request(seed=1),
        request(top_p=0.5),
        request(stop=("x",)),
        request(extensions={"min_p": 0.1}),
        request("hello "),
        replace(request(), model="openai/other"),
        replace(request(), system="Be brief."),
        replace(request(), messages=(Message.assistant("hello"), Message.user("hello"))),
    ],
)
def test_all_that_an_answer_depends_on_is_in_its_key(engine: MakeEngine, other: Request) -> None:
    mine = engine(SmallEngine())
    assert texts(mine, request(), other, request(), other) == ["answer 1", "answer 2", "answer 1", "answer 2"]


def test_engines_do_not_share_answers_unless_they_are_alike(engine: MakeEngine) -> None:
    here, there = SmallEngine(), SmallEngine()
    engine(here, "http://here/v1").complete(request())
    engine(there, "http://there/v1").complete(request())
    engine(there, "http://here/v1").complete(request())
    assert (len(here.asked), len(there.asked)) == (1, 1)


def test_a_key_is_the_same_in_every_process() -> None:
    program = (
        "from tests.lm.small_engine import request\n"
        "from csc_dspy.lm.cache import key_of\n"
        "print(key_of('here', request('您好 😀', seed=3)).hex())"
    )
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert ran.stdout.strip() == key_of("here", request("您好 😀", seed=3)).hex()


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_answers_that_are_not_whole_are_not_kept(engine: MakeEngine, reason: str) -> None:
    inner = SmallEngine(finish_reason=reason)
    mine = engine(inner)
    assert texts(mine, request(), request()) == ["answer 1", "answer 2"]
    for _ in range(2):
        list(mine.stream(request()))
    assert len(inner.asked) == 4


def test_failures_are_not_kept(engine: MakeEngine) -> None:
    def fail_first(number: int) -> None:
        if number == 1:
            raise ConnectionError

    mine = engine(SmallEngine(before=fail_first))
    with pytest.raises(ConnectionError):
        mine.complete(request())
    assert texts(mine, request(), request()) == ["answer 2", "answer 2"]


def test_streams_and_whole_answers_find_each_other(engine: MakeEngine) -> None:
    inner = SmallEngine()
    mine = engine(inner)

    async def follow(text: str) -> list[Any]:
        return [event async for event in mine.asynchronous.stream(request(text))]

    def written(events: list[Any]) -> str:
        return "".join(event.delta.text for event in events if event.type == "delta")

    assert written(list(mine.stream(request("a")))) == "answer 1"
    assert written(asyncio.run(follow("a"))) == "answer 1"
    assert texts(mine, request("a")) == ["answer 1"]
    assert written(asyncio.run(follow("b"))) == "answer 2"
    assert texts(mine, request("b")) == ["answer 2"]
    broken_off = mine.stream(request("c"))
    next(broken_off)
    broken_off.close()
    assert written(list(mine.stream(request("c")))) == "answer 4"
    assert len(inner.asked) == 4


def test_every_kind_of_text_survives(engine: MakeEngine) -> None:
    class Odd(SmallEngine):
        def answer(self, number: int) -> Response:
            return replace(
                super().answer(number), message=Message.assistant("您好\u2028😀\0\ud83d[[ ## x ## ]]")
            )

    first = engine(Odd())
    answer = first.complete(request()).message
    first.close()
    assert engine(SmallEngine()).complete(request()).message == answer


def test_only_the_owner_can_look_in(engine: MakeEngine, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    mine = engine(SmallEngine())
    mine.complete(request())
    mine.close()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {path: 0o700 if path.is_dir() else 0o600 for path in modes}
    assert folder / DATABASE in modes


def test_the_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        ResponseCache(folder)


def test_what_is_no_folder_is_refused(folder: Path) -> None:
    folder.write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"cannot be used.*--no-cache"):
        ResponseCache(folder)


class Planted:
    """Pickles to something that makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    ("mode", "as_text"), [(AS_PICKLE, False), (AS_PICKLE, True), (AS_IT_IS, False), (AS_IT_IS, True)]
)
def test_a_planted_pickle_is_not_executed(
    engine: MakeEngine, folder: Path, tmp_path: Path, mode: int, as_text: bool
) -> None:
    trap = tmp_path / "executed"
    pickled = pickle.dumps(Planted(trap), protocol=0)
    plant(folder, engine, pickled.decode() if as_text else pickled, mode)
    inner = SmallEngine()
    again = engine(inner)
    assert texts(again, request(), request()) == ["answer 1", "answer 1"]
    assert len(inner.asked) == 1
    assert not trap.exists()
    pickle.loads(pickled)
    assert trap.exists()


@pytest.mark.parametrize(
    "nonsense", [b"", b"{", b"[]", b"{}", b'{"message": 1}', b"null", b"\xff\xfe", b"[" * 100_000, 7, "text"]
)
def test_what_is_no_answer_is_asked_for_again(engine: MakeEngine, folder: Path, nonsense: object) -> None:
    plant(folder, engine, nonsense)
    again = engine(SmallEngine())
    assert texts(again, request()) == ["answer 1"]
    again.close()
    assert texts(engine(SmallEngine(before=unexpected)), request()) == ["answer 1"]


def plant(folder: Path, engine: MakeEngine, value: object, mode: int = AS_IT_IS) -> None:
    """Put a value in the place of the answer to `request`."""
    first = engine(SmallEngine())
    first.complete(request())
    first.close()
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        changed = database.execute("UPDATE Cache SET value = ?, mode = ?", (value, mode))
        assert changed.rowcount == 1


def unexpected(number: int) -> None:
    raise AssertionError(f"call {number} was not expected")


def test_a_damaged_file_is_set_aside(engine: MakeEngine, folder: Path) -> None:
    damaged = folder / DATABASE
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"no database " * 1000)
    mine = engine(SmallEngine())
    assert texts(mine, request(), request()) == ["answer 1", "answer 1"]
    assert damaged.with_suffix(".damaged").read_bytes() == b"no database " * 1000


def test_the_file_stays_within_its_limit_and_keeps_the_newest(folder: Path) -> None:
    limit = 400_000
    long = SmallEngine().answer(1)
    long = replace(long, message=Message.assistant("long " * 400))
    cache = ResponseCache(folder, size_limit=limit)
    keys = [key_of("here", request(str(number))) for number in range(600)]
    for key in keys:
        cache.put(key, long)
        if key in keys[::50]:
            cache.flush()
    cache.close()
    assert (folder / DATABASE).stat().st_size < 2 * limit
    with closing(ResponseCache(folder)) as again:
        kept = [again.get(key) is not None for key in keys]
    # The newest, without a gap.
    assert kept == sorted(kept)
    assert 30 < sum(kept) < 300


WORKER = """
import sys
from pathlib import Path
from tests.lm.small_engine import SmallEngine, request
from csc_dspy.lm.budget import Budget
from csc_dspy.lm.cache import borrow_cache
from csc_dspy.lm.cached import CachedEngine
from csc_dspy.lm.metered import MeteredEngine, Terms

folder, begin, end = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
metered = MeteredEngine(SmallEngine(), Terms("openai/small", Budget(), None))
engine = CachedEngine(metered, borrow_cache(folder), "here")
for number in range(begin, end):
    engine.complete(request(str(number)))
    print(number, flush=True)
"""


def worker(folder: Path, begin: int, end: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), str(begin), str(end)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def kept(folder: Path, numbers: range) -> list[int]:
    with closing(ResponseCache(folder)) as cache:
        return [number for number in numbers if cache.get(key_of("here", request(str(number))))]


def test_processes_share_a_folder_and_write_even_if_nobody_closes(folder: Path) -> None:
    workers = [worker(folder, 100 * number, 100 * number + 100) for number in range(3)]
    assert [each.wait(timeout=60) for each in workers] == [0, 0, 0]
    for each in workers:
        assert each.stdout is not None
        each.stdout.close()
    assert kept(folder, range(300)) == list(range(300))


def test_a_killed_process_damages_nothing(folder: Path) -> None:
    process = worker(folder, 0, 10**9)
    assert process.stdout is not None
    # Long enough for some answers to be on disk, and to be in the middle of writing more.
    while not kept(folder, range(1)):
        time.sleep(0.05)
    reached = int(process.stdout.readline())
    time.sleep(0.7)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    reached = max([reached, *map(int, process.stdout.read().split())])
    process.stdout.close()
    found = kept(folder, range(reached + 2))
    assert found == list(range(len(found)))
    assert len(found) > 1
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forking is what is tested")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_uses_the_cache_by_itself(engine: MakeEngine) -> None:
    mine = engine(SmallEngine())
    mine.complete(request("before"))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert texts(mine, request("in the child"), request("in the child")) == ["answer 2", "answer 2"]
            mine.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert texts(mine, request("before"), request("in the child")) == ["answer 1", "answer 2"]


def test_the_last_user_closes_the_cache(folder: Path) -> None:
    one, two = borrow_cache(folder), borrow_cache(folder)
    assert one is two
    one.put(key_of("here", request()), SmallEngine().answer(1))
    return_cache(one)
    assert kept(folder, range(0)) == []
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        (stored,) = database.execute("SELECT value FROM Cache").fetchone()
    assert json.loads(stored)["message"]["parts"][0]["text"] == "answer 1"
    assert two.get(key_of("here", request())) is not None
    return_cache(two)
    assert two.get(key_of("here", request())) is None
    assert borrow_cache(folder) is not two
    return_cache(borrow_cache(folder))


def test_a_disk_that_refuses_costs_no_answers(engine: MakeEngine, folder: Path) -> None:
    mine = engine(SmallEngine())
    mine.complete(request("first"))
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        database.execute("DROP TABLE Cache")
    assert texts(mine, request("a"), request("b")) == ["answer 2", "answer 3"]


def test_an_empty_configuration_is_not_that_of_another(engine: MakeEngine) -> None:
    mine = engine(SmallEngine())
    plain = replace(request(), config=Config())
    assert texts(mine, plain, request()) == ["answer 1", "answer 2"]
