"""The bytes of a file: unpacked if they are packed, with a look ahead to tell what they are."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from csc_dspy.exceptions import DataError

CHUNK: Final = 2**18
_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS


class Content:
    """The bytes of ``file``, in chunks of any size; iterating consumes them.

    ``path`` is the file that holds just these bytes, None if there is none that can be opened again. A file
    packed with gzip, whatever its name, is unpacked on the way.
    """

    def __init__(self, file: str, chunks: Iterable[bytes], path: Path | None = None) -> None:
        self.file = file
        self.path = path
        self.packed = False
        self._ahead = bytearray()
        self._error: DataError | None = None
        self._chunks = iter(chunks)
        if self.head(len(_MAGIC)).startswith(_MAGIC):
            self._chunks = _unpacked(file, Content._rest(self._ahead, self._chunks))
            self._ahead = bytearray()
            self.packed, self.path = True, None

    @staticmethod
    def _rest(ahead: bytearray, chunks: Iterator[bytes]) -> Iterator[bytes]:
        yield bytes(ahead)
        yield from chunks

    def __iter__(self) -> Iterator[bytes]:
        ahead, self._ahead = self._ahead, bytearray()
        yield from self._rest(ahead, self._chunks)
        if self._error is not None:
            raise self._error

    def head(self, size: int) -> bytes:
        """At least ``size`` of the bytes to come, or all; nothing is consumed.

        An error on the way is kept until whoever iterates gets there.
        """
        try:
            while len(self._ahead) < size and (chunk := next(self._chunks, None)) is not None:
                self._ahead += chunk
        except DataError as error:
            self._error = error
        return bytes(self._ahead)


@contextmanager
def opened(path: Path) -> Iterator[Content]:
    """The content of a file, which is called by its path."""
    file = str(path)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise unreadable(file, error) from error
    with stream:
        yield Content(file, stream_chunks(file, stream), path if path.is_file() else None)


def stream_chunks(file: str, stream: BinaryIO) -> Iterator[bytes]:
    """What is left of a stream."""
    try:
        while chunk := stream.read(CHUNK):
            yield chunk
    except OSError as error:
        raise unreadable(file, error) from error


def unreadable(file: str, error: OSError) -> DataError:
    """What the system says of a file or folder, as our error."""
    return DataError(f"cannot be read: {error.strerror or error}", where=file)


def _unpacked(file: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a gzip file: one member after another, zeros between and behind them ignored."""
    inflater, inside = zlib.decompressobj(_GZIP), False
    for chunk in chunks:
        left = chunk
        while left := left if inside else left.lstrip(b"\0"):
            inside = True
            try:
                # Bounded, so that a small file which unpacks to a huge one cannot fill the memory.
                yield inflater.decompress(left, CHUNK)
            except zlib.error as error:
                raise DataError("the gzip data is damaged", where=file, remedy="get the file anew") from error
            left = inflater.unconsumed_tail
            if inflater.eof:
                left, inside = inflater.unused_data, False
                inflater = zlib.decompressobj(_GZIP)
    if inside:
        raise DataError("the gzip data breaks off", where=file, remedy="get the file anew")
