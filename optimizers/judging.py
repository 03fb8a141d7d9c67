"""What a compilation has gained, with how sure that is, and what else has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import dspy

    from csc_dspy.evaluation import Evaluation, Score
    from csc_dspy.evaluation.systems import System
    from csc_dspy.programs import Program

    from .data import Dialogues
    from .gain import Gain
    from .objective import Objective

Verdict = Literal["better", "worse", "cannot tell"]

_CONTEXT: Final = "reference"


@dataclass(frozen=True, slots=True)
class Details:
    """Everything that was measured on dev, ``before`` and ``after``."""

    metrics: Mapping[str, Mapping[str, Any]]
    """Every metric by name."""
    strategies: Mapping[str, Any]
    """How well each strategy is recognized, where strategies are predicted."""


def verdict(gain: Gain) -> Verdict:
    """Whether the program has become better or worse beyond chance."""
    if gain.significant:
        return "better"
    return "worse" if gain.difference.high is not None and gain.difference.high < 0 else "cannot tell"


def statement(name: str, gain: Gain) -> str:
    """The outcome in a plain sentence."""
    figures = f"{name} on dev: {_number(gain.before)} before, {_number(gain.after)} after"
    change = gain.difference.value or 0.0
    if not change:
        return f"{figures}. Nothing that was tried is better."
    by = f"{abs(change):.1f}{_bounds(gain.difference)}"
    told = {
        "better": f"It has become better by {by}.",
        "worse": f"It has become worse by {by}.",
        "cannot tell": f"The gain of {by} is not significant: it may be chance.",
    }
    return f"{figures}. {told[verdict(gain)]}"


def details(
    before: Program,
    after: Program,
    dev: Dialogues,
    objective: Objective,
    *,
    written: bool,
    concurrency: int,
    before_lm: dspy.LM | None = None,
) -> Details:
    """Evaluate both programs by all metrics, with the language model in force, or ``before_lm``.

    Responses are ``written`` only where that is wanted, because for hosted models it is paid for.
    """
    from csc_dspy.evaluation.plan import plan
    from csc_dspy.metrics import METRICS, metric

    taxonomy = after.options.taxonomy
    system = _system(after, written=written)
    known = [metric(name, taxonomy) for name in METRICS]
    asked = system.aspects | {"strategy_probabilities"}
    made = plan(
        system,
        dev.conversations,
        contexts=(_CONTEXT,),
        other=_system(before, written=written, lm=before_lm),
        metrics=[*(each for each in known if each.aspect in asked), *_own(objective)],
    )
    evaluation = made.carry_out(concurrency=concurrency, lm=None)
    assert evaluation.other is not None
    sides = {"before": _content(evaluation.other), "after": _content(evaluation)}
    return Details(
        {side: _metrics(content) for side, content in sides.items()},
        {side: content["strategies"] for side, content in sides.items()},
    )


def scant(gain: Gain, objective: Objective) -> Details:
    """What is left where nothing more can be asked."""
    name = objective.whole.name
    found = {"before": {name: asdict(gain.before)}, "after": {name: asdict(gain.after)}}
    return Details(found, {"before": None, "after": None})


def _own(objective: Objective) -> list[Any]:
    from csc_dspy.metrics import METRICS

    return [] if objective.whole.name in METRICS else [objective.whole]


def _system(program: Program, *, written: bool, lm: dspy.LM | None = None) -> System:
    from csc_dspy.choosing import Programs
    from csc_dspy.evaluation.systems import ProgramSystem

    from .deciding import Decisions, Elsewhere

    found = ProgramSystem(Programs(program)) if written else Decisions(program)
    return found if lm is None else Elsewhere(found, lm)


def _content(evaluation: Evaluation) -> Mapping[str, Any]:
    content: Mapping[str, Any] = evaluation.content[_CONTEXT]
    return content


def _metrics(content: Mapping[str, Any]) -> dict[str, Any]:
    from csc_dspy.evaluation.result import is_score

    return {name: value for name, value in content.items() if is_score(value)}


def _number(score: Score) -> str:
    return "undefined" if score.value is None else f"{score.value:.1f}{_bounds(score)}"


def _bounds(score: Score) -> str:
    return "" if score.low is None or score.high is None else f" ({score.low:.1f} to {score.high:.1f})"
