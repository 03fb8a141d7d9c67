"""Whether every turn is in the language of the dialogue; names of products may be in any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.metrics.text.tokens import words
from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.quality._base import Checked
from csc_dspy.roleplay.quality.texts import without_placeholders
from csc_dspy.taxonomy import Language

_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN: Final = re.compile(r"[a-z\u00c0-\u024f]+")
# Kana, Hangul, Cyrillic, Arabic, Hebrew, Thai, Devanagari.
_OTHERS: Final = re.compile(
    r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0590-\u05ff\u0e00-\u0e7f\u0900-\u097f]"
)
_ADDRESS: Final = re.compile(r"[\w.%+-]+@[a-z0-9.-]+|(?:https?://|www\.)[!-~]+", re.ASCII | re.IGNORECASE)
_A_NAME: Final = 3
"""So many words, or Chinese characters, may be a name and nothing else."""


def languages(checked: Checked) -> Iterator[Flaw]:
    """No turn is mostly in another language, and none in a third."""
    for number, turn in enumerate(checked.conversation.dialogue, 1):
        text = _ADDRESS.sub(" ", without_placeholders(turn.text))
        if len(_OTHERS.findall(text)) > _A_NAME or _is_foreign(text, checked.language):
            yield Flaw("language", f"is not {checked.language}: {turn.text[:40]!r}", number)


def _is_foreign(text: str, language: Language) -> bool:
    said = words(text)
    chinese = sum(1 for word in said if _HAN.fullmatch(word))
    latin = sum(1 for word in said if _LATIN.fullmatch(word))
    own, foreign = (chinese, latin) if language == "zh" else (latin, chinese)
    return foreign > _A_NAME and foreign >= own
