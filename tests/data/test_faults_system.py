"""What the system does to a program: no rights, a full disk, a kill, little memory."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from csc_dspy.data import convert
from tests.conftest import CSC
from tests.data.rows import CUSTOMER, SUPPORTER, line, row, write_lines

CSC_DSPY: Final = (sys.executable, "-m", "csc_dspy")
NAMES = ["out.json", "out.jsonl", "out.parquet", "out.jsonl.gz"]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


@contextmanager
def without_rights(path: Path) -> Iterator[tuple[str, ...]]:
    """What to put before a command so that it may not read ``path``; the super-user may read everything."""
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("the super-user may read everything, and there is no setpriv to take that from it")
        rights = "-dac_override,-dac_read_search"
        prefix = ("setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}")
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        yield prefix
    finally:
        path.chmod(mode)


def assert_refused(done: subprocess.CompletedProcess[str], line: str) -> None:
    """One line on stderr, and no traceback."""
    assert (done.returncode, done.stderr) == (2, f"error: {line}\n")


@pytest.mark.parametrize("command", ["check", "info", "stats"])
def test_a_file_that_may_not_be_read(tmp_path: Path, command: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", row())
    with without_rights(path) as prefix:
        done = run(*prefix, *CSC_DSPY, "data", command, path, cwd=tmp_path)
    assert_refused(done, f"{path}: cannot be read: Permission denied")


def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    write_lines(tmp_path / "folder" / "a.jsonl", row())
    with without_rights(tmp_path / "folder") as prefix:
        for source in ("folder", "folder:a", "hub:folder"):
            done = run(*prefix, *CSC_DSPY, "data", "check", source, cwd=tmp_path)
            assert_refused(done, "folder: cannot be read: Permission denied")
        done = run(*prefix, *CSC_DSPY, "data", "check", "folder/a.jsonl", cwd=tmp_path)
        assert_refused(done, "folder/a.jsonl: cannot be read: Permission denied")
    with without_rights(tmp_path / "folder" / "inner") as prefix:
        done = run(*prefix, *CSC_DSPY, "data", "check", "folder", cwd=tmp_path)
        assert_refused(done, "folder/inner: cannot be read: Permission denied")


def test_an_unreadable_file_in_a_folder_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    secret = write_lines(folder / "a.jsonl", row())
    write_lines(folder / "b.jsonl", row())
    with without_rights(secret) as prefix:
        done = run(*prefix, *CSC_DSPY, "data", "check", "folder", "--json", cwd=tmp_path)
    assert_refused(done, "folder/a.jsonl: cannot be read: Permission denied")
    assert json.loads(done.stdout)["dialogues"] == 1


def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with without_rights(tmp_path / "out") as prefix:
        done = run(
            *prefix, *CSC_DSPY, "data", "convert", "rolecs-sample", "--out", "out/a.json", cwd=tmp_path
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error: out/a.json: cannot be written: Permission denied")
    assert done.stderr.count("\n") == 1


# Whoever measured coverage in there could not write down what it found.
FULL: Final = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
os.execve(sys.argv[1], sys.argv[1:], env)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_is_full(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("before", encoding="utf-8")
    command = (*CSC_DSPY, "data", "convert", "rolecs-sample", "--out", name)
    done = run(sys.executable, "-c", FULL, *command, cwd=tmp_path)
    assert_refused(done, f"{name}: cannot be written: File too large (nothing was changed)")
    assert done.stdout == ""
    assert (tmp_path / name).read_text(encoding="utf-8") == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("command", ["check", "convert"])
def test_a_quarantine_on_a_disk_that_is_full(tmp_path: Path, command: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", row(), *(["x" * 1000] * 100))
    out = ("--out", "out.json") if command == "convert" else ()
    done = run(
        *(sys.executable, "-c", FULL, *CSC_DSPY, "data", command, path, *out, "--quarantine", "aside"),
        cwd=tmp_path,
    )
    assert_refused(done, "aside: cannot be written: File too large (nothing was changed)")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.jsonl"]


def test_no_space_for_what_has_to_be_unpacked(tmp_path: Path) -> None:
    convert("rolecs-sample", tmp_path / "a.parquet.gz")
    done = run(sys.executable, "-c", FULL, *CSC_DSPY, "data", "check", "a.parquet.gz", cwd=tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(
        r"error: /\S*: a temporary file cannot be written: File too large"
        r" \(free some space there, or name another folder in TMPDIR\)\n",
        done.stderr,
    )


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file whose reading fails")
def test_a_disk_that_fails(tmp_path: Path, csc: CSC) -> None:
    (tmp_path / "a.jsonl").symlink_to("/proc/self/mem")
    assert_refused(csc("data", "check", "a.jsonl"), "a.jsonl: cannot be read: Input/output error")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("name", NAMES)
def test_a_device_that_is_full(tmp_path: Path, csc: CSC, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    done = csc("data", "convert", "rolecs-sample", "--out", name)
    remedy = "free some space or write elsewhere; nothing was changed"
    assert_refused(done, f"{name}: cannot be written: No space left on device ({remedy})")
    aside = csc("data", "check", write_lines(tmp_path / "bad", row(), "oops"), "--quarantine", "/dev/full")
    assert_refused(aside, f"/dev/full: cannot be written: No space left on device ({remedy})")


def test_no_space_for_the_answer(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*CSC_DSPY, "data", "check", "rolecs-sample", "--json"],
            cwd=tmp_path,
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
    assert_refused(done, "No space left on device")


def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "out" / "a.jsonl"
    convert("csconv-sample", out)
    before = out.read_bytes()
    with subprocess.Popen(
        [*CSC_DSPY, "data", "convert", "-", "--out", str(out)], cwd=tmp_path, stdin=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        while not list(out.parent.glob(".*.partial")):
            process.stdin.write(line(row()).encode())
            time.sleep(0.001)
        for _ in range(3000):
            process.stdin.write(line(row()).encode())
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert out.read_bytes() == before
    assert convert(tmp_path / "out", tmp_path / "read-again.json").dialogues == 60


PEAK: Final = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
out = process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(usage.ru_maxrss, process.returncode)
sys.stdout.write(out.decode())
"""


