"""A file is the old one or the new one, never half of either."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from csc_dspy.exceptions import OutputError
from csc_dspy.files import atomic_write, atomic_writer


def test_writes_text_and_bytes_and_makes_folders(tmp_path: Path) -> None:
    atomic_write(tmp_path / "a" / "b.txt", "策略\n")
    atomic_write(tmp_path / "c.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "策略\n".encode()
    assert (tmp_path / "c.bin").read_bytes() == b"\x00\xff"


@pytest.mark.parametrize("failure", [ValueError("bad row"), KeyboardInterrupt()])
def test_a_failed_block_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: BaseException) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old")

    def write_half_of_it() -> None:
        with atomic_writer(target) as stream:
            stream.write(b"half")
            raise failure

    with pytest.raises(type(failure)):
        write_half_of_it()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_rights_of_the_old_file_are_kept_and_new_ones_follow_the_umask(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("x")
    old.chmod(0o640)
    atomic_write(old, "y")
    atomic_write(new, "y")
    mask = os.umask(0o022)
    os.umask(mask)
    assert old.stat().st_mode & 0o777 == 0o640
    assert new.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    atomic_write(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_what_is_no_regular_file_is_written_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        atomic_write(pipe, "through")
        assert reader.communicate()[0] == b"through"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"is a folder \(give a file name\)"):
        atomic_write(tmp_path, "x")


def test_a_full_device_is_one_clear_line() -> None:
    with pytest.raises(OutputError, match=r"^/dev/full: cannot be written: No space left on device"):
        atomic_write("/dev/full", "x" * 100_000)


def test_a_file_in_place_of_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written: "):
        atomic_write(tmp_path / "file" / "below", "x")


LIMITED = """
import resource, signal, sys
from csc_dspy.exceptions import OutputError
from csc_dspy.files import atomic_writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with atomic_writer(sys.argv[1]) as stream:
        for _ in range(100):
            stream.write(b"x" * 100)
except OutputError as error:
    print(error)
"""


def test_a_disk_that_fills_up_on_the_way_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(target)], capture_output=True, text=True, check=True, timeout=60
    )
    assert "cannot be written: File too large" in done.stdout
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


ENDLESS = """
import sys
from csc_dspy.files import atomic_writer
with atomic_writer(sys.argv[1]) as stream:
    while True:
        stream.write(b"x" * 1000)
        stream.flush()
        print("more", flush=True)
"""


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("old")
    with subprocess.Popen([sys.executable, "-c", ENDLESS, str(target)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.01)
        writer.send_signal(signal.SIGKILL)
    assert target.read_text() == "old"
