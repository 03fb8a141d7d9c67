"""Values are kept as JSON, found again, and make room for new ones; a damaged file is begun anew."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.exceptions import CSCError
from csc_dspy.stores import JSONStore, StoreError

MakeStore = Callable[..., JSONStore]
Change = Callable[..., int]


def entries(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM Cache").fetchone()[0])


@pytest.mark.parametrize(
    "value",
    [
        {"text": "您好\u2028😀\0\ud83d", "scores": [0.1, -3, 2**70, True, None]},
        *("", [], {}, 0, False, 1.5, "a" * 200_000),
    ],
)
def test_a_value_is_found_again(store: MakeStore, value: object) -> None:
    store().put({b"key": value})
    again = store()
    assert again.get(b"key") == value
    assert again.get(b"other") is None


def test_a_value_is_replaced(store: MakeStore, database: Path) -> None:
    mine = store()
    mine.put({b"a": 1, b"b": 2})
    mine.put({b"a": 3})
    assert (mine.get(b"a"), mine.get(b"b"), entries(database)) == (3, 2, 2)


@pytest.mark.parametrize("bad", [{1, 2}, b"bytes", object(), [Path()]])
def test_what_is_no_json_is_refused_and_nothing_of_it_kept(store: MakeStore, bad: object) -> None:
    mine = store()
    with pytest.raises(TypeError):
        mine.put({b"good": 1, b"bad": bad})
    assert mine.get(b"good") is None


def test_a_key_is_bytes(store: MakeStore, database: Path) -> None:
    mine = store()
    pretender: Any = ("would", "be", "pickled")
    for act in (lambda: mine.get(pretender), lambda: mine.put({b"good": 1, pretender: 2})):
        with pytest.raises(TypeError, match="keys are bytes"):
            act()
    assert entries(database) == 0
    mine.put({b"good": 3})
    assert mine.get(b"good") == 3


def test_everything_is_in_the_database(store: MakeStore, folder: Path) -> None:
    mine = store()
    mine.put({b"small": 1, b"large": "x" * 1_000_000})
    mine.close()
    assert [path.name for path in folder.iterdir()] == ["cache.db"]


def test_the_oldest_make_room(store: MakeStore, database: Path) -> None:
    limit = 500_000
    mine = store(size_limit=limit)
    keys = [str(number).encode() for number in range(1000)]
    for begin in range(0, 1000, 50):
        mine.put(dict.fromkeys(keys[begin : begin + 50], "long " * 400))
    mine.close()
    # A page more or less, and the pages that the last values took before there was room for them.
    assert database.stat().st_size < 1.5 * limit
    again = store()
    found = [again.get(key) is not None for key in keys]
    assert found == sorted(found)
    assert 100 < sum(found) < 250


def test_reading_counts_nothing(store: MakeStore, database: Path) -> None:
    mine = store()
    mine.put({b"key": 1})

    def contents() -> list[object]:
        with closing(sqlite3.connect(database)) as connection:
            return [
                connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in ("Cache", "Settings")
            ]

    before = contents()
    for _ in range(5):
        assert mine.get(b"key") == 1
        assert mine.get(b"other") is None
    assert contents() == before


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
def test_only_the_owner_can_look_in(store: MakeStore, folder: Path, database: Path) -> None:
    folder.mkdir(mode=0o755)
    database.touch(mode=0o644)
    mine = store()
    mine.put({b"key": 1})
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {folder.name: 0o700, **dict.fromkeys(("cache.db", "cache.db-wal", "cache.db-shm"), 0o600)}


def test_a_closed_store_says_so(store: MakeStore) -> None:
    mine = store()
    mine.close()
    mine.close()
    for act in (lambda: mine.get(b"key"), lambda: mine.put({b"key": 1})):
        with pytest.raises(StoreError, match=r"cache\.db: it is closed"):
            act()


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    (tmp_path / "folder" / "cache.db").mkdir(parents=True)
    for folder in (tmp_path / "file", tmp_path / "folder"):
        with pytest.raises(CSCError) as caught:
            JSONStore(folder)
        assert str(folder / "cache.db") in str(caught.value)


def truncated(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(3 * 4096)


def scribbled(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100] + b"scribble" * 5000)


def no_database(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


@pytest.mark.parametrize("damage", [truncated, scribbled, no_database])
def test_a_damaged_file_is_set_aside(
    store: MakeStore, database: Path, damage: Callable[[Path], None]
) -> None:
    first = store()
    first.put({str(number).encode(): "long" * 1000 for number in range(50)})
    first.close()
    damage(database)
    remains = database.read_bytes()
    mine = store()
    mine.put({b"key": 1})
    assert mine.get(b"key") == 1
    assert database.with_suffix(".damaged").read_bytes() == remains


def test_a_file_cut_off_while_it_is_read_is_an_error_and_no_crash(store: MakeStore, database: Path) -> None:
    keys = [str(number).encode() for number in range(2000)]
    first = store()
    first.put(dict.fromkeys(keys, "long" * 500))
    first.close()
    mine = store()
    assert mine.get(keys[-1]) == "long" * 500
    truncated(database)
    with pytest.raises(StoreError, match=r"malformed|disk I/O"):
        [mine.get(key) for key in keys]


def test_a_full_disk_is_an_error_and_the_store_goes_on(store: MakeStore, folder: Path) -> None:
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from csc_dspy.stores import JSONStore, StoreError\n"
        "store = JSONStore(Path(sys.argv[1]))\n"
        "store.put({b'before': 1})\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))\n"
        "try:\n"
        "    store.put({b'large': 'x' * 5_000_000})\n"
        "except StoreError as error:\n"
        "    print(error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "store.put({b'after': 2})\n"
        "print(store.get(b'before'), store.get(b'large'), store.get(b'after'))\n"
        "store.close()\n"
    )
    pytest.importorskip("resource")
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, encoding="utf-8", check=False
    )
    assert ran.stderr == ""
    complaint, values = ran.stdout.splitlines()
    assert complaint.startswith(f"{folder / 'cache.db'}: ")
    assert values == "1 None 2"
    assert store().get(b"after") == 2
