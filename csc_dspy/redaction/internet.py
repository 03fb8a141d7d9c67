"""Addresses on the internet: e-mail, and links that carry something of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from csc_dspy.redaction._base import Span
from csc_dspy.redaction.folding import Folded

_EMAIL: Final = re.compile(
    r"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63} ?@ ?[a-z0-9][a-z0-9-]{0,62}"
    r"(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,24}(?![a-z0-9])"
)
_SAID: Final = re.compile(
    r"\b[a-z0-9][\w+-]*(?: ?(?:\bdot\b|\bunderscore\b|\bdash\b|[._-]|点) ?[a-z0-9][\w+-]*){0,3} ?"
    r"(?:\bat\b|@|艾特) ?"
    r"[a-z0-9-]+(?: ?(?:\bdot\b|\.|点) ?[a-z0-9-]+)? ?(?:\bdot\b|点) ?(?:com|net|org|edu|cn|co|uk|"
    r"io|gov|info)\b",
    re.ASCII,
)
_URL: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"'\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
_TRAILING: Final = ".,;:!?)]}'\""
_PERSONAL: Final = re.compile(
    r"token|key|sid|session|uid|user|member|account|phone|mobile|tel|email|mail|code|auth|sig|secret|pass|name|card"
    r"|^id$|id$|^u$|^t$|^k$"
)
_SECRET_PART: Final = re.compile(
    r"(?=.*\d)(?=.*[a-z])[a-z0-9_-]{16,}|\d{6,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{14,}"
)
_LONG_VALUE: Final = 12


def internet(text: Folded) -> Iterator[Span]:
    """E-mail addresses, written or spelled, and personal links."""
    lower = text.lower
    if "@" in lower:
        for found in _EMAIL.finditer(lower):
            yield Span("email", found.start(), found.end(), found[0].replace(" ", ""))
    if "dot" in lower or "点" in lower:
        for found in _SAID.finditer(lower):
            yield Span("email", found.start(), found.end(), " ".join(found[0].split()))
    for found in _URL.finditer(lower):
        link = found[0].rstrip(_TRAILING)
        if _is_personal(link):
            yield Span("url", found.start(), found.start() + len(link), link)


def _is_personal(link: str) -> bool:
    """Whether a link tells more than a page that everybody sees."""
    try:
        parts = urlsplit(link if "://" in link else f"//{link}")
    except ValueError:
        return True
    values = parse_qsl(f"{parts.query}&{parts.fragment}")
    return (
        "@" in parts.netloc
        or any(_PERSONAL.search(name) or len(value) >= _LONG_VALUE for name, value in values)
        or any(_SECRET_PART.fullmatch(part) for part in parts.path.split("/"))
    )