def peak_megabytes(*command: str | Path, cwd: Path) -> tuple[float, int, str]:
    """The peak memory of a process, its exit code, and what it said.

    A small process stands between, as a process begins with the peak of the one that starts it.
    """
    done = run(sys.executable, "-c", PEAK, *command, cwd=cwd)
    first, _, said = done.stdout.partition("\n")
    peak, code = map(int, first.split())
    return peak / (2**20 if sys.platform == "darwin" else 2**10), code, said


@pytest.fixture(scope="module")
def long_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good row, a line of 200 MB, a good row."""
    path = tmp_path_factory.mktemp("long") / "a.jsonl"
    with path.open("wb") as stream:
        stream.write(line(row()).encode() + b'{"dialogue": "')
        for _ in range(200):
            stream.write(b"x" * 10**6)
        stream.write(b'"}\n' + line(row()).encode())
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_of_200_megabytes_is_one_bad_row(tmp_path: Path, long_line: Path, packed: bool) -> None:
    path = long_line
    if packed:
        path = tmp_path / "a.jsonl.gz"
        with long_line.open("rb") as stream, gzip.open(path, "wb", compresslevel=1) as out:
            shutil.copyfileobj(stream, out)
    peak, code, said = peak_megabytes(*CSC_DSPY, "data", "check", path, "--json", cwd=tmp_path)
    assert code == 1
    answer = json.loads(said)
    assert answer["dialogues"] == 2
    assert [(each["line"], each["problem"]) for each in answer["problems"]] == [(2, "is longer than 16 MiB")]
    assert peak < 250


def test_a_first_line_of_200_megabytes(tmp_path: Path, long_line: Path) -> None:
    path = tmp_path / "a.jsonl"
    with long_line.open("rb") as stream:
        stream.readline()
        with path.open("wb") as out:
            shutil.copyfileobj(stream, out)
    peak, code, said = peak_megabytes(*CSC_DSPY, "data", "check", path, "--json", cwd=tmp_path)
    assert (code, json.loads(said)["dialogues"]) == (1, 1)
    assert peak < 400


def test_a_million_bad_rows_are_told_without_being_kept(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    few.write_text("oops\n" * 1000 + "{}\n", encoding="utf-8")
    many.write_text("oops\n" * 100_000 + "{}\n", encoding="utf-8")
    peaks = [peak_megabytes(*CSC_DSPY, "data", "check", path, cwd=tmp_path)[0] for path in (few, many)]
    assert peaks[1] - peaks[0] < 20


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.jsonl.gz", "a.parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    peaks = []
    long = row(dialogue=[SUPPORTER | {"text": "您好" * 4000}, CUSTOMER])
    # The second file has some 100 MB more in it. Arrow's allocator alone is worth a third of the bound.
    for count in (2000, 6000):
        source, path = tmp_path / "source", tmp_path / str(count) / name
        source.write_text(line(long) * count, encoding="utf-8")
        convert(source, path)
        command = (*CSC_DSPY, "data", "convert", path, "--out", "out.jsonl")
        peak, code, _ = peak_megabytes(*command, cwd=tmp_path)
        assert code == 0
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 50
