"""Progress: a bar in a terminal, notes in a log, nothing when quiet; never on stdout."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from csc_dspy.cli.progress import ProgressLines

Trial = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_terminal_gets_a_bar(in_terminal: Trial) -> None:
    shown = in_terminal("work")
    assert shown.returncode == 0
    for part in ("working", "20/20", "100%", "0:00:00", "/s failed 1"):
        assert part in shown.stdout
    # The log message came while the bar was there: it takes a line of its own, and the bar is drawn again.
    assert re.search(r"\x1b\[2K\S+ WARNING the customer said \[17 characters\]\nworking", shown.stdout)


def test_answers_do_not_end_up_beside_the_bar(in_terminal: Trial) -> None:
    with Path("answer").open("wb") as answer:
        shown = in_terminal("work", answer=answer)
    assert "20/20" in shown.stdout
    assert "a library prints" in shown.stdout
    assert Path("answer").read_text(encoding="utf-8") == "half an answer\ndone\n"


def test_quiet_means_no_bar(in_terminal: Trial) -> None:
    shown = in_terminal("-q", "work").stdout
    assert "working" not in shown
    assert "done\n" in shown


def test_without_a_terminal_there_is_a_note_at_the_end(trial: Trial) -> None:
    shown = trial("work", "-v")
    assert shown.stdout == "half an answer\ndone\n"
    lines = [line for line in shown.stderr.splitlines() if "working" in line]
    assert len(lines) == 1
    assert "INFO    working: 20 of 20 (100%), " in lines[0]
    assert lines[0].endswith("failed 1")
    assert "working" not in trial("work").stderr
    assert "working" not in trial("-q", "work", "--log-file", "log").stderr
    assert "working" not in Path("log").read_text(encoding="utf-8")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(ProgressLines, "tell", lambda self: lines.append(self.line()))
    return lines


def test_notes_come_at_most_every_ten_seconds(told: list[str]) -> None:
    clock = Clock()
    advance = ProgressLines("checking", 100, clock=clock)
    for second in range(1, 31):
        clock.now = float(second)
        advance(2, failed=second // 10)
    assert told == [
        "checking: 20 of 100 (20%), 2.0/s, 40 s left, failed 1",
        "checking: 40 of 100 (40%), 2.0/s, 30 s left, failed 2",
        "checking: 60 of 100 (60%), 2.0/s, 20 s left, failed 3",
    ]


@pytest.mark.parametrize(
    ("total", "done", "line"),
    [
        (None, 0, "reading: 0"),
        (None, 8, "reading: 8, 2.0/s"),
        (0, 0, "reading: 0"),
        (4, 0, "reading: 0 of 4 (0%)"),
        (4, 8, "reading: 8 of 4 (200%), 2.0/s"),
    ],
)
def test_what_a_note_says(total: int | None, done: int, line: str) -> None:
    clock = Clock()
    advance = ProgressLines("reading", total, clock=clock)
    clock.now = 4.0
    advance(done)
    assert advance.line() == line


def test_threads_may_advance() -> None:
    advance = ProgressLines("working", None, clock=Clock())

    def work() -> None:
        for _ in range(1000):
            advance()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert advance.line() == "working: 8000"
