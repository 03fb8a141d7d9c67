"""Several processes at the same work: until all are done, interrupted, and left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.optimizers.sweep.workers import Hired, employ

WORK = """
import os, signal, sys, time
from csc_dspy.optimizers.sweep.workers import Hired
manner, folder, hired = sys.argv[1], sys.argv[2], Hired.of(sys.argv[3])
print("an answer that nobody wants")
print("working", file=sys.stderr)
print(f"error: {hired.number} of {manner}", file=sys.stderr, flush=True)
if manner == "killed" and hired.number == 1:
    os.kill(os.getpid(), signal.SIGKILL)
try:
    open(f"{folder}/{hired.number}", "w").write(str(os.getpid()))
    while manner == "waits" and not hired.alone:
        time.sleep(0.02)
except KeyboardInterrupt:
    open(f"{folder}/{hired.number}.order", "w").close()
    sys.exit(130)
if hired.alone:
    open(f"{folder}/{hired.number}.alone", "w").close()
sys.exit(3 if hired.number else 0)
"""
EMPLOYER = """
import sys
from pathlib import Path
from csc_dspy.optimizers.sweep.workers import employ
work, folder = sys.argv[1:]
command = lambda hired: [sys.executable, "-c", work, "waits", folder, str(hired)]
employ(command, 2, logs=Path(folder))
"""


def doing(manner: str, folder: Path) -> Callable[[Hired], Sequence[str]]:
    return lambda hired: [sys.executable, "-c", WORK, manner, str(folder), str(hired)]


def until_there(*paths: Path) -> None:
    while not all(path.exists() for path in paths):
        time.sleep(0.02)


def test_all_work_until_they_are_done(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[int] = []
    ended = employ(
        doing("works", tmp_path), 3, logs=tmp_path / "logs", told=lambda: told.append(1), every=0.01
    )
    assert [(each.number, each.code) for each in ended] == [(0, 0), (1, 3), (2, 3)]
    assert [each.said for each in ended] == [f"error: {number} of works" for number in range(3)]
    assert not any(each.died for each in ended)
    assert len({(tmp_path / str(number)).read_text() for number in range(3)}) == 3
    assert told
    assert capfd.readouterr() == ("", "")


def test_one_that_is_killed_is_not_started_again(tmp_path: Path) -> None:
    ended = employ(doing("killed", tmp_path), 2, logs=tmp_path)
    assert [each.died for each in ended] == [False, True]
    assert ended[1].code == -signal.SIGKILL


def test_what_ends_the_employer_ends_the_workers(tmp_path: Path) -> None:
    def interrupt() -> None:
        if all((tmp_path / name).exists() and (tmp_path / name).read_text() for name in "01"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        employ(doing("waits", tmp_path), 2, logs=tmp_path, told=interrupt, every=0.01)
    for name in "01":
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / name).read_text()), 0)
    # They were interrupted, not killed.
    assert {path.name for path in tmp_path.glob("*.order")} == {"0.order", "1.order"}


def test_workers_of_a_killed_employer_end_by_themselves(tmp_path: Path) -> None:
    employer = subprocess.Popen([sys.executable, "-c", EMPLOYER, WORK, str(tmp_path)])
    until_there(tmp_path / "0", tmp_path / "1")
    employer.kill()
    employer.wait()
    until_there(tmp_path / "0.alone", tmp_path / "1.alone")


@pytest.mark.parametrize("text", ["", "1", "1,", "a,1", "1,-1"])
def test_who_hired_is_checked(text: str) -> None:
    with pytest.raises(ConfigError, match="PID,NUMBER"):
        Hired.of(text)
