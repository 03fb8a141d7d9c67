"""Breaking text into lines: Chinese between any two characters, but where its punctuation forbids it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_OPENING: Final = frozenset("（【《〈“‘「『([{")
"""What no line ends with."""
_CLOSING: Final = frozenset("，。！？；：、）】》〉”’」』…—～,.!?;:)]}%")
"""What no line begins with."""


def folded(text: str, width: int | None) -> list[str]:
    """The lines of a text, none wider than ``width``; without one only its own line breaks count."""
    paragraphs = text.split("\n")
    return paragraphs if width is None else [line for each in paragraphs for line in _lines(each, width)]


def _lines(paragraph: str, width: int) -> Iterator[str]:
    from rich.cells import cell_len

    line, used = "", 0
    for piece in _pieces(paragraph, width):
        size = cell_len(piece.rstrip())
        if line and used + size > width:
            yield line.rstrip()
            line, used = "", 0
        line += piece
        used += cell_len(piece)
    yield line.rstrip()


def _pieces(text: str, width: int) -> Iterator[str]:
    """Parts that stay together; one that is wider than a line is cut up."""
    from rich.cells import cell_len, chop_cells

    for part in _parts(text):
        if cell_len(part.rstrip()) > width:
            yield from chop_cells(part, width)
        else:
            yield part


def _parts(text: str) -> Iterator[str]:
    start = 0
    for end in range(1, len(text)):
        if _may_break(text[end - 1], text[end]):
            yield text[start:end]
            start = end
    yield text[start:]


def _may_break(before: str, after: str) -> bool:
    if after in _CLOSING or before in _OPENING or after.isspace():
        return False
    return before.isspace() or _is_wide(before) or _is_wide(after)


def _is_wide(char: str) -> bool:
    from rich.cells import cell_len

    return not char.isascii() and cell_len(char) > 1
