"""What is shown while a study is searched."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from typing import Any, Final

import pytest
from rich.console import Console

from csc_dspy.logs import logger
from csc_dspy.optimizers.sweep.dashboard import Notes, duration, line, panel
from csc_dspy.optimizers.sweep.standing import Point, Standing

NOTE: Final = "labeled, 8 [demonstrations] 客服"
STANDING: Final = Standing(
    objectives=("macro-f1",),
    maximize=(True,),
    complete=20,
    pruned=9,
    failed=1,
    running=2,
    waiting=0,
    best=(Point(7, (41.256,), {"size": 8}, NOTE),),
    evaluated_turns=1200,
    saved_turns=2400,
    calls=1250,
    tokens=1_500_000,
    usd=0.75,
    per_minute=30.0,
)
SEVERAL: Final = replace(
    STANDING,
    objectives=("macro-f1", "tokens-per-turn"),
    maximize=(True, False),
    best=tuple(Point(number, (50.0 - number, 900.0 - 9 * number), {}, "") for number in range(8)),
)
LIVE: Final = """
import time
from csc_dspy.optimizers.sweep.dashboard import dashboard
from tests.optimizers.sweep_storage.test_dashboard import STANDING
with dashboard(100) as told:
    told(STANDING)
    time.sleep(0.5)
"""


def drawn(standing: Standing, **options: Any) -> str:  # noqa: ANN401  those of a console
    console = Console(file=StringIO(), width=100, **options)
    console.print(panel(standing, 100, 75))
    file: Any = console.file
    return str(file.getvalue())


def test_a_line() -> None:
    assert line(STANDING, 100) == (
        f"sweeping: 30 of 100, 9 pruned, 1 failed, 2 running; best macro-f1 41.26 (trial 7: {NOTE}); "
        "30.0 trials a minute, 2 min 20 s left; 1,250 calls, 1,500,000 tokens, 0.7500 USD"
    )
    assert "; Pareto front 8; " in line(SEVERAL, 100)
    begun = replace(STANDING, best=(), per_minute=None, usd=None)
    assert line(begun, 100).endswith("best none yet; not known yet; 1,250 calls, 1,500,000 tokens")


def test_a_panel() -> None:
    shown = drawn(STANDING)
    for words in ("30 of 100", f"trial 7: {NOTE}", "1,200 evaluated, 2,400 saved (67%)", "1 min 15 s"):
        assert words in shown
    assert "Pareto" not in shown


def test_a_panel_of_several_objectives_has_the_first_points() -> None:
    shown = drawn(SEVERAL)
    assert "8 points" in shown
    assert [number for number in range(8) if f"(trial {number})" in shown] == [0, 1, 2, 3, 4]
    assert "macro-f1 49.00, tokens-per-turn 891.00" in shown


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What the log is told."""
    heard: list[str] = []
    logger.enable("csc_dspy")
    sink = logger.add(lambda message: heard.append(message.record["message"]), level="INFO")
    yield heard
    logger.remove(sink)
    logger.disable("csc_dspy")


def test_notes_come_now_and_then(told: list[str]) -> None:
    now = [0.0]
    notes = Notes(100, clock=lambda: now[0])
    notes.tell()
    for seconds in (1, 9.9, 10, 15, 20.5):
        now[0] = seconds
        notes(replace(STANDING, complete=int(seconds)))
    assert [each.split(" of ")[0] for each in told] == ["sweeping: 20", "sweeping: 30"]
    notes.tell()
    assert len(told) == 3


def test_in_a_terminal(checkout: Any) -> None:  # noqa: ANN401  a path
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", LIVE],
        env={**os.environ, "TERM": "xterm-256color"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=checkout,
    )
    os.close(theirs)
    shown = b""
    # The end of the other side reads as an input error on Linux and as nothing elsewhere.
    with suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    answer, _ = process.communicate(timeout=60)
    assert (process.returncode, answer) == (0, b"")
    assert "30 of 100" in shown.decode()
    assert "41.26" in shown.decode()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_times(seconds: float, words: str) -> None:
    assert duration(seconds) == words
