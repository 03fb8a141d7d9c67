"""What somebody planted in the file is not executed, not believed, and reaches no other file.

Every trap is shown to work: plain diskcache walks into it.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import diskcache
import pytest

from csc_dspy.stores import JSONStore
from csc_dspy.stores._database import Database

MakeStore = Callable[..., JSONStore]
Change = Callable[..., int]
BINARY_FILE, TEXT_FILE, PICKLE = 2, 3, 4
"""How a row of diskcache says that its value is to be read."""


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    return tmp_path / "executed"


@pytest.fixture
def kept(store: MakeStore) -> None:
    """A value under the key "key"."""
    mine = store()
    mine.put({b"key": "value"})
    mine.close()


@pytest.fixture
def plain(folder: Path) -> Iterator[Callable[[], diskcache.Cache]]:
    """The folder, opened by diskcache itself."""
    opened = []

    def open_it() -> diskcache.Cache:
        opened.append(diskcache.Cache(str(folder)))
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("in_file", [False, True])
def test_a_planted_pickle_is_absent(
    store: MakeStore, change: Change, folder: Path, trap: Path, plain: Callable[[], Any], in_file: bool
) -> None:
    pickled = pickle.dumps(Trap(trap))
    if in_file:
        (folder / "planted.val").write_bytes(pickled)
        value, name = None, "planted.val"
    else:
        value, name = pickled, None
    assert change("UPDATE Cache SET mode = ?, value = ?, filename = ?", PICKLE, value, name) == 1
    mine = store()
    assert mine.get(b"key") is None
    assert not trap.exists()
    plain().get(b"key")
    assert trap.exists()
    mine.put({b"key": "again"})
    assert mine.get(b"key") == "again"


@pytest.mark.usefixtures("kept")
def test_a_planted_key_is_not_unpickled(
    change: Change, database: Path, trap: Path, plain: Callable[[], Any]
) -> None:
    assert change("UPDATE Cache SET raw = 0, key = ?", pickle.dumps(Trap(trap))) == 1
    with closing(Database(database, size_limit=2**30, timeout=1)) as ours:
        assert ours.find(b"key") is None
        with pytest.raises(TypeError, match="never listed"):
            list(ours)
    assert not trap.exists()
    list(plain())
    assert trap.exists()


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("mode", [BINARY_FILE, TEXT_FILE])
def test_no_other_file_is_read(
    store: MakeStore, change: Change, tmp_path: Path, plain: Callable[[], Any], mode: int
) -> None:
    (tmp_path / "secret").write_text('"secret"', encoding="utf-8")
    assert change("UPDATE Cache SET mode = ?, value = NULL, filename = '../secret'", mode) == 1
    assert store().get(b"key") is None
    assert plain().get(b"key") in {'"secret"', b'"secret"'}


@pytest.mark.usefixtures("kept")
def test_no_other_file_is_deleted(
    store: MakeStore, change: Change, tmp_path: Path, plain: Callable[[], Any]
) -> None:
    for name in ("replaced", "evicted"):
        (tmp_path / name).write_text("precious", encoding="utf-8")
    change("UPDATE Cache SET filename = '../replaced', expire_time = NULL")
    change(
        "INSERT INTO Cache (key, raw, store_time, expire_time, mode, filename) VALUES ('x', 1, 0, 0, 2, ?)",
        "../evicted",
    )
    store(size_limit=1).put({b"key": "again"})
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"replaced", "evicted"}
    change("DELETE FROM Cache")
    change("INSERT INTO Cache (key, raw, mode, filename) VALUES (?, 1, 2, '../replaced')", b"key")
    plain().set(b"key", "again")
    assert not (tmp_path / "replaced").exists()


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("_directory", "/nowhere"), ("_path", "/nowhere"), ("_connection", "nonsense"), ("_timeout", "x")),
        *(("get", "nonsense"), ("find", "nonsense"), ("_disk", "nonsense"), ("reset", "nonsense")),
        *(("disk_fetch", "nonsense"), ("disk_directory", "/nowhere"), ("disk_min_file_size", 0)),
        *(("eviction_policy", "least-frequently-used"), ("statistics", 1), ("size_limit", 1)),
        *(("cull_limit", 1000), ("tag_index", 1), ("size", 10**15), ("size", "nonsense"), ("count", None)),
        *(("sqlite_user_version", 77), ("sqlite_page_count", "x; DROP TABLE Cache"), ("sqlite_", ")")),
        *(("sqlite_journal_mode", "off"), ("sqlite_writable_schema", 1), ("sqlite_mmap_size", 2**40)),
    ],
)
def test_settings_in_the_file_are_not_believed(
    store: MakeStore, change: Change, database: Path, key: str, value: object
) -> None:
    change("INSERT OR REPLACE INTO Settings VALUES (?, ?)", key, value)
    with closing(Database(database, size_limit=2**30, timeout=1)) as ours:
        assert ours.find(b"key") == b'"value"'
        assert (ours.statistics, ours.eviction_policy, ours.size_limit, ours.cull_limit) == (
            *(0, "least-recently-stored"),
            *(2**30, 0),
        )
        assert {name: pragma(ours, name) for name in PRAGMAS} == PRAGMAS
    mine = store()
    mine.put({b"other": "value"})
    assert (mine.get(b"key"), mine.get(b"other")) == ("value", "value")
    assert not database.with_suffix(".damaged").exists()


PRAGMAS = {"user_version": 0, "journal_mode": "wal", "writable_schema": 0, "mmap_size": 0}


def pragma(cache: diskcache.Cache, name: str) -> object:
    return cache._sql(f"PRAGMA {name}").fetchone()[0]  # noqa: SLF001 - they are those of its connection


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("key", "value"), [("sqlite_user_version", 77), ("planted", "an attribute"), ("disk_min_file_size", 5)]
)
def test_diskcache_believes_them(change: Change, plain: Callable[[], Any], key: str, value: object) -> None:
    change("INSERT OR REPLACE INTO Settings VALUES (?, ?)", key, value)
    seen = plain()
    assert value in {pragma(seen, "user_version"), getattr(seen, key, None), seen.disk.min_file_size}


@pytest.mark.usefixtures("kept")
def test_settings_that_stop_diskcache_are_damage(store: MakeStore, change: Change, database: Path) -> None:
    change("INSERT INTO Settings VALUES (?, ?)", b"not a name", 1)
    mine = store()
    mine.put({b"key": 1})
    assert mine.get(b"key") == 1
    with closing(sqlite3.connect(database.with_suffix(".damaged"))) as damaged:
        assert damaged.execute("SELECT count(*) FROM Cache").fetchone() == (1,)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("value", [b"", b"{", b"\xff\xfe", b"[" * 100_000, 7, 1.5, "text", '"text"', None])
def test_what_is_no_json_is_absent(store: MakeStore, change: Change, value: object) -> None:
    assert change("UPDATE Cache SET value = ?", value) == 1
    mine = store()
    assert mine.get(b"key") is None
    mine.put({b"key": 1})
    assert mine.get(b"key") == 1
