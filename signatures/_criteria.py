"""What judges look at: criteria with a yes or a no, and one short reason, for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import dspy

from csc_dspy.taxonomy import Language, Localized

from ._verdicts import Verdict

Fields = dict[str, tuple[Any, Any]]

_REASON: Final = Localized(
    en="{name}: the reason in one short sentence, with the number of the turn it rests on",
    zh="{name}：用一句简短的话说明理由，并指出是第几轮",
)
_VERDICT: Final = Localized(
    en="{name}: whether the criterion is met, yes or no", zh="{name}：是否达到该项标准，填“是”或“否”"
)
_CONVERSATION: Final = Localized(
    en="the whole conversation, one numbered turn a line, the supporter's turns with their strategies in brackets",
    zh="整段对话，每轮一行并带编号，客服轮次在方括号【】中标注所用策略",
)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a good conversation does. ``id`` names its output field; its reason's ends in ``_reason``."""

    id: str
    name: Localized
    question: Localized

    @property
    def reason(self) -> str:
        """The output field of the reason."""
        return f"{self.id}_reason"


def judged_conversation(language: Language) -> tuple[Any, Any]:
    """The conversation to judge, from beginning to end."""
    return (str, dspy.InputField(desc=_CONVERSATION[language]))


def findings(criteria: tuple[Criterion, ...], language: Language) -> Fields:
    """A reason and then a verdict for each criterion: a verdict that comes first is only justified afterwards."""
    fields: Fields = {}
    for each in criteria:
        reason, verdict = (text[language].format(name=each.name[language]) for text in (_REASON, _VERDICT))
        fields[each.reason] = (str, dspy.OutputField(desc=reason))
        fields[each.id] = (Verdict(language).annotation(), dspy.OutputField(desc=verdict))
    return fields


def criteria_guide(criteria: tuple[Criterion, ...], language: Language) -> str:
    """The criteria as a list."""
    colon = "：" if language == "zh" else ": "
    return "\n".join(f"- {each.name[language]}{colon}{each.question[language]}" for each in criteria)
