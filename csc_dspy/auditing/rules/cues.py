"""Words by which an act of a supporter is known; they are listed in ``cues.toml``."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from importlib import resources
from typing import Final, Literal

from csc_dspy.taxonomy import Language

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Patterns = dict[str, dict[str, "re.Pattern[str]"]]

_SENTENCE: Final = re.compile(r"(?<=[.!?。！？…;；])\s*")
_APOSTROPHE: Final = str.maketrans("’", "'")
_QUESTION_MARK: Final = re.compile(r"[?？]")
# Instead of data a placeholder for them may stand there.
_PLACEHOLDER: Final = re.compile(r"[\[【]")
_SIGNS: Final = {"question": _QUESTION_MARK, "personal_data": _PLACEHOLDER}


def shows(act: str, text: str, language: Language) -> bool:
    """Whether a text has a word or sign of an act."""
    sign = _SIGNS.get(act)
    if sign is not None and sign.search(text):
        return True
    return _patterns("acts")[act][language].search(text.translate(_APOSTROPHE)) is not None


def strategies_of_sentences(text: str, language: Language) -> set[str]:
    """The strategies that a sentence of the text unmistakably belongs to."""
    sentences = _SENTENCE.split(text.translate(_APOSTROPHE))
    return {
        strategy
        for strategy, pattern in _patterns("strategies").items()
        if any(pattern[language].search(sentence) for sentence in sentences)
    }


@lru_cache(maxsize=2)
def _patterns(table: Literal["acts", "strategies"]) -> Patterns:
    content = tomllib.loads(resources.files(__package__).joinpath("cues.toml").read_text("utf-8"))
    return {
        name: {"en": _whole_words(words["en"]), "zh": re.compile("|".join(map(re.escape, words["zh"])))}
        for name, words in content[table].items()
    }


def _whole_words(words: list[str]) -> re.Pattern[str]:
    either = "|".join(re.escape(word).replace(r"\*", r"\w*") for word in words)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
