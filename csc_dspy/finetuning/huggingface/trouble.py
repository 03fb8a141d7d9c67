"""What goes wrong while a model is trained, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from csc_dspy.exceptions import LMError, OutputError

_REFUSED: Final = ("no space left", "failed writing file", "disk quota exceeded", "(os error ")
"""What libraries say of a disk that refuses, where they raise no OSError."""


@contextmanager
def told_in_one_line(where: str, folder: str) -> Iterator[None]:
    """Make errors of ours of what the device and the disk refuse; all others pass."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise LMError(
            "the device's memory does not suffice",
            where=where,
            remedy="lower --batch-size (and raise --accumulate) or --max-length, or give "
            "--gradient-checkpointing; --dry-run estimates what is needed",
        ) from error
    except OSError as error:
        raise _unwritten(folder, error.strerror or str(error)) from error
    except Exception as error:
        if any(words in str(error).lower() for words in _REFUSED):
            raise _unwritten(folder, str(error).partition("\n")[0]) from error
        raise


def _unwritten(folder: str, reason: str) -> OutputError:
    return OutputError(
        f"cannot be written: {reason}", where=folder, remedy="free some space, then go on with --resume"
    )
