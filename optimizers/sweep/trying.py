"""One trial: its program is built, answers turn by turn, and is given up where it is clearly worse."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from csc_dspy.exceptions import CSCError, LMError
from csc_dspy.lm.failures import ends_a_run

from .asking import answers_of, course, goals_of
from .building import Builder
from .pruning import dominated, likely_worse, looks, packed, unpacked
from .recording import constrain, note, note_costs
from .remembering import watching
from .scoring import Progress, answers_key
from .studies import BASELINE, ERROR, KEY, MARKS, begun, completed, feasible

if TYPE_CHECKING:
    import numpy as np
    import optuna
    from numpy.typing import NDArray
    from optuna.trial import FrozenTrial

    from csc_dspy.programs import Program

    from .connections import Connected, Connections
    from .memory import Memory
    from .objectives import Goals
    from .settings import Settings
    from .space import Values

    Array = NDArray[np.float64]


class GivenUpError(Exception):
    """A trial has come to an error that concerns it alone, or was one too many."""


class Trying:
    """Runs trials, as Optuna calls its objectives."""

    def __init__(
        self,
        settings: Settings,
        study: optuna.Study,
        memory: Memory,
        connections: Connections,
        *,
        concurrency: int,
    ) -> None:
        self.error: CSCError | None = None
        """What the last trial has failed by, if it has."""
        self._number: int | None = None
        self._settings = settings
        self._study = study
        self._memory = memory
        self._connections = connections
        self._concurrency = concurrency
        self._builder = Builder(settings, memory, concurrency=concurrency)
        self._course = course(settings)

    def __call__(self, trial: optuna.Trial) -> tuple[float, ...]:
        """The values of a trial; `optuna.TrialPruned` if it was given up.

        Raises:
            GivenUpError: It has failed by what concerns it alone.
            CSCError, KeyboardInterrupt: What ends the work. The trial is queued again.
        """
        self.error = None
        self._number = trial.number
        before = self._study.get_trials(deepcopy=False)[: trial.number]
        if begun(before) >= self._settings.trials:
            raise GivenUpError
        try:
            return self._values(trial)
        except (CSCError, KeyboardInterrupt) as error:
            if isinstance(error, KeyboardInterrupt) or ends_a_run(error):
                self._queue_again(trial)
                raise
            self.error = error
            trial.set_user_attr(ERROR, str(error))
            raise GivenUpError from error

    @property
    def lost(self) -> bool:
        """Whether the last trial was taken away, because this worker counted as dead."""
        if self._number is None:
            return False
        trial = self._study.get_trials(deepcopy=False)[self._number]
        return trial.state.name == "FAIL" and ERROR not in trial.user_attrs

    def _queue_again(self, trial: optuna.Trial) -> None:
        marked = {BASELINE: True} if BASELINE in trial.user_attrs else {}
        self._study.enqueue_trial(trial.params, user_attrs=marked)

    def _values(self, trial: optuna.Trial) -> tuple[float, ...]:
        values = self._settings.space.suggest(trial)
        trial.set_user_attr("note", note(values))
        connected = self._connections.get(values)
        begun_at = time.perf_counter()
        with watching() as effort:
            try:
                return self._score(trial, self._built(values, connected), connected)
            finally:
                note_costs(trial, effort.asked, connected.price, time.perf_counter() - begun_at)

    def _built(self, values: Values, connected: Connected) -> Program:
        with connected.in_force(trace=True):
            return self._builder.build(values, connected.identity)

    def _score(self, trial: optuna.Trial, program: Program, connected: Connected) -> tuple[float, ...]:
        answers = answers_of(program, self._settings, self._course, self._concurrency)
        key = answers_key(program, connected.identity, self._course)
        trial.set_user_attr(KEY, key)
        alike = self._alike(key)
        if alike is not None:
            return self._same(trial, alike)
        wanted = goals_of(program, connected, self._settings, self._course)
        try:
            with connected.in_force(trace=False):
                for count in looks(len(self._course.turns)):
                    progress = answers.until(count)
                    self._look(trial, progress, wanted)
        finally:
            self._memory.flush()
            self._note(trial, answers.progress)
        return self._complete(trial, answers.progress, wanted)

    def _complete(self, trial: optuna.Trial, progress: Progress, wanted: Goals) -> tuple[float, ...]:
        found = wanted.values(self._course.by_dialogue(progress.predictions))
        trial.set_user_attr(MARKS, packed(map(wanted.marks, progress.predictions)))
        trial.set_user_attr("scores", dict(zip(self._settings.objectives, found, strict=True)))
        constrain(trial, wanted.excess(progress.predictions))
        return found

    def _look(self, trial: optuna.Trial, progress: Progress, wanted: Goals) -> None:
        """Say how it stands, and give it up if another is better beyond chance."""
        import optuna

        seen, turns = len(progress.predictions), len(self._course.turns)
        if progress.failures == seen:
            # Not a bad program, but no program at all.
            why = progress.predictions[-1].predicted.error
            raise LMError(f"none of {seen} turns could be answered: {why}")
        single = len(wanted.measures) == 1
        if single:
            [value] = wanted.values(self._course.by_dialogue(progress.predictions))
            trial.report(value, seen)
        if seen == turns or not self._settings.pruning or trial.user_attrs.get(BASELINE):
            return
        ours = unpacked(packed(map(wanted.marks, progress.predictions)), len(wanted.measures))
        if any(self._beaten(ours, rival, turns) for rival in self._rivals()):
            constrain(trial, wanted.excess(progress.predictions))
            raise optuna.TrialPruned

    def _beaten(self, ours: Array, rival: FrozenTrial, turns: int) -> bool:
        level, maximize = self._settings.pruning, self._settings.maximize
        theirs = unpacked(rival.user_attrs[MARKS], len(maximize))
        if len(maximize) > 1:
            return dominated(ours, theirs, maximize, turns, level)
        sign = 1 if maximize[0] else -1
        return likely_worse(sign * ours[:, 0], sign * theirs[:, 0], turns, level)

    def _rivals(self) -> list[FrozenTrial]:
        """What a trial is held against: the best so far, or all of the Pareto front."""
        from .front import best, front

        found = [each for each in feasible(completed(self._study)) if MARKS in each.user_attrs]
        if not found:
            return []
        maximize = self._settings.maximize
        return front(found, maximize) if len(maximize) > 1 else [best(found, maximize[0])]

    def _alike(self, key: str) -> FrozenTrial | None:
        """A finished trial whose program answers in the same way."""
        trials = self._study.get_trials(deepcopy=False)
        same = (each for each in trials if each.user_attrs.get(KEY) == key)
        return next((each for each in same if each.state.name in {"COMPLETE", "PRUNED"}), None)

    def _same(self, trial: optuna.Trial, known: FrozenTrial) -> tuple[float, ...]:
        """The outcome of a trial that was the same."""
        import optuna

        for name in (MARKS, "scores", "failures"):
            if name in known.user_attrs:
                trial.set_user_attr(name, known.user_attrs[name])
        constrain(trial, known.constraints)
        trial.set_user_attr("same_as", known.number)
        trial.set_user_attr("evaluated_turns", 0)
        trial.set_user_attr("saved_turns", len(self._course.turns))
        if len(self._settings.objectives) == 1:
            for step, value in known.intermediate_values.items():
                trial.report(value, step)
        if known.state.name == "PRUNED":
            raise optuna.TrialPruned
        return tuple(known.values)

    def _note(self, trial: optuna.Trial, progress: Progress) -> None:
        trial.set_user_attr("evaluated_turns", progress.evaluated)
        trial.set_user_attr("saved_turns", len(self._course.turns) - progress.evaluated)
        trial.set_user_attr("failures", progress.failures)
