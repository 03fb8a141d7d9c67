"""The end of a sweep: the best trials on all of dev, the winner against the baseline, and the test split."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.evaluation.bootstrap import permutation_p
from csc_dspy.evaluation.scoring import Score
from csc_dspy.exceptions import BudgetError, ConfigError, CSCError, LMError

from ..gain import Gain
from ..judging import Verdict, statement, verdict
from .asking import course
from .building import Builder
from .connections import Connections
from .examining import Examined, difference, examine
from .front import front, knee
from .importance import importances
from .memory import Memory
from .result import Finalist, Swept
from .standing import Standing
from .studies import BASELINE, ERROR, KEY, baseline_of, completed, feasible
from .testing import tested

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from csc_dspy.lm import Budget

    from ..data import Given
    from .settings import Settings

ARTIFACT: Final = "artifact"
FRONT: Final = "front"


def confirm(
    settings: Settings,
    study: optuna.Study,
    *,
    folder: Path,
    out: Path | None = None,
    final_test: Given | None = None,
    budget: Budget | None = None,
    concurrency: int = 32,
    partial: bool = False,
) -> Swept:
    """Score the best trials again on all of dev, and write what won to ``out / "artifact"``.

    ``folder`` is that of the workers. Of several objectives each point of the Pareto front is written, to
    ``out / "front" / NUMBER``. ``final_test`` is a test split, which winner and baseline are scored on; a
    study keeps these scores, so that it is done once. ``partial`` says that a limit ended the search.

    Raises:
        BudgetError: A limit was reached before any trial was complete.
        ConfigError: No trial keeps the constraints.
    """
    from csc_dspy.lm import Budget

    begun = time.perf_counter()
    chosen = finalists(settings, study)
    with (
        Memory(folder) as memory,
        Connections(settings.connecting, budget or Budget(), memory, concurrency=concurrency) as connections,
    ):
        builder = Builder(settings, memory, concurrency=concurrency)
        turns = course(settings)
        found = [
            examine(each, settings, turns, builder, connections, concurrency=concurrency) for each in chosen
        ]
        baseline = next(each for each in found if each.number == chosen[-1].number)
        best, points = ranked(found, settings)
        test = None
        if final_test is not None:
            test = tested(settings, study, final_test, [best, baseline], connections, concurrency=concurrency)
    return _result(settings, study, found, best, points, baseline, out, test, begun, partial=partial)


def finalists(settings: Settings, study: optuna.Study) -> list[FrozenTrial]:
    """The trials to score again, each program once, and the baseline at the end."""
    baseline = baseline_of(study)
    if baseline is None:
        raise _nothing(study)
    allowed = feasible(completed(study))
    if not allowed:
        raise ConfigError(
            f"no trial keeps {' and '.join(settings.constraints)}",
            remedy="raise the limits, or run more trials",
        )
    once: dict[str, FrozenTrial] = {}
    for trial in allowed:
        once.setdefault(str(trial.user_attrs.get(KEY, trial.number)), trial)
    others = [each for each in once.values() if not each.user_attrs.get(BASELINE)]
    if len(settings.objectives) > 1:
        kept = front(others, settings.maximize)
    else:
        sign = -1 if settings.maximize[0] else 1
        kept = sorted(others, key=lambda each: (sign * each.values[0], each.number))[: settings.keep]
    return [*kept, baseline]


def _nothing(study: optuna.Study) -> CSCError:
    """Why there is no baseline."""
    for trial in study.get_trials(deepcopy=False):
        if trial.user_attrs.get(BASELINE) and ERROR in trial.user_attrs:
            return LMError(f"the uncompiled program cannot be scored: {trial.user_attrs[ERROR]}")
    return BudgetError("no trial is complete, so there is nothing to choose from", remedy="raise the limit")


def ranked(found: Sequence[Examined], settings: Settings) -> tuple[Examined, list[Examined]]:
    """The winner, and everything that nothing is better than."""
    allowed = [each for each in found if each.allowed]
    if not allowed:
        raise ConfigError("scored again, no trial keeps the constraints", remedy="raise the limits")
    points = front(allowed, settings.maximize)
    return (points[0] if len(settings.objectives) == 1 else knee(points, settings.maximize)), points


def _result(  # noqa: PLR0913, PLR0917  what a result is made of
    settings: Settings,
    study: optuna.Study,
    found: Sequence[Examined],
    best: Examined,
    points: Sequence[Examined],
    baseline: Examined,
    out: Path | None,
    test: Mapping[str, Mapping[str, Score]] | None,
    begun: float,
    *,
    partial: bool,
) -> Swept:
    gained = gain_of(baseline, best)
    standing = Standing.of(study)
    folders = {} if out is None else _folders(out, best, points, several=len(settings.objectives) > 1)
    sign = -1 if settings.maximize[0] else 1
    order = sorted(
        found, key=lambda each: (each is not best, each not in points, sign * each.values[0], each.number)
    )
    told = {each.number: _finalist(each, folders.get(each.number)) for each in order}
    swept = Swept(
        best=told[best.number],
        baseline=told[baseline.number],
        finalists=tuple(told.values()),
        front=tuple(each.number for each in points),
        objectives=settings.objectives,
        difference=gained.difference,
        significant=_verdict(settings, gained),
        statement=_statement(settings, gained),
        p=gained.p,
        importance=importances(study),
        test=test,
        trials=standing.finished,
        complete=standing.complete,
        pruned=standing.pruned,
        failed=standing.failed,
        evaluated_turns=standing.evaluated_turns,
        saved_turns=standing.saved_turns,
        calls=standing.calls,
        tokens=standing.tokens,
        usd=standing.usd,
        seconds=round(_seconds(study) + time.perf_counter() - begun, 3),
        partial=partial,
        program=best.program,
    )
    _write(settings, study, swept, folders, [each for each in found if each.number in folders], baseline)
    return swept


def gain_of(before: Examined, after: Examined) -> Gain:
    """How much better one trial is than another by the first objective, and how sure that is."""
    measure = after.goals.measures[0]
    p = None
    if measure.name == "accuracy":
        p = round(permutation_p([new - old for old, new in zip(before.right, after.right, strict=True)]), 6)
    return Gain(before.scores[measure.name], after.scores[measure.name], difference(before, after), p)


def _verdict(settings: Settings, gained: Gain) -> Verdict:
    """Whether the winner is better beyond chance, also where less is better."""
    turned: dict[Verdict, Verdict] = {"better": "worse", "worse": "better", "cannot tell": "cannot tell"}
    found = verdict(gained)
    return found if settings.maximize[0] else turned[found]


def _statement(settings: Settings, gained: Gain) -> str:
    name = settings.objectives[0]
    if settings.maximize[0]:
        return statement(name, gained)
    change = gained.difference.value or 0.0
    before, after = gained.before.value, gained.after.value
    return f"{name} on dev: {before:g} before, {after:g} after, a change of {change:+g}."


def _finalist(found: Examined, artifact: Path | None) -> Finalist:
    return Finalist(
        number=found.number,
        parameters=dict(found.parameters),
        note=found.note,
        scores=dict(found.scores),
        artifact=artifact,
    )


def _folders(out: Path, best: Examined, points: Sequence[Examined], *, several: bool) -> dict[int, Path]:
    """Where each program goes that is written."""
    front_of = {each.number: out / FRONT / str(each.number) for each in points if several}
    return {**front_of, best.number: out / ARTIFACT}


def _write(
    settings: Settings,
    study: optuna.Study,
    swept: Swept,
    folders: Mapping[int, Path],
    found: Sequence[Examined],
    baseline: Examined,
) -> None:
    from .artifacts import write

    history = [(str(each.user_attrs.get("note", "")), float(each.values[0])) for each in completed(study)]
    for each in found:
        write(folders[each.number], settings, swept, each, baseline, gain_of(baseline, each), history)


def _seconds(study: optuna.Study) -> float:
    """The time of all trials, added up."""
    return sum(float(each.user_attrs.get("seconds") or 0) for each in study.get_trials(deepcopy=False))
