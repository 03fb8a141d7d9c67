"""What was said, without the markup around it."""

from __future__ import annotations

import html
import re
from typing import Final

# Only what HTML knows: an angle bracket may begin a placeholder, or mean that something is less.
_INLINE: Final = (
    "a|abbr|b|bdi|big|center|cite|code|em|font|i|img|input|ins|kbd|label|mark|q|s|small|span|strike|strong|"
    "sub|sup|time|tt|u|wbr"
)
_BLOCK: Final = (
    "article|blockquote|body|br|dd|div|dl|dt|footer|form|h[1-6]|head|header|hr|html|li|link|main|meta|nav|ol|p|pre|section|"
    "table|tbody|td|th|thead|title|tr|ul"
)
_HIDDEN_PART: Final = re.compile(
    r"<(script|style)\b[^>]*>.*?</\1\s*>|<!--.*?-->|<!doctype[^>]*>", re.IGNORECASE | re.DOTALL
)
_INLINE_TAG: Final = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BLOCK_TAG: Final = re.compile(rf"</?(?:{_BLOCK})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Emoji are put together with U+200D, which therefore stays.
_INVISIBLE: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]"
)
_SPACE: Final = re.compile(r"[ \t\r\f\v\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")


def clean_lines(text: str) -> list[str]:
    """The lines of a text without tags, entities, invisible characters and needless space.

    Where HTML ends a paragraph, a line ends; there is at least one.
    """
    if "<" in text:
        text = _HIDDEN_PART.sub("", text)
        text = _BLOCK_TAG.sub("\n", _INLINE_TAG.sub("", text))
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    text = _INVISIBLE.sub("", text)
    lines = [_SPACE.sub(" ", line).strip(" ") for line in text.split("\n")]
    return [line for line in lines if line] or [""]


def clean(text: str) -> str:
    """The same in one line."""
    return " ".join(clean_lines(text)).strip()
