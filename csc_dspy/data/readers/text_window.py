"""A long JSON text through a window that is never much larger than the value it shows."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Final, NoReturn

from csc_dspy.data.readers import decoding
from csc_dspy.data.readers._base import ROW_LIMIT
from csc_dspy.data.readers.content import Content
from csc_dspy.exceptions import DataError

_MORE_THAN_SPACE: Final = re.compile(r"[^ \t\r\n]")


class TextWindow:
    """The text of ``content`` from the current place on.

    Bytes that are no UTF-8 become lone surrogates, which cannot be in the text otherwise, so that the row
    they are in is found and the rest still read.
    """

    def __init__(self, content: Content) -> None:
        self.line = 1
        self._file = content.file
        self._texts = _decoded(content)
        self._decoder = decoding.Decoder()
        self._error: DataError | None = None
        self._text = ""
        self._at = 0
        self._line_begin = 0

    def next_char(self) -> str:
        """Go to the next character that is not space; "" at the end."""
        while True:
            found = _MORE_THAN_SPACE.search(self._text, self._at)
            self._go_to(found.start() if found else len(self._text))
            if found or not self._widen(1):
                return self._text[self._at : self._at + 1]

    def skip(self) -> None:
        """Go over the current character."""
        self._go_to(self._at + 1)

    def decode(self) -> decoding.Decoded:
        """Go over the value that begins here."""
        while (decoded := self._try_to_decode()) is None:
            pass
        if decoded.end - self._at > ROW_LIMIT:
            self._fail_for_length()
        self._go_to(decoded.end)
        return decoded

    def _try_to_decode(self) -> decoding.Decoded | None:
        """The value that begins here, or None if the window had to be widened for it."""
        try:
            decoded = self._decoder.decode(self._text, self._at)
        except json.JSONDecodeError as error:
            if decoding.cut_off(error) and self._widen_for_value():
                return None
            self._fail_at(error)
        except RecursionError:
            self.fail(*decoding.TOO_DEEP)
        # What ends with the window may go on behind it if it is a number.
        ends = decoded.end < len(self._text) or not self._widen_for_value()
        return decoded if ends else None

    def fail(self, problem: str, remedy: str) -> NoReturn:
        """Raise a DataError that names the current place."""
        raise DataError(problem, where=f"{self._file}:{self.line}", remedy=remedy)

    def fail_here(self, problem: str, remedy: str) -> NoReturn:
        """The same, with the column."""
        self.fail(f"{problem} at column {self._at - self._line_begin + 1}", remedy)

    def _fail_at(self, error: json.JSONDecodeError) -> NoReturn:
        self._go_to(error.pos)
        if decoding.breaks_off(error):
            self.fail("the JSON breaks off", "get the file anew")
        self.fail_here(f"is not JSON: {decoding.complaint(error)}", "mend the file there")

    def _fail_for_length(self) -> NoReturn:
        self.fail(
            f"a conversation is longer than {ROW_LIMIT // 2**20} Mi characters", "check that none is unclosed"
        )

    def _widen_for_value(self) -> bool:
        """Make the window twice as large, so that a value is decoded anew only a few times."""
        shown = len(self._text) - self._at
        if shown > ROW_LIMIT:
            self._fail_for_length()
        return self._widen(shown + 1)

    def _widen(self, by: int) -> bool:
        """Show at least so many more characters, or all there are; whether there are more."""
        texts, size = [self._text[self._at :]], 0
        try:
            while size < by and (text := next(self._texts, None)) is not None:
                texts.append(text)
                size += len(text)
        except DataError as error:
            # What came before it is still to be shown.
            self._error = error
        if size == 0:
            if self._error is not None:
                self._error.where = f"{self._file}:{self.line}"
                raise self._error
            return False
        self._text = "".join(texts)
        self._line_begin -= self._at
        self._at = 0
        return True

    def _go_to(self, place: int) -> None:
        if breaks := self._text.count("\n", self._at, place):
            self.line += breaks
            self._line_begin = self._text.rfind("\n", self._at, place) + 1
        self._at = place


def _decoded(content: Content) -> Iterator[str]:
    utf8 = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")
    for chunk in content:
        yield utf8.decode(chunk)
    yield utf8.decode(b"", final=True)
