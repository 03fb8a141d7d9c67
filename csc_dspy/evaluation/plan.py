"""What is to be evaluated, and how it is done."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csc_dspy.conversations import Conversation
from csc_dspy.evaluation.about import about
from csc_dspy.evaluation.cases import Cases, Overview
from csc_dspy.evaluation.comparing import compare_context
from csc_dspy.evaluation.contexts import Context
from csc_dspy.evaluation.output import OTHER_FOLDER, Write, prediction_lines, write_results
from csc_dspy.evaluation.prediction_file import FileSystem
from csc_dspy.evaluation.result import Evaluation
from csc_dspy.evaluation.running import Entry, Told, run
from csc_dspy.evaluation.scoring import Draws, rounded, score_context
from csc_dspy.evaluation.systems import ProgramSystem, System, contexts_for
from csc_dspy.evaluation.tallying import Tallies
from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import Journal
from csc_dspy.metrics import METRICS, Metric, metric
from csc_dspy.taxonomy import Taxonomy


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Systems and dialogues that fit each other; make one with `plan`."""

    system: System
    other: System | None
    cases: Cases
    overview: Overview
    entries: tuple[Entry, ...]
    metrics: Sequence[Metric]
    draws: Draws

    @property
    def total(self) -> int:
        """How many predictions are to be made."""
        return self.overview.turns * len(self.entries)

    @property
    def systems(self) -> tuple[System, ...]:
        """The system, and the one to compare it with."""
        return (self.system,) if self.other is None else (self.system, self.other)

    @property
    def programs(self) -> tuple[ProgramSystem, ...]:
        """The systems that ask a language model."""
        return tuple(system for system in self.systems if isinstance(system, ProgramSystem))

    @property
    def failed(self) -> int:
        """How many turns the programs could not be asked about so far."""
        return sum(program.failed for program in self.programs)

    @property
    def identity(self) -> dict[str, Any]:
        """What the predictions depend on besides the dialogues and the language model."""
        other = {} if self.other is None else {"compare": self.other.identity}
        return {**self.system.identity, **other}

    def carry_out(
        self,
        *,
        concurrency: int,
        lm: str | None,
        out: Path | None = None,
        journal: Journal | None = None,
        told: Told = lambda _system, _prediction: None,
    ) -> Evaluation:
        """Predict, score, and write to the folder ``out``, where there is one.

        Raises what would fail every further call too: a wrong key, a spent budget. Failures of single turns
        are in the result.
        """
        for program in self.programs:
            program.journal = journal
        begun = time.perf_counter()
        tallies = self._predicted(concurrency, out, told)
        evaluation = self._scored(tallies, lm, time.perf_counter() - begun)
        if out is not None:
            write_results(out, evaluation, self.cases, self.cases.taxonomy)
            if evaluation.other is not None and isinstance(self.other, ProgramSystem):
                write_results(out / OTHER_FOLDER, evaluation.other, self.cases, self.cases.taxonomy)
        return evaluation

    def _predicted(self, concurrency: int, out: Path | None, told: Told) -> dict[Entry, Tallies]:
        tallies = {
            entry: Tallies(self._metrics_of(entry.system), self.cases.taxonomy) for entry in self.entries
        }
        with ExitStack() as files:
            write: dict[System, Write] = {
                system: files.enter_context(prediction_lines(self._folder(system, out)))
                for system in self.systems
            }
            for result in run(self.cases, self.entries, concurrency, told):
                for entry, predictions in result.predictions.items():
                    tallies[entry].add(predictions)
                    write[entry.system](predictions)
        return tallies

    def _metrics_of(self, system: System) -> list[Metric]:
        """What a system can be scored by. Whether it measures probabilities shows as it answers."""
        aspects = system.aspects | {"strategy_probabilities"}
        return [metric for metric in self.metrics if metric.aspect in aspects]

    def _folder(self, system: System, out: Path | None) -> Path | None:
        """Where the predictions of a system go; those of an earlier run are somewhere already."""
        if out is None or system is self.system:
            return out
        return out / OTHER_FOLDER if isinstance(system, ProgramSystem) else None

    def _scored(self, tallies: dict[Entry, Tallies], lm: str | None, seconds: float) -> Evaluation:
        ours = self._content(self.system, tallies, lm, seconds)
        if self.other is None:
            return Evaluation(ours)
        theirs = self._content(self.other, tallies, lm, seconds)
        compared: dict[str, Any] = {
            entry.context: compare_context(
                (tallies[Entry(self.system, entry.context)], self.system.aspects),
                (tallies[entry], self.other.aspects),
                self.draws,
            )
            for entry in self.entries
            if entry.system is self.other
        }
        comparison: dict[str, Any] = {"other": theirs["about"], **compared}
        return Evaluation({**ours, "comparison": comparison}, Evaluation(theirs))

    def _content(
        self, system: System, tallies: dict[Entry, Tallies], lm: str | None, seconds: float
    ) -> dict[str, Any]:
        asked = isinstance(system, ProgramSystem)
        own = system.lm if isinstance(system, ProgramSystem) else None
        scored: dict[str, Any] = {
            entry.context: {
                **score_context(tallies[entry], system.aspects, self.draws),
                "seconds": rounded(seconds) if asked else None,
            }
            for entry in self.entries
            if entry.system is system
        }
        head = about(
            system.name,
            data=self.cases.source,
            overview=self.overview,
            lm=(own or lm) if asked else None,
            seed=self.draws.seed,
            taxonomy=self.cases.taxonomy,
        )
        return {"format": 1, "about": head, **scored}


def plan(
    system: System,
    conversations: Iterable[Conversation],
    *,
    contexts: tuple[Context, ...] | None = None,
    other: System | None = None,
    limit: int | None = None,
    metrics: Sequence[Metric] | None = None,
    draws: Draws | None = None,
) -> Plan:
    """Look at all dialogues once, and at everything that can be wrong before a language model is asked."""
    cases = Cases(conversations, system.taxonomy, limit)
    overview = cases.overview()
    chosen = contexts_for(system, contexts)
    entries = [Entry(system, context) for context in chosen]
    if other is not None:
        _require_comparable(system, other)
        entries += [Entry(other, context) for context in _shared(chosen, other)]
    for each in (system, other):
        if isinstance(each, FileSystem):
            each.require_all(overview, tuple(entry.context for entry in entries if entry.system is each))
    return Plan(
        system=system,
        other=other,
        cases=cases,
        overview=overview,
        entries=tuple(entries),
        metrics=_all_metrics(system.taxonomy) if metrics is None else metrics,
        draws=draws or Draws(),
    )


def _all_metrics(taxonomy: Taxonomy) -> list[Metric]:
    return [metric(name, taxonomy) for name in METRICS]


def _shared(chosen: tuple[Context, ...], other: System) -> list[Context]:
    shared = [context for context in chosen if context in other.contexts]
    if not shared:
        raise ConfigError(
            f"{other.name} has no context in common: it is evaluated in {' and '.join(other.contexts)}",
            where="--compare",
            remedy="choose others with --contexts",
        )
    return shared


def _require_comparable(system: System, other: System) -> None:
    if other.taxonomy != system.taxonomy:
        raise ConfigError(
            f"{other.name} works by the taxonomy {other.taxonomy.id!r}, not {system.taxonomy.id!r}",
            where="--compare",
            remedy="compare systems of one taxonomy",
        )
    if not system.aspects & other.aspects:
        raise ConfigError(
            f"{other.name} answers {' and '.join(sorted(other.aspects))}, "
            f"{system.name} {' and '.join(sorted(system.aspects))}",
            where="--compare",
            remedy="compare systems that answer the same",
        )
