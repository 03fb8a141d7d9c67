"""stdout and stderr: UTF-8 in every locale, and quiet when they cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from csc_dspy.cli.streams import reader_is_gone

Trial = Callable[..., "subprocess.CompletedProcess[str]"]
TRIAL = Path(__file__).with_name("trial_commands.py")
FULL = Path("/dev/full")
# Python writes at once or at the end; both must be right.
buffered = pytest.mark.parametrize("unbuffered", ["", "1"])


def in_shell(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which $CSC stands for the trial program."""
    variables = {**os.environ, "CSC": f"{sys.executable} {TRIAL}", **env}
    return subprocess.run(
        ["bash", "-c", line], env=variables, check=False, capture_output=True, encoding="utf-8", timeout=60
    )


@pytest.mark.parametrize("locale", [{}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
@pytest.mark.parametrize("encoding", ["", "ascii", "gbk"])
def test_chinese_is_printed_in_every_locale(trial: Trial, locale: dict[str, str], encoding: str) -> None:
    shown = trial("data", "count", "x", env={"LC_ALL": "C", "PYTHONIOENCODING": encoding, **locale})
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "问候" in shown.stdout


@pytest.mark.parametrize("encoding", ["", "ascii", "gbk"])
def test_chinese_is_repeated_in_errors(trial: Trial, encoding: str) -> None:
    shown = trial("end", "refused", "--out", "数据", env={"LC_ALL": "C", "PYTHONIOENCODING": encoding})
    assert shown.stderr == "error: 数据: a row has no turns (mend it)\n"


def test_half_characters_do_not_stop_an_answer(trial: Trial) -> None:
    shown = trial("data", "count", "--json", env={"CSC_DSPY_DATA": "\udcff"})
    assert shown.returncode == 0
    assert r'"source": "\udcff"' in shown.stdout


@buffered
def test_a_reader_that_leaves_is_no_error(unbuffered: str) -> None:
    shown = in_shell(
        '$CSC end much --out x | head -n 1; echo "${PIPESTATUS[0]}"', PYTHONUNBUFFERED=unbuffered
    )
    assert shown.stderr == ""
    assert shown.stdout == "您好" * 10 + "\n0\n"


@buffered
@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_line(unbuffered: str) -> None:
    shown = in_shell("$CSC data count x > /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert shown.returncode == 2
    assert shown.stderr == "error: standard output: cannot be written: No space left on device\n"
    unflushed = in_shell("$CSC end unflushed --out x > /dev/full", PYTHONUNBUFFERED="")
    assert unflushed.stderr == shown.stderr
    help_page = in_shell("$CSC --help > /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (help_page.returncode, help_page.stderr.count("\n")) == (2, 1)


@buffered
@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_under_stderr_keeps_the_exit_code(unbuffered: str) -> None:
    shown = in_shell("$CSC data count 2> /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (shown.returncode, shown.stdout, shown.stderr) == (2, "", "")


def test_closed_streams() -> None:
    closed = in_shell("$CSC data count x >&-")
    assert closed.returncode == 2
    assert closed.stderr == "error: standard output is closed (send it to a file or to /dev/null)\n"
    assert in_shell("$CSC data count 2>&-").returncode == 2
    silent = in_shell("$CSC data count x -v 2>&-")
    assert (silent.returncode, "Strategies" in silent.stdout) == (0, True)


def test_a_pipe_with_a_reader_is_told_from_one_without() -> None:
    reading, writing = os.pipe()
    before = os.dup(1)
    stdout, sys.stdout = sys.stdout, os.fdopen(os.dup(writing), "w")
    try:
        assert not reader_is_gone()
        os.close(reading)
        assert reader_is_gone()
    finally:
        sys.stdout.close()
        sys.stdout = stdout
        os.close(writing)
        os.close(before)
