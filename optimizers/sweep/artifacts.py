"""A trial as an artifact, written as ``compile`` writes its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csc_dspy.evaluation.scoring import Draws, score_context
from csc_dspy.evaluation.tallying import Tallies
from csc_dspy.metrics import METRICS, metric

from ..judging import Details, statement, verdict
from ..objective import OBJECTIVES, objective
from ..outcome import Compiled
from ..writing import write_artifact
from .building import bare, optimizer_of
from .recording import note
from .space import UNCOMPILED, links

if TYPE_CHECKING:
    from csc_dspy.metrics import Aspect
    from csc_dspy.programs import Program

    from .._base import Bench
    from ..gain import Gain
    from .examining import Examined
    from .result import Swept
    from .settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a program of a sweep was made by."""

    name: str
    """The chain of optimizers."""
    trial: int
    values: dict[str, Any]
    """All parameters of the trial, by their names."""

    def most_calls(self, program: Program, train: int, dev: int) -> int:
        """As the optimizer's own."""
        return 0 if not links(self.name) else optimizer_of(self.values).most_calls(program, train, dev)

    def optimize(self, program: Program, bench: Bench) -> Program:
        """As the optimizer's own, without what comes after it."""
        return program if not links(self.name) else optimizer_of(self.values).optimize(program, bench)


def write(
    out: Path,
    settings: Settings,
    swept: Swept,
    found: Examined,
    baseline: Examined,
    gained: Gain,
    history: Sequence[tuple[str, float]],
) -> None:
    """Write one program, with its scores beside those of the baseline."""
    from ..compilation import Compilation

    values = settings.space.values(found.parameters)
    name = str(values.get("optimizer", UNCOMPILED))
    wish = next((each for each in settings.objectives if each in OBJECTIVES), None)
    compilation = Compilation(
        program=bare({**values, "optimizer": UNCOMPILED}, settings),
        optimizer=Recipe(name=name, trial=found.number, values=dict(values)),
        objective=objective(wish, found.program),
        train=settings.data[0],
        dev=settings.data[1],
        models=found.models,
        seed=settings.seed,
    )
    compiled = Compiled(
        program=found.program,
        artifact=out,
        optimizer=name,
        metric=settings.objectives[0],
        dev_before=gained.before,
        dev_after=gained.after,
        difference=gained.difference,
        significant=verdict(gained),
        statement=f"{statement(settings.objectives[0], gained)} Found by a sweep: {note(values)}.",
        trials=swept.trials,
        calls=swept.calls,
        tokens=swept.tokens,
        seconds=swept.seconds,
        usd=swept.usd,
        partial=swept.partial,
    )
    details = _details(settings, baseline, found)
    write_artifact(out, compilation, compiled, details, history)


def _details(settings: Settings, before: Examined, after: Examined) -> Details:
    """All metrics of both, from what they have said already."""
    sides = {"before": _content(settings, before), "after": _content(settings, after)}
    return Details(
        {
            side: {name: each for name, each in content.items() if _is_score(each)}
            for side, content in sides.items()
        },
        {side: content["strategies"] for side, content in sides.items()},
    )


def _content(settings: Settings, found: Examined) -> dict[str, Any]:
    taxonomy = found.program.options.taxonomy
    everything = [metric(name, taxonomy) for name in METRICS]
    tallies = Tallies(everything, taxonomy)
    for some in found.dialogues:
        tallies.add(some)
    return score_context(tallies, _aspects(found), Draws(seed=settings.seed))


def _aspects(found: Examined) -> frozenset[Aspect]:
    """What the program was asked for; the text is not, where nothing depends on it."""
    said = [each.predicted for some in found.dialogues for each in some]
    names: tuple[Aspect, ...] = ("stage", "strategy", "response")
    return frozenset(name for name in names if any(getattr(each, name) is not None for each in said))


def _is_score(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"value", "low", "high"}
