"""What the parts of a conversation are called, and what is visible of its texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from csc_dspy.conversations import Conversation
from csc_dspy.taxonomy import Language, Localized

_CONTROL_PICTURES: Final = 0x2400
_JOINERS: Final = "\u200c\u200d"
_FACTS: Final = {
    "source": Localized(en="Source", zh="来源"),
    "topic": Localized(en="Topic", zh="主题"),
    "industry": Localized(en="Industry", zh="行业"),
    "difficulty": Localized(en="Difficulty", zh="难度"),
    "events": Localized(en="Events", zh="事件"),
    "scenario": Localized(en="Scenario", zh="场景"),
    "customer_goal": Localized(en="Goal", zh="诉求"),
    "profile": Localized(en="Customer", zh="客户"),
    "ended": Localized(en="Ended by", zh="结束于"),
    "engine": Localized(en="Engine", zh="引擎"),
}


def facts(conversation: Conversation, language: Language) -> Iterator[tuple[str, str]]:
    """What is known of a conversation, each with its name."""
    known = {name: getattr(conversation, name, None) for name in _FACTS} | (conversation.model_extra or {})
    for name, called in _FACTS.items():
        if value := known.get(name):
            yield called[language], _told(value)


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        if description := value.get("description"):
            return str(description)
        return " · ".join(f"{key}: {each}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def visible(text: str) -> str:
    """A text in which nothing is hidden: what would steer a terminal or turn words around is a picture.

    Line breaks stay, and the joiners that emoji need.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in _JOINERS else _picture(char) for char in text)


def _picture(char: str) -> str:
    if char == "\n":
        return char
    if unicodedata.category(char) == "Zs" or char == "\t":
        return " "
    return chr(_CONTROL_PICTURES + ord(char)) if ord(char) < 0x20 else f"<U+{ord(char):04X}>"
