"""Temporary files for what does not fit in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO

from csc_dspy.exceptions import OutputError


class Scratch(ExitStack):
    """Temporary files that are gone when the block is left, however it is left."""

    def file(self) -> BinaryIO:
        """A new file, to be used inside `writing`."""
        made = tempfile.TemporaryFile(prefix="csc-dspy-")  # noqa: SIM115 - closed by `_discard`
        self.callback(_discard, made)
        return made

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Reports what goes wrong with the files as an `OutputError`."""
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"cannot be written: {error.strerror or error}",
                where="a temporary file",
                remedy="set TMPDIR to a folder with more room",
            ) from error


def _discard(file: BinaryIO) -> None:
    # On a full disk closing fails like writing, for what was never written; by then it is not missed.
    with suppress(OSError):
        file.close()
