"""The supporter's response on the screen, as it comes."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from csc_dspy.conversations import one_line

if TYPE_CHECKING:
    from rich.console import Console

_WIDE: Final = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
# A line break, blanks, a word as far as it goes, or one wide character, behind which a line may end.
_PART: Final = re.compile(rf"\n|[^\S\n]+|[^\s{_WIDE}]+|.")
_WORD_BEGUN: Final = re.compile(rf"[^\s{_WIDE}]+\Z")


class ResponseLine:
    """Begins with the speaker at the first piece and ends where `end` is called, however that comes about."""

    def __init__(self, console: Console, speaker: str) -> None:
        self._console = console
        self._speaker = speaker
        self._flow: Flow | None = None

    def write(self, piece: str) -> None:
        """Show a piece of the text."""
        if self._flow is None:
            self._flow = Flow(self._console.width if self._console.is_terminal else sys.maxsize)
            self._show(self._flow.feed(self._speaker), style="bold")
        self._show(self._flow.feed(_harmless(piece)))

    def end(self) -> None:
        """End the line, if there is one."""
        if self._flow is not None:
            self._show(f"{self._flow.rest()}\n")
            self._flow = None

    def _show(self, text: str, style: str | None = None) -> None:
        self._console.print(text, end="", style=style, markup=False, highlight=False, soft_wrap=True)


class Flow:
    """Breaks text that comes in pieces into lines of at most ``width`` cells, between words."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._column = 0
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown with this piece; a word whose end is not there yet is held back."""
        text = self._held + piece
        begun = _WORD_BEGUN.search(text)
        end = begun.start() if begun else len(text)
        self._held = text[end:]
        return self._broken(text[:end])

    def rest(self) -> str:
        """What was held back."""
        text, self._held = self._held, ""
        return self._broken(text)

    def _broken(self, text: str) -> str:
        return "".join(map(self._placed, _PART.findall(text)))

    def _placed(self, part: str) -> str:
        """The part, on a new line if it does not fit on this one."""
        cells = cell_len(part)
        if part == "\n":
            self._column = 0
        elif self._column and self._column + cells > self._width:
            # Blanks at the end of a line are not seen.
            part, cells = ("", 0) if part.isspace() else (part, cells)
            self._column = cells
            return f"\n{part}"
        else:
            self._column += cells
        return part


def _harmless(text: str) -> str:
    """A piece of text without what could steer a terminal; blanks at the ends of lines belong to it."""
    return "\n".join(map(_harmless_line, text.split("\n")))


def _harmless_line(text: str) -> str:
    inner = one_line(text)
    if not inner:
        return " " if text.isspace() else ""
    return f"{' ' * text[0].isspace()}{inner}{' ' * text[-1].isspace()}"
