"""Whether labels of the framework are said aloud.

Only as labels: with a number, in brackets, before a colon. Their mere words are free, for an information is
delivered every day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from csc_dspy.exceptions import LabelError
from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.quality._base import Checked
from csc_dspy.taxonomy import Strategy, Taxonomy

_SQUARE: Final = re.compile(r"[\[【]\s*([^\[\]【】\n]{2,40}?)\s*[\]】]")
_MARKED: Final = re.compile(
    r"[(（<《*]{1,2}\s*([^()（）<>《》*\n]{2,40}?)\s*[)）>》*]{1,2}|^\s*([^:：\n]{2,40})[:：]"
)
_ID: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


def spoken_labels(checked: Checked) -> Iterator[Flaw]:
    """No turn has a label of a strategy or stage in it."""
    taxonomy = checked.conversation.taxonomy
    for number, turn in enumerate(checked.conversation.dialogue, 1):
        if label := next(_labels(turn.text, taxonomy), None):
            yield Flaw("leaked_label", f"the {turn.speaker} says {label!r}", number)


def _labels(text: str, taxonomy: Taxonomy) -> Iterator[str]:
    yield from (found[0] for found in _numbered(taxonomy).finditer(text))
    yield from (found[1] for found in _SQUARE.finditer(text) if _is_label(found[1], taxonomy))
    for found in _MARKED.finditer(text):
        marked = found[1] or found[2]
        if _is_label(marked, taxonomy) and not _is_plain_word(marked, taxonomy):
            yield marked
    ids = {each.id for each in taxonomy.strategies} | {each.id for each in taxonomy.stages}
    yield from (found[0] for found in _ID.finditer(text) if found[0] in ids)


@lru_cache(maxsize=16)
def _numbered(taxonomy: Taxonomy) -> re.Pattern[str]:
    """What is a label wherever it stands: ``策略5``, ``情感管理策略``, ``strategy 5``."""
    names = [name for each in taxonomy.strategies for name in (each.name.zh, each.name.en)]
    names += [name for each in taxonomy.stages for name in (each.name.zh, each.name.en)]
    named = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(
        rf"策略\s*[\d一二三四五六七八九十]|[\[【(（]\s*(?:阶段|stage)\s*\d|\bstrategy\s*(?:#|no\.?|number|:|：)?\s*\d"
        rf"|(?:{named})[”\"』」]?\s*(?:策略|阶段|strategy\b|stage\b)"
        r"|(?:对话|客服)策略|\b(?:conversation|dialogue) strateg",
        re.IGNORECASE,
    )


def _is_label(text: str, taxonomy: Taxonomy) -> bool:
    """Whether it names a strategy or stage, and nothing beside.

    Abbreviations and bare numbers have many other meanings, and so do placeholders such as ``[ID]``.
    """
    if len(text) <= 2 and text.isascii():
        return False
    try:
        if taxonomy.strategies_named_in(text):
            taxonomy.strategy(text)
            return True
        if taxonomy.stages_named_in(text):
            taxonomy.stage(text)
            return True
    except LabelError:
        # A name is in it, and more than that.
        return False
    return False


def _is_plain_word(text: str, taxonomy: Taxonomy) -> bool:
    """Whether it names what is left over, as *Others* does: outside square brackets that is a mere word."""
    try:
        found: Strategy = taxonomy.strategy(text)
    except LabelError:
        return False
    return found.stage is None
