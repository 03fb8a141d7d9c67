"""The judge of role plays, by the five criteria of the paper's filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from csc_dspy.conversations import Conversation, one_line
from csc_dspy.evaluation.judging._base import Judge
from csc_dspy.signatures import ROLE_PLAY_CRITERIA, judge_role_play
from csc_dspy.taxonomy import Language, Localized

if TYPE_CHECKING:
    import dspy

_NAMES: Final = {
    "topic": Localized(en="Topic", zh="主题"),
    "scenario": Localized(en="Scenario", zh="场景"),
    "customer_goal": Localized(en="Customer's goal", zh="客户目的"),
    "profile": Localized(en="Customer's profile", zh="客户画像"),
}
_PAIR: Final = Localized(en="{name}: {text}", zh="{name}：{text}")


class RolePlayJudge(Judge):
    """Conversation with the situation it was played from → a finding for each of `ROLE_PLAY_CRITERIA`."""

    name = "role-play"
    criteria = ROLE_PLAY_CRITERIA

    def signature(self, language: Language) -> type[dspy.Signature]:
        """The task in one language."""
        return judge_role_play(self.taxonomy, language)

    def inputs(self, conversation: Conversation, language: Language) -> dict[str, str]:
        """The fields of the task for a conversation."""
        return {"situation": situation(conversation, language), **super().inputs(conversation, language)}


def situation(conversation: Conversation, language: Language) -> str:
    """What is known of the customer's role, one piece a line."""
    return "\n".join(_lines(conversation, language))


def _lines(conversation: Conversation, language: Language) -> Iterator[str]:
    for key, name in _NAMES.items():
        value = getattr(conversation, key)
        if value:
            text = _profile(value, language) if isinstance(value, Mapping) else one_line(str(value))
            yield _PAIR[language].format(name=name[language], text=text)


def _profile(profile: Mapping[str, object], language: Language) -> str:
    pairs = (
        _PAIR[language].format(name=one_line(str(key)), text=one_line(str(value)))
        for key, value in profile.items()
    )
    return ("；" if language == "zh" else "; ").join(pairs)
