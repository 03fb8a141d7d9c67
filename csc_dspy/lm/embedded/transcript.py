"""Reading a rendered conversation back: who spoke, by which strategy, what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(
    r"(?:(?P<supporter>Supporter|客服)|Customer|客户)"
    r"(?: \[(?P<en>[^\]]+)\]|【(?P<zh>[^】]+)】)?(?:: |：)(?P<text>.*)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One turn."""

    supporter: bool
    label: str | None
    text: str


def read_transcript(conversation: str) -> tuple[Line, ...]:
    """The turns of a conversation as prompts show it. Other lines, such as a summary, are passed over."""
    return tuple(_lines(conversation))


def _lines(conversation: str) -> Iterator[Line]:
    for line in conversation.splitlines():
        found = _LINE.fullmatch(line)
        if found:
            yield Line(found["supporter"] is not None, found["en"] or found["zh"], found["text"])
