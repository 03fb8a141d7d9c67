"""How far a study has come, read from the study alone, so that it holds for all its workers together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .front import best, front
from .studies import ERROR, feasible, scored

if TYPE_CHECKING:
    from datetime import datetime

    import optuna
    from optuna.trial import FrozenTrial

_RECENT: Final = 20
"""Trials that the pace is taken from: those at the beginning, which compile much, say little of the rest."""


@dataclass(frozen=True, slots=True)
class Point:
    """A trial that nothing is better than."""

    number: int
    values: tuple[float, ...]
    """In the order of the objectives."""
    parameters: Mapping[str, Any]
    note: str
    """What it was, in a few words."""

    @classmethod
    def of(cls, trial: FrozenTrial) -> Point:
        """From a completed trial."""
        note = str(trial.user_attrs.get("note", ""))
        return cls(trial.number, tuple(trial.values or ()), dict(trial.params), note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A study at one moment."""

    objectives: tuple[str, ...]
    maximize: tuple[bool, ...]
    """For each objective whether more is better."""
    complete: int
    pruned: int
    failed: int
    """Trials that came to an error of their own. Those that were left by their workers are queued again."""
    running: int
    waiting: int
    best: tuple[Point, ...]
    """The best trial; of several objectives the Pareto front, by the first objective, best first."""
    evaluated_turns: int
    saved_turns: int
    """Turns that were not evaluated, as they were known already or their trial was given up."""
    calls: int
    tokens: int
    usd: float | None
    """None where a price is not known."""
    per_minute: float | None
    """Finished trials in a minute; None until there are enough to tell."""

    @property
    def finished(self) -> int:
        """Trials that are done with."""
        return self.complete + self.pruned + self.failed

    @classmethod
    def of(cls, study: optuna.Study, *, since: datetime | None = None) -> Standing:
        """Now. The pace is that of trials finished ``since`` then, in local time; else of all."""
        trials = study.get_trials(deepcopy=False)
        maximize = tuple(direction.name == "MAXIMIZE" for direction in study.directions)
        # A trial that is queued again has the figures of the one before it, until it has its own.
        ended = [trial.user_attrs for trial in trials if trial.state.is_finished()]
        return cls(
            objectives=tuple(study.metric_names or _numbered(len(maximize))),
            maximize=maximize,
            best=_best(trials, maximize),
            evaluated_turns=_total(ended, "evaluated_turns"),
            saved_turns=_total(ended, "saved_turns"),
            calls=_total(ended, "calls"),
            tokens=_total(ended, "tokens"),
            usd=_cost(ended),
            per_minute=_pace(trials, since),
            **_counts(trials),
        )

    def minutes_left(self, goal: int) -> float | None:
        """How long ``goal`` finished trials will still take at this pace."""
        return None if not self.per_minute else max(goal - self.finished, 0) / self.per_minute


def _numbered(objectives: int) -> Iterator[str]:
    return (f"objective {number}" for number in range(1, objectives + 1))


def _counts(trials: Sequence[FrozenTrial]) -> dict[str, int]:
    states = Counter(trial.state.name for trial in trials)
    return {
        "complete": states["COMPLETE"],
        "pruned": states["PRUNED"],
        "failed": sum(ERROR in trial.user_attrs for trial in trials if trial.state.name == "FAIL"),
        "running": states["RUNNING"],
        "waiting": states["WAITING"],
    }


def _best(trials: Sequence[FrozenTrial], maximize: tuple[bool, ...]) -> tuple[Point, ...]:
    """Of the trials that keep all limits."""
    found = feasible(scored(trials))
    if not found:
        return ()
    points = front(found, maximize) if len(maximize) > 1 else [best(found, maximize[0])]
    return tuple(map(Point.of, points))


def _total(ended: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(int(attrs.get(name) or 0) for attrs in ended)


def _cost(ended: Sequence[Mapping[str, Any]]) -> float | None:
    costs = [attrs.get("usd") for attrs in ended if attrs.get("calls")]
    return None if None in costs else float(sum(filter(None, costs)))


def _pace(trials: Sequence[FrozenTrial], since: datetime | None) -> float | None:
    times = sorted(
        trial.datetime_complete
        for trial in trials
        if trial.state.name in {"COMPLETE", "PRUNED"} and trial.datetime_complete is not None
    )
    if since is not None:
        times = [since, *(time for time in times if time > since)]
    recent = times[-_RECENT - 1 :]
    if len(recent) < 2:
        return None
    seconds = (recent[-1] - recent[0]).total_seconds()
    return 60 * (len(recent) - 1) / seconds if seconds > 0 else None
