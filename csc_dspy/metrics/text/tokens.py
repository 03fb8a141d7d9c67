"""Where one token ends and the next begins: for BLEU as its users know it, for the rest in one way.

For BLEU these are the tokenizations ``13a`` (English) and ``zh`` (Chinese, by characters) of sacrebleu, token
for token, at a fraction of the time.
"""

from __future__ import annotations

import re
from typing import Final

from csc_dspy.taxonomy import Language

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD: Final = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")
_LATIN_WORD: Final = re.compile(r"[a-z0-9]+")

_SYMBOLS: Final = str.maketrans({symbol: f" {symbol} " for symbol in '{|}~[\\]^_`!"#$%&()*+:;<=>?@/'})
# A mark stands alone unless there are digits, or an end of the text, on both sides. A row of marks is taken
# two by two, after its first where text goes before it; one left over may stay with the digit behind it.
_MARK: Final = re.compile(r"([.,])(?:(?<=[^0-9.,].)|([.,])|(?=[^0-9]))")
_DASH_AFTER_DIGIT: Final = re.compile(r"(?<=[0-9])-")

# What `zh` takes for Chinese: besides the characters also most symbols, full-width forms and spaces.
_CHINESE: Final = (
    "\u2001-\u2a6d\u2e80-\u2fdf\u2ff0-\u303f\u3100-\u312f\u31a0-\u31ef\u3200-\u4db5\u4e00-\u9fbb"
    "\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef"
)
_CHARACTER: Final = re.compile(rf"[^\s{_CHINESE}]+|(?!\s)[{_CHINESE}]")


def words(text: str) -> list[str]:
    """Every Chinese character by itself, and every other run of letters and digits, in lower case."""
    return _WORD.findall(text.lower())


def latin_words(text: str) -> list[str]:
    """The runs of unaccented Latin letters and digits, in lower case; anything else only separates them."""
    return _LATIN_WORD.findall(text.lower())


def bleu_tokens(text: str, language: Language) -> list[str]:
    """The tokens that BLEU counts: by ``zh`` for Chinese, by ``13a`` for English."""
    if language == "zh":
        return _CHARACTER.findall(_separated(text.strip()))
    return _separated(f" {_unescaped(text.rstrip())} ").split()


def _unescaped(text: str) -> str:
    text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    if "&" not in text:
        return text
    text = text.replace("&quot;", '"').replace("&amp;", "&")
    return text.replace("&lt;", "<").replace("&gt;", ">")


def _separated(text: str) -> str:
    """``text`` with spaces around symbols and around the marks that are no part of a number."""
    text = text.translate(_SYMBOLS)
    if "." in text or "," in text:
        text = _MARK.sub(r" \1 \2 ", text)
    return _DASH_AFTER_DIGIT.sub(" - ", text) if "-" in text else text
