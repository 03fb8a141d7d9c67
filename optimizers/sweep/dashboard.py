"""A study while it is searched, on stderr: a panel in a terminal, else now and then a note in the log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.panel import Panel

    from .standing import Point, Standing

_BETWEEN_NOTES: Final = 10.0
_FRONT: Final = 5
"""Points of a Pareto front that are shown; all are counted."""

Told = Callable[["Standing"], None]


@contextmanager
def dashboard(goal: int, *, quiet: bool = False) -> Iterator[Told]:
    """Show what it is told of a study that is to have ``goal`` finished trials; ``quiet`` shows nothing."""
    if quiet:
        yield lambda _standing: None
    elif sys.stderr.isatty():
        with _live(goal) as told:
            yield told
    else:
        notes = Notes(goal)
        try:
            yield notes
        finally:
            notes.tell()


@contextmanager
def _live(goal: int) -> Iterator[Told]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    begun = time.monotonic()
    latest: list[Standing] = []

    def drawn() -> Panel | Text:
        return panel(latest[-1], goal, time.monotonic() - begun) if latest else Text("beginning …")

    # stdout stays what it is: an answer is not to end up above the panel on stderr.
    console = Console(stderr=True)
    with Live(get_renderable=drawn, console=console, refresh_per_second=4, redirect_stdout=False):
        yield lambda standing: latest.__setitem__(slice(None), [standing])


class Notes:
    """Notes in the log, at most one in ten seconds, and one at the end."""

    def __init__(self, goal: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._goal = goal
        self._clock = clock
        self._told = clock()
        self._latest: Standing | None = None

    def __call__(self, standing: Standing) -> None:
        """Remember it, and tell if it is time to."""
        self._latest = standing
        if self._clock() - self._told >= _BETWEEN_NOTES:
            self._told = self._clock()
            self.tell()

    def tell(self) -> None:
        """Note how far it is."""
        from csc_dspy.logs import logger

        if self._latest is not None:
            logger.info("{}", line(self._latest, self._goal))


@dataclass(frozen=True, slots=True)
class _Words:
    """A standing in words, by what they are about."""

    standing: Standing
    goal: int

    @property
    def trials(self) -> str:
        now = self.standing
        counts = {"pruned": now.pruned, "failed": now.failed, "running": now.running}
        parts = [f"{now.finished:,} of {self.goal:,}"]
        return ", ".join([*parts, *(f"{count:,} {name}" for name, count in counts.items() if count)])

    @property
    def best(self) -> str:
        return self.point(self.standing.best[0]) if self.standing.best else "none yet"

    @property
    def pace(self) -> str:
        now = self.standing
        left = now.minutes_left(self.goal)
        if now.per_minute is None or left is None:
            return "not known yet"
        return f"{now.per_minute:,.1f} trials a minute, {duration(60 * left)} left"

    @property
    def turns(self) -> str:
        now = self.standing
        share = now.saved_turns / max(now.evaluated_turns + now.saved_turns, 1)
        return f"{now.evaluated_turns:,} evaluated, {now.saved_turns:,} saved ({share:.0%})"

    @property
    def cost(self) -> str:
        now = self.standing
        money = "" if now.usd is None else f", {now.usd:.4f} USD"
        return f"{now.calls:,} calls, {now.tokens:,} tokens{money}"

    def point(self, point: Point) -> str:
        """A trial: what it scored, and what it was."""
        named = zip(self.standing.objectives, point.values, strict=True)
        scores = ", ".join(f"{name} {value:,.2f}" for name, value in named)
        return f"{scores} (trial {point.number}{point.note and ': '}{point.note})"


def line(standing: Standing, goal: int) -> str:
    """How far it is, on a line."""
    words = _Words(standing, goal)
    front = [f"Pareto front {len(standing.best)}"] if len(standing.objectives) > 1 else []
    parts = (words.trials, f"best {words.best}", *front, words.pace, words.cost)
    return f"sweeping: {'; '.join(parts)}"


def panel(standing: Standing, goal: int, seconds: float) -> Panel:
    """How far it is, to be drawn."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    words = _Words(standing, goal)
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(ratio=1)
    for name, value in _rows(words, seconds):
        rows.add_row(name, Text(value))
    bar = Table.grid(expand=True)
    bar.add_row(ProgressBar(total=max(goal, 1), completed=min(standing.finished, goal)))
    return Panel(Group(bar, rows), title="Sweep", title_align="left", border_style="dim")


def _rows(words: _Words, seconds: float) -> Iterator[tuple[str, str]]:
    standing = words.standing
    yield "trials", words.trials
    yield "best", words.best
    if len(standing.objectives) > 1:
        yield "Pareto front", f"{len(standing.best):,} points"
        for point in standing.best[1:_FRONT]:
            yield "", words.point(point)
    yield "pace", words.pace
    yield "turns", words.turns
    yield "cost", words.cost
    yield "time", duration(seconds)


def duration(seconds: float) -> str:
    """A time as people say it: ``45 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
