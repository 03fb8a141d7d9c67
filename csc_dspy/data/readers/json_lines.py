"""JSON Lines: an object on every line. A bad line is one bad row, whatever is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from csc_dspy.data.problems import Flaw
from csc_dspy.data.readers import decoding
from csc_dspy.data.readers._base import ROW_LIMIT, RawRow, raw_row
from csc_dspy.data.readers.content import Content
from csc_dspy.exceptions import DataError

_BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r"
_TOO_LONG: Final[Flaw] = (
    f"is longer than {ROW_LIMIT // 2**20} MiB",
    "one line holds one conversation; check that line breaks are not missing",
)


class JsonLines:
    """Reads JSON Lines; empty lines are skipped."""

    form = "JSON Lines"

    def rows(self, content: Content) -> Iterator[RawRow]:
        """The rows in order; see `Reader`."""
        decoder = decoding.Decoder()
        for number, line in _lines(content):
            if line is None:
                yield raw_row(content.file, number, None, None, [_TOO_LONG])
            elif line.strip(_BLANK):
                yield _row(decoder, content.file, number, line)


def _lines(content: Content) -> Iterator[tuple[int, bytes | None]]:
    """The lines with their numbers; None in place of one that is longer than a row may be."""
    number, line, too_long = 1, bytearray(), False
    try:
        for chunk in content:
            *ends, begin = chunk.split(b"\n")
            for end in ends:
                line += end
                yield number, None if too_long or len(line) > ROW_LIMIT else _without_bom(number, line)
                number, line, too_long = number + 1, bytearray(), False
            line += begin
            if len(line) > ROW_LIMIT:
                line, too_long = bytearray(), True
    except DataError as error:
        error.where = f"{content.file}:{number}"
        raise
    yield number, None if too_long else _without_bom(number, line)


def _without_bom(number: int, line: bytearray) -> bytes:
    return bytes(line.removeprefix(_BOM) if number == 1 else line)


def _row(decoder: decoding.Decoder, file: str, number: int, line: bytes) -> RawRow:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return raw_row(file, number, None, line.decode(errors="backslashreplace"), [decoding.NOT_UTF8])
    try:
        decoded = decoder.decode(text, len(text) - len(text.lstrip()))
    except json.JSONDecodeError as error:
        flaw = (f"is not JSON: {decoding.complaint(error)} at column {error.colno}", "mend the line")
        return raw_row(file, number, None, text, [flaw])
    except RecursionError:
        return raw_row(file, number, None, text, [decoding.TOO_DEEP])
    flaws = [*decoded.flaws_as_row()]
    if text[decoded.end :].strip():
        flaws.append((f"goes on behind its object at column {decoded.end + 1}", "put one object on a line"))
    return raw_row(file, number, decoded.value, text, flaws)
