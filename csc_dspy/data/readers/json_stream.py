"""JSON over many lines: a list of objects, or objects one after another. Read element by element.

Unlike a line of JSON Lines an element has no end but its own, so behind one that is not JSON no further can
be found.
"""

from __future__ import annotations

from collections.abc import Iterator

from csc_dspy.data.readers._base import RawRow, raw_row
from csc_dspy.data.readers.content import Content
from csc_dspy.data.readers.text_window import TextWindow


class JsonList:
    """Reads a JSON list."""

    form = "JSON list"

    def rows(self, content: Content) -> Iterator[RawRow]:
        """The rows in order; see `Reader`."""
        window = TextWindow(content)
        window.next_char()
        window.skip()
        more = window.next_char() != "]"
        while more:
            yield _element(window, content.file)
            more = _goes_on(window)
        window.skip()
        if window.next_char():
            window.fail_here("goes on behind the end of the list", "put all conversations into one list")


class JsonObjects:
    """Reads objects that follow one another, each over as many lines as it likes."""

    form = "JSON objects"

    def rows(self, content: Content) -> Iterator[RawRow]:
        """The rows in order; see `Reader`."""
        window = TextWindow(content)
        while window.next_char():
            yield _element(window, content.file)


def _element(window: TextWindow, file: str) -> RawRow:
    line = window.line
    decoded = window.decode()
    return raw_row(file, line, decoded.value, decoded.text, decoded.flaws_as_row())


def _goes_on(window: TextWindow) -> bool:
    """Go to the next element, or to the end of the list."""
    char = window.next_char()
    if char == ",":
        window.skip()
        window.next_char()
    elif char == "":
        window.fail("the list breaks off", "get the file anew")
    elif char != "]":
        window.fail_here("no comma between two conversations", "mend the file there")
    return char == ","
