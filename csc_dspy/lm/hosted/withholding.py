"""Taking out of a server's message what it quotes of the request: no prompt and no key belongs in errors."""

from __future__ import annotations

from typing import Final

_GAP: Final = "[…]"
_QUOTED: Final = 24
"""Bytes in a row that a message and a prompt share only where one quotes the other."""
_PART_OF_KEY: Final = 8


def withhold(message: str, *, prompt: bytes, key: str | None) -> str:
    """``message`` without the passages that also stand in the prompt, and without the key or parts of it."""
    text = message.encode()
    hidden = _shared(text, prompt, _QUOTED)
    if key is not None:
        hidden |= _shared(text, key.encode(), min(_PART_OF_KEY, len(key)))
    if not hidden:
        return message
    kept = bytearray()
    for place, byte in enumerate(text):
        if place not in hidden:
            kept.append(byte)
        elif place - 1 not in hidden:
            kept += _GAP.encode()
    # A passage may begin or end inside a letter.
    return kept.decode(errors="ignore")


def _shared(text: bytes, other: bytes, length: int) -> set[int]:
    """The places in ``text`` that are covered by passages of ``length`` bytes that ``other`` holds too."""
    if not _may_share(text, other, length // 3):
        return set()
    places: set[int] = set()
    for start in range(len(text) - length + 1):
        if text[start : start + length] in other:
            places.update(range(start, start + length))
    return places


def _may_share(text: bytes, other: bytes, step: int) -> bool:
    """Whether it is worth looking closely: a passage of three steps covers two whole ones somewhere."""
    starts = range(0, len(text) - 2 * step + 1, step)
    return any(text[start : start + 2 * step] in other for start in starts)
