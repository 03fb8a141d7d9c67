"""Putting sentences together, and taking them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from csc_dspy.taxonomy import Language, Localized

_END: Final = re.compile(r"(?<=\.)\s|(?<=。)")
_SPACE: Final = Localized(en=" ", zh="")


def joined(sentences: Iterable[str], language: Language) -> str:
    """Sentences one after the other, without those that are empty."""
    return _SPACE[language].join(filter(None, sentences))


def first_sentence(text: str) -> str:
    """The first sentence of a text."""
    return _END.split(text, maxsplit=1)[0]
