"""The lines of a text in any encoding: UTF-8, GB18030, Windows-1252 line by line; UTF-16 by its mark."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.data.readers.content import Content
from csc_dspy.exceptions import DataError

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LONGEST_LINE: Final = 16 * 2**20
_HIGH: Final = re.compile(rb"[\x80-\xff]")


def text_lines(content: Content) -> Iterator[tuple[int, str | None]]:
    """The lines with their numbers, without their ends; None for one that is text in no known encoding.

    Files are put together from files, so each line is decoded by itself. DataError, with the place, for what
    is no text at all.
    """
    head = content.head(4096)
    if head.startswith(_UTF16):
        yield from _of_utf16(content)
        return
    if b"\0" in head:
        raise DataError(
            "is not text", where=content.file, remedy="save it as UTF-8; UTF-16 needs its byte order mark"
        )
    for number, line in _lines(content):
        raw = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        yield number, decoded(raw.rstrip(b"\r"))


def decoded(line: bytes) -> str | None:
    """A line as text, or None if it is none.

    GB18030 takes nearly everything for Chinese. Lines of English with a few high bytes are the old encoding
    of Windows, whose quotes would each become half of a character.
    """
    if (text := _as(line, "utf-8")) is not None:
        return text
    few = len(_HIGH.findall(line)) * 8 < len(line)
    tried = (_as(line, encoding) for encoding in ("gb2312", *(("cp1252",) if few else ()), "gb18030"))
    return next((text for text in tried if text is not None), None)


def _as(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def recoded(content: Content) -> Content:
    """The same content in UTF-8; lines that are no text stay what they are."""
    return Content(content.file, _encoded(content))


def _encoded(content: Content) -> Iterator[bytes]:
    if content.head(2).startswith(_UTF16):
        for _, text in _of_utf16(content):
            yield text.encode("utf-8", "surrogatepass") + b"\n"
        return
    for _, line in _lines(content):
        text_ = decoded(line.removeprefix(codecs.BOM_UTF8))
        yield (line if text_ is None else text_.encode()) + b"\n"


def _lines(content: Content) -> Iterator[tuple[int, bytes]]:
    number, line = 1, bytearray()
    for chunk in content:
        *ends, begin = chunk.split(b"\n")
        for end in ends:
            line += end
            yield number, bytes(line)
            number, line = number + 1, bytearray()
        line += begin
        _require_short(content, number, len(line))
    if line:
        yield number, bytes(line)


def _of_utf16(content: Content) -> Iterator[tuple[int, str]]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    number, text = 1, ""
    try:
        for chunk in content:
            *ends, text = (text + decoder.decode(chunk)).split("\n")
            for end in ends:
                yield number, end.rstrip("\r")
                number += 1
            _require_short(content, number, len(text))
        text += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise DataError(
            "is not UTF-16, though it begins like it", where=f"{content.file}:{number}", remedy="save it anew"
        ) from error
    if text:
        yield number, text.rstrip("\r")


def _require_short(content: Content, number: int, length: int) -> None:
    if length > _LONGEST_LINE:
        raise DataError(
            f"a line is longer than {_LONGEST_LINE // 2**20} MiB",
            where=f"{content.file}:{number}",
            remedy="check that line breaks are not missing",
        )
