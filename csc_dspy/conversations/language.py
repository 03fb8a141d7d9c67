"""Telling Chinese from English."""

from __future__ import annotations

import re

from csc_dspy.taxonomy import Language

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_LATIN = re.compile(r"[A-Za-z]+")
_LANGUAGES: dict[str, Language] = {
    "zh": "zh",
    "cn": "zh",
    "chinese": "zh",
    "中文": "zh",
    "汉语": "zh",
    "en": "en",
    "eng": "en",
    "english": "en",
    "英文": "en",
    "英语": "en",
}


def detect_language(text: str, default: Language = "en") -> Language:
    """The language of a text: a Chinese character weighs as much as an English word.

    ``default`` answers for texts that have neither.
    """
    chinese = 0 if text.isascii() else sum(map(len, _CHINESE.findall(text)))
    english = len(_LATIN.findall(text))
    if chinese == english == 0:
        return default
    return "zh" if chinese >= english else "en"


def parse_language(name: str) -> Language | None:
    """``zh``, ``zh-CN``, ``Chinese``, ``en_US`` … as one of the two languages, or None."""
    return _LANGUAGES.get(re.split(r"[-_]", name.strip().casefold())[0])
