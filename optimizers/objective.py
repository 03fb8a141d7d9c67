"""What a program is compiled for: a score of whole data, and the same wish as a metric of single examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics import metric
from csc_dspy.metrics.composite import Composite, Weights
from csc_dspy.metrics.feedback import Feedback
from csc_dspy.metrics.mean_composite import MeanComposite

if TYPE_CHECKING:
    from csc_dspy.metrics import Metric
    from csc_dspy.programs import Program

ExampleMetric = Callable[..., "float | bool"]
"""``(example, prediction, trace=None)``, as DSPy's optimizers call it."""


@dataclass(frozen=True, slots=True)
class _Wish:
    weights: Weights
    of: str | None
    """The metric of whole data; None where it is the mean over examples."""


_STRATEGY: Final = Weights(strategy=1, stage=0, response=0, probability=0)
_WISHES: Final = {
    "accuracy": _Wish(_STRATEGY, "ACC"),
    "macro-f1": _Wish(_STRATEGY, "macro_f1"),
    "mid": _Wish(_STRATEGY, "mid"),
    "stage-accuracy": _Wish(Weights(strategy=0, stage=1, response=0, probability=0), "stage_acc"),
    "chrf": _Wish(Weights(strategy=0, stage=0, response=1, probability=0), "chrF"),
    "composite": _Wish(Weights(), None),
}
OBJECTIVES: Final = tuple(_WISHES)
_USUAL: Final = {"stage-tracker": "stage-accuracy", "response-writer": "chrf"}
_ANSWERS: Final = {
    "ACC": "strategy",
    "macro_f1": "strategy",
    "mid": "strategy",
    "stage_acc": "stage",
    "chrF": "response",
}


@dataclass(frozen=True, slots=True)
class Objective:
    """A wish by its name."""

    name: str
    composite: Composite
    whole: Metric
    """The score of whole data."""

    @property
    def feedback(self) -> Feedback:
        """The same with reasons in words, for optimizers that read them."""
        return Feedback(composite=self.composite)

    @property
    def strict(self) -> ExampleMetric:
        """Whether an answer is fit to be a demonstration."""
        return self.composite.strict

    @property
    def of_text(self) -> bool:
        """Whether the text of responses counts."""
        return self.composite.weights.response > 0


def objective(name: str | None, program: Program) -> Objective:
    """The objective of that name, or the usual one for a program; ConfigError if it does not fit."""
    name = name or _USUAL.get(program.name, "accuracy")
    if name not in _WISHES:
        from difflib import get_close_matches

        close = get_close_matches(name, _WISHES, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else f"objectives are {', '.join(_WISHES)}"
        raise ConfigError(f"no objective is called {name!r}", remedy=remedy)
    wish = _WISHES[name]
    _require_answered(name, wish, program)
    composite = Composite(wish.weights)
    return Objective(name, composite, _whole(wish, composite, program))


def _whole(wish: _Wish, composite: Composite, program: Program) -> Metric:
    if wish.of is not None:
        return metric(wish.of, program.options.taxonomy)
    return MeanComposite(program.options.taxonomy, composite, asked=frozenset(_asked(program)))


def _asked(program: Program) -> set[str]:
    return {field for each in program.predictors() for field in each.signature.output_fields}


def _require_answered(name: str, wish: _Wish, program: Program) -> None:
    needed = _ANSWERS.get(wish.of or "")
    if needed and needed not in _asked(program):
        raise ConfigError(
            f"{program.name} is not asked for the {needed} that {name} is about",
            remedy=f"its usual objective is {_USUAL.get(program.name, 'accuracy')}",
        )
