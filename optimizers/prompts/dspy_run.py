"""What all optimizers of DSPy need around them: their settings, and scores of what they find."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dspy

from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.lm import is_structured
from csc_dspy.programs import Program

from ..demonstrating import structured, taught, teachable
from ..locale import LocaleLock
from .dspy_adapter import OptimizerAdapter
from .dspy_watch import Halt, Watch

if TYPE_CHECKING:
    from .._base import Bench

_LOGGERS: Final = ("dspy", "gepa")
_SETTINGS: Final = {
    "disable_history": True,
    # Optimizers that want a trace begin one; none is collected around them.
    "trace": None,
    "max_trace_size": 10_000,
    # DSPy counts errors over a whole run. Ours go by what they say, and how many come in a row.
    "max_errors": 10**9,
}


class Run:
    """An optimizer's work on a program: what it may ask through, and how its finds are scored."""

    def __init__(self, program: Program, bench: Bench, seen: Sequence[dspy.Example], watch: Watch) -> None:
        self.watch = watch
        self._lock = LocaleLock.of(program, seen)
        self.adapter = OptimizerAdapter(self.watch, self._lock)
        self.threads = 1 if structured() else bench.concurrency
        """Threads do not help an engine that computes its answers itself."""
        self.best = program
        """The best so far: the program itself until something better is found."""
        self._start = program
        self._trials = bench.trials
        self._best_score = self._measured(program, "as it was")

    def score(self, found: dspy.Module, note: str) -> float:
        """The score on dev of what was found."""
        candidate = grafted(self._start, found, self._lock)
        score = self._measured(candidate, note)
        if score > self._best_score:
            self.best, self._best_score = candidate, score
        return score

    def _measured(self, program: Program, note: str) -> float:
        with self.watch.strictly(), dspy.context(trace=None, max_trace_size=0):
            return self._trials.score(program, note)


@contextmanager
def running(program: Program, bench: Bench, seen: Sequence[dspy.Example]) -> Generator[Run, None, None]:
    """DSPy as its optimizers need it, for the length of the block.

    ``seen`` are the examples that proposers see. Errors that would meet every further call come out as they
    are.
    """
    watch = Watch()
    try:
        # What DSPy says there, trials say better.
        with (
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            redirect_stdout(nowhere),
            _quiet(),
            dspy.context(**_SETTINGS),
        ):
            run = Run(program, bench, seen, watch)
            with dspy.context(adapter=run.adapter):
                yield run
    except Halt as halt:
        error = halt.error
    except KeyboardInterrupt:
        # Threads may be left over. They are to ask nothing more.
        watch.halt(InterruptedError())
        raise
    else:
        return
    watch.settle()
    raise error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the logs of DSPy silent: they quote whole examples."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def grafted(start: Program, found: dspy.Module, lock: LocaleLock | None = None) -> Program:
    """``start`` with the instructions and demonstrations of what was found, and nothing else of it.

    Language models, raw examples and marks of DSPy stay behind; so does what an optimizer has reset, and
    instructions that do not pass the lock.
    """
    program: Program = start.deepcopy()
    for ours, theirs in zip(program.predictors(), found.predictors(), strict=True):
        before, after = ours.signature.instructions, theirs.signature.instructions
        if before != after and (lock is None or lock.flaw(after, before) is None):
            ours.signature = ours.signature.with_instructions(after)
        ours.demos = [_plain(demo, ours.signature) for demo in theirs.demos]
    return program


def _plain(demo: dspy.Example, signature: type[dspy.Signature]) -> dspy.Example:
    fields = {name: str(demo[name]) for name in signature.fields if name in demo}
    return dspy.Example(**fields).with_inputs(*(name for name in signature.input_fields if name in fields))


def sampled(examples: Sequence[dspy.Example], most: int, seed: int) -> list[dspy.Example]:
    """At most so many of the examples, drawn by the seed; DataError if there are none."""
    if not examples:
        raise DataError(
            "there is nothing to learn from", remedy="give training data in the program's language"
        )
    return random.Random(seed).sample(list(examples), min(most, len(examples)))


def divided(
    program: Program, examples: Sequence[dspy.Example], shown: int, asked: int, seed: int
) -> tuple[list[dspy.Example], list[dspy.Example]]:
    """Some whose answers a teacher is shown, at most half, and others that it is asked about."""
    # Many are alike, such as openings: a few more are drawn than are needed.
    drawn = teachable(program, sampled(examples, 2 * (shown + asked), seed))[: shown + asked]
    if not drawn:
        raise DataError(
            "nothing can be learned from the training data: turns of the histories have no strategy",
            remedy="give labelled dialogues",
        )
    first = min(shown, len(drawn) // 2)
    return drawn[:first], drawn[first:][:asked]


def with_lessons(program: Program, examples: Sequence[dspy.Example]) -> Program:
    """The program with a demonstration of each example for every predictor, behind those it has."""
    copy: Program = program.deepcopy()
    learned = taught(program, examples)
    for name, predictor in copy.named_predictors():
        predictor.demos = [*predictor.demos, *(lesson.demonstration() for lesson in learned[name])]
    return copy


def writer(lm: dspy.LM | None, optimizer: str, option: str) -> dspy.LM:
    """The language model that proposes instructions; ConfigError at once if it cannot write."""
    lm = lm or dspy.settings.lm
    if is_structured(getattr(lm, "engine", None)):
        raise ConfigError(
            "wants instructions written, which the embedded engine cannot do",
            where=f"--optimizer {optimizer}",
            remedy=f"name a language model that can with {option}",
        )
    return lm
