"""Folders appear in whole, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from csc_dspy.exceptions import OutputError
from csc_dspy.files import atomic_folder, require_replaceable


def fill(folder: Path, text: str) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "file.txt").write_text(text)


def fail_in(out: Path, error: BaseException) -> None:
    with atomic_folder(out) as folder:
        fill(folder, "half")
        raise error


def write_where_no_room_is(out: Path) -> None:
    with atomic_folder(out) as folder, Path("/dev/full").open("wb", buffering=0) as stream:
        fill(folder, "half")
        stream.write(b"x")


def test_it_appears_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "not" / "there" / "yet"
    with atomic_folder(out) as folder:
        fill(folder, "new")
        assert folder.parent == out.parent
        assert not out.exists()
    assert (out / "inner" / "file.txt").read_text() == "new"
    assert list(out.parent.iterdir()) == [out]


def test_it_replaces_the_old_one_in_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").touch()
    with atomic_folder(out) as folder:
        fill(folder, "new")
        assert (out / "old.txt").exists()
    assert [path.name for path in out.iterdir()] == ["inner"]
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
def test_after_an_error_the_old_one_is_there(tmp_path: Path, error: BaseException) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").touch()
    with pytest.raises(type(error)):
        fail_in(out, error)
    assert [path.name for path in out.iterdir()] == ["old.txt"]
    assert list(tmp_path.iterdir()) == [out]


def test_what_the_system_refuses_is_said_in_one_line(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(OutputError, match=r"out: cannot be written: No space left on device \(free some"):
        write_where_no_room_is(out)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys, time
from pathlib import Path
from csc_dspy.files import atomic_folder

with atomic_folder("out") as folder:
    (folder / "half.txt").write_text("half")
    Path("begun").touch()
    time.sleep(60)
"""


def test_a_kill_leaves_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").touch()
    with subprocess.Popen([sys.executable, "-c", KILLED], cwd=tmp_path, env=os.environ) as process:
        while not (tmp_path / "begun").exists() and process.poll() is None:
            time.sleep(0.001)
        process.kill()
    assert [path.name for path in out.iterdir()] == ["old.txt"]
    # The next one is not in the way of what the first has left.
    with atomic_folder(out) as folder:
        fill(folder, "new")
    assert [path.name for path in out.iterdir()] == ["inner"]


def test_what_may_be_replaced(tmp_path: Path) -> None:
    def is_ours(folder: Path) -> bool:
        return (folder / "ours").exists()

    for name, content in (("nothing", None), ("empty", ""), ("mine", "ours"), ("theirs", "notes")):
        if content is not None:
            (tmp_path / name).mkdir()
        if content:
            (tmp_path / name / content).touch()
    for name in ("nothing", "empty", "mine"):
        require_replaceable(tmp_path / name, is_ours, "a thing")
    with pytest.raises(OutputError, match="theirs: holds something else than a thing, and is not replaced"):
        require_replaceable(tmp_path / "theirs", is_ours, "a thing")
    with pytest.raises(OutputError, match=r"notes: is a file \(name a folder for a thing\)"):
        require_replaceable(tmp_path / "theirs" / "notes", is_ours, "a thing")
