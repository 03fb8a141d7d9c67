"""The composite score with the reasons for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from csc_dspy.metrics.composite import Composite
from csc_dspy.metrics.feedback.labels import on_stage, on_strategy
from csc_dspy.metrics.feedback.response import on_response
from csc_dspy.metrics.reading import Answer, Gold, read_answer, read_gold
from csc_dspy.taxonomy import Localized

if TYPE_CHECKING:
    import dspy

Part = Literal["stage", "strategy", "response"]

_ALL: Final[tuple[Part, ...]] = ("stage", "strategy", "response")
_DECIDES: Final[dict[str, tuple[Part, ...]]] = {
    "track": ("stage",),
    "tracker.track": ("stage",),
    "classify": ("strategy",),
    "predict": ("strategy",),
    "strategist.predict": ("strategy",),
    "write": ("response",),
    "writer.write": ("response",),
    "answer": _ALL,
}
"""What the predictors of our programs decide, by the names that `named_predictors` gives them."""

_NO_ANSWER: Final = Localized(en="There is no answer: the call failed.", zh="没有回答：调用失败了。")

_UNKNOWN: Final = Localized(
    en="The example does not tell what would have been right here.", zh="样例中没有这一项的正确答案。"
)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A `Composite` that says why, in the language of the conversation.

    The signature is that of GEPA; SIMBA and ``dspy.Evaluate`` take it as well. Asked about one predictor it
    speaks of what that one decides, and the score stays that of the whole answer, as GEPA requires. Called
    with a trace for no predictor, as by optimizers that choose demonstrations, it is `Composite.strict`.
    """

    composite: Composite = field(default_factory=Composite)

    def __call__(
        self,
        gold: dspy.Example,
        pred: dspy.Prediction | None,
        trace: object = None,
        pred_name: str | None = None,
        pred_trace: object = None,  # noqa: ARG002 - GEPA hands it over
    ) -> dspy.Prediction | bool:
        """A prediction with ``score`` and ``feedback``, or whether the answer is right."""
        import dspy

        if trace is not None and pred_name is None:
            return self.composite.strict(gold, pred)
        expected = read_gold(gold)
        if pred is None:
            return dspy.Prediction(score=0.0, feedback=_NO_ANSWER[expected.language])
        answer = read_answer(pred)
        parts = self.composite.parts(expected, answer)
        told = _told(expected, answer, 100 * parts.get("response", 0.0), decided_by(pred_name))
        return dspy.Prediction(score=self.composite.mean(parts), feedback=told)


def decided_by(predictor: str | None) -> tuple[Part, ...]:
    """What a predictor decides; everything where that is not known."""
    # One that reasons first is the predictor "predict" inside its module.
    names = (predictor, predictor.removesuffix(".predict")) if predictor else ()
    return next((_DECIDES[name] for name in names if name in _DECIDES), _ALL)


def _told(gold: Gold, answer: Answer, similarity: float, parts: tuple[Part, ...]) -> str:
    on = {
        "stage": on_stage(gold, answer),
        "strategy": on_strategy(gold, answer),
        "response": on_response(gold, answer, similarity),
    }
    return "\n".join(on[part] for part in parts if on[part]) or _UNKNOWN[gold.language]
