"""Telling what form a file has, from what is in it and not from its name."""

from __future__ import annotations

import codecs
import json
from typing import Final

from csc_dspy.data.readers import decoding
from csc_dspy.data.readers._base import ROW_LIMIT, Reader
from csc_dspy.data.readers.content import Content
from csc_dspy.data.readers.json_lines import JsonLines
from csc_dspy.data.readers.json_stream import JsonList, JsonObjects
from csc_dspy.data.readers.parquet import Parquet
from csc_dspy.exceptions import DataError

_FIRST_LOOK: Final = 2**16
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def detect(content: Content) -> Reader:
    """The reader for a file; DataError if it is of no known form."""
    head = content.head(_FIRST_LOOK)
    if head.startswith(Parquet.MAGIC):
        return Parquet()
    if head.startswith(_UTF16):
        raise DataError("is UTF-16 text", where=content.file, remedy="save it as UTF-8")
    begin = _begin(content)
    if not begin:
        # What looks empty may have failed to be read.
        for _ in content:
            pass
        raise DataError("is empty", where=content.file)
    if begin == b"[":
        return JsonList()
    if begin == b"{":
        return JsonObjects() if _objects_share_or_span_lines(content) else JsonLines()
    # The first line may be just another bad one.
    if b"\n{" in head:
        return JsonLines()
    raise DataError(
        "is neither JSON nor Parquet", where=content.file, remedy="docs/data.md describes the forms"
    )


def _begin(content: Content) -> bytes:
    """The first byte that is not space, if the file has one where anybody would look for it."""
    size = _FIRST_LOOK
    while True:
        head = content.head(size)
        text = head.removeprefix(codecs.BOM_UTF8).lstrip()
        if text or len(head) < size or size >= ROW_LIMIT:
            return text[:1]
        size *= 2


def _objects_share_or_span_lines(content: Content) -> bool:
    """Whether the first object ends elsewhere than the first line, so that it is not JSON Lines."""
    size = _FIRST_LOOK
    while True:
        head = content.head(size)
        text = head.decode("utf-8-sig", errors="replace").lstrip()
        try:
            end = decoding.Decoder().decode(text).end
        except RecursionError:
            return False
        except json.JSONDecodeError as error:
            if decoding.cut_off(error) and len(head) >= size and size < ROW_LIMIT:
                size *= 2
                continue
            return decoding.breaks_off(error) and "\n" in text.strip()
        return "\n" in text[:end] or text[end : end + 1] == "{"
