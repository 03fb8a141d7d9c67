"""Reading what optimizers hand to a metric: an example, and what a program answered to it.

DSPy checks neither. What is no example or no answer of ours is an error here: scored as a bad answer it would
send an optimizer looking for better prompts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import Conversation, Turn, detect_language
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Language, Stage, Strategy

if TYPE_CHECKING:
    import dspy

PLACEHOLDER: Final = re.compile(r"\[[^\[\]\n]+\]")
"""What stands in for data that was removed, such as ``[手机号码]``."""

_NOTHING: Final = type(None)


@dataclass(frozen=True, slots=True)
class Gold:
    """The right answer; None where it is not known."""

    history: tuple[Turn, ...]
    language: Language
    strategy: Strategy | None
    stage: Stage | None
    response: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program answered; None where it does not answer that.

    A stage is an answer only where the language model was asked for it. Elsewhere it follows from the
    strategy, and is no merit or fault of its own.
    """

    strategy: Strategy | None
    strategy_probabilities: Mapping[str, float] | None
    stage: Stage | None
    stage_proposed: Stage | None
    """What the language model said, before the rule about stages."""
    response: str | None


def read_gold(example: dspy.Example) -> Gold:
    """The right answer of an example, which has the fields history, strategy, stage and response."""
    fields = _fields(example, "the example")
    for name in ("history", "strategy", "stage", "response"):
        if name not in fields:
            raise DataError(f"the example has no field {name!r}", remedy="give it, None if it is not known")
    history = _field(fields, "history", Conversation)
    response = _field(fields, "response", str, _NOTHING)
    return Gold(
        history=history.dialogue,
        language=history.language or _spoken(history, response or ""),
        strategy=_field(fields, "strategy", Strategy, _NOTHING),
        stage=_field(fields, "stage", Stage, _NOTHING),
        response=response,
    )


def read_answer(prediction: dspy.Prediction) -> Answer:
    """What a program answered, in the fields of a `SupportPrediction`; those not there are not answered."""
    fields = _fields(prediction, "what the program answered")
    stage = _field(fields, "stage", Stage, _NOTHING)
    # Predictions that are not of our programs may not have this field at all, and mean the stage they give.
    asked = _field({"stage_proposed": stage, **fields}, "stage_proposed", Stage, _NOTHING)
    return Answer(
        strategy=_field(fields, "strategy", Strategy, _NOTHING),
        strategy_probabilities=_field(fields, "strategy_probabilities", Mapping, _NOTHING),
        stage=stage if asked else None,
        stage_proposed=asked,
        response=_field(fields, "response", str, _NOTHING),
    )


def in_language(text: str, language: Language) -> bool:
    """Whether a text is in a language, as far as it shows; placeholders do not count."""
    return detect_language(PLACEHOLDER.sub(" ", text), default=language) == language


def _spoken(history: Conversation, response: str) -> Language:
    """The language of a conversation, which before its first word only the response can tell."""
    return detect_language(" ".join([*(turn.text for turn in history.dialogue), response]))


def _fields(source: dspy.Example, what: str) -> dict[str, object]:
    import dspy

    if not isinstance(source, dspy.Example):
        raise DataError(
            f"{what} is {type(source).__name__}, without fields",
            remedy="give a dspy.Example, and have programs answer with a dspy.Prediction",
        )
    return dict(source.items())


def _field(fields: Mapping[str, object], name: str, *kinds: type) -> Any:  # noqa: ANN401 - one of the kinds
    value = fields.get(name)
    if not isinstance(value, kinds):
        raise DataError(
            f"the {name} is {type(value).__name__}, not {kinds[0].__name__}",
            remedy="give what the programs of csc_dspy.programs give",
        )
    return value
