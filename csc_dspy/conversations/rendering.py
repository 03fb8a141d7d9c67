"""Conversations as prompts show them: one line a turn, whatever the turn contains.

A prompt is read by a machine that trusts its layout, so nothing a customer types may look like layout: line
breaks, control characters, invisible and direction-changing marks go, and ``[[`` and ``]]``, which mark the
fields of a prompt, are pulled apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from csc_dspy.conversations.model import Turn
from csc_dspy.conversations.speakers import Speaker, speaker_name
from csc_dspy.taxonomy import Language

_BREAK = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
# Controls, soft hyphen, zero-width and direction marks, interlinear annotation, tags. The joiners U+200C and
# U+200D stay: emoji and several scripts need them.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U000e0000-\U000e007f]+"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_OPENING = re.compile(r"\[(?=\[)")
_CLOSING = re.compile(r"\](?=\])")
# Hardly any text has anything of that.
_ANY = re.compile("|".join(each.pattern for each in (_BREAK, _INVISIBLE, _SURROGATE, _OPENING, _CLOSING)))

_LABEL: Final[dict[Language, str]] = {
    "en": "{speaker} [{label}]: {text}",
    "zh": "{speaker}【{label}】：{text}",
}
_PLAIN: Final[dict[Language, str]] = {"en": "{speaker}: {text}", "zh": "{speaker}：{text}"}
_BETWEEN: Final = " · "
# A few megabytes at most.
_REMEMBERED: Final = 4096
_LONG: Final = 1000


def one_line(text: str) -> str:
    """``text`` on one line, with nothing in it that a prompt's reader could take for layout."""
    if not _ANY.search(text):
        return text.strip()
    text = _BREAK.sub(" ", text)
    text = _INVISIBLE.sub("", text)
    text = _SURROGATE.sub("\ufffd", text)
    text = _OPENING.sub("[ ", text)
    return _CLOSING.sub("] ", text).strip()


def render_turn(turn: Turn, language: Language, *, strategy: bool = True, stage: bool = False) -> str:
    """One turn on one line: speaker, the labels asked for where the turn has them, text."""
    labels = [
        member.name[language] for member in (stage and turn.stage, strategy and turn.strategy) if member
    ]
    line = _line if len(turn.text) <= _LONG else _line.__wrapped__
    return line(turn.speaker, _BETWEEN.join(labels), turn.text, language)


@lru_cache(maxsize=_REMEMBERED)
def _line(speaker: Speaker, label: str, text: str, language: Language) -> str:
    """A turn is in every prompt about a later one, so its line is remembered for a while."""
    form = (_LABEL if label else _PLAIN)[language]
    return form.format(speaker=speaker_name(speaker, language), label=label, text=one_line(text))


def render(
    turns: Iterable[Turn], language: Language, *, strategies: bool = True, stages: bool = False
) -> str:
    """Turns as lines. Stages are shown where turns have them: see `Conversation.with_stages`."""
    return "\n".join(render_turn(turn, language, strategy=strategies, stage=stages) for turn in turns)
