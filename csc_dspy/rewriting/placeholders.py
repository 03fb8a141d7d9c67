"""Placeholders in texts, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from csc_dspy.conversations import Conversation
from csc_dspy.redaction import PLACEHOLDERS
from csc_dspy.redaction.redacting import Replaced

PLACEHOLDER: Final = re.compile(
    "(" + "|".join(rf"\[(?:{words.en}_|{words.zh})\d+\]" for words in PLACEHOLDERS.values()) + ")"
)
"""A placeholder of ours."""
_FOREIGN: Final = re.compile(
    r"[\[【](?:[A-Z][A-Z0-9_]*[_ ]?(?:NUMBER|NAME|PHONE|ID|EMAIL|ADDRESS|CARD|ACCOUNT)[A-Z0-9_]*|"
    r"[^\[\]【】\s]{0,10}(?:号码|姓名|名字|地址|邮箱|证件|卡号|账号|电话|手机|身份证|订单号)[^\[\]【】\s]{0,4})[\]】]"
)
"""One that was in the transcript before, such as [手机号码]."""


def placeholders_in(text: str) -> frozenset[str]:
    """All placeholders of a text, those of others too."""
    return frozenset(PLACEHOLDER.findall(text)) | {each[0] for each in _FOREIGN.finditer(text)}


def without_placeholders(text: str) -> str:
    """The text with a gap where placeholders were."""
    return _FOREIGN.sub(" ", PLACEHOLDER.sub(" ", text))


def relocated(replaced: Iterable[Replaced], conversation: Conversation) -> tuple[Replaced, ...]:
    """What was replaced, at the places where its placeholders stand in other words of the conversation."""
    known: dict[str, Replaced] = {}
    for each in replaced:
        known.setdefault(each.placeholder, each)
    return tuple(
        replace(known[placeholder], turn=turn, start=start)
        for turn, start, placeholder in _places(conversation)
        if placeholder in known
    )


def _places(conversation: Conversation) -> Iterator[tuple[int, int, str]]:
    for index, turn in enumerate(conversation.dialogue):
        yield from ((index, found.start(), found[0]) for found in PLACEHOLDER.finditer(turn.text))
