"""What all parts of fine-tuning data agree on: a row, and what writes rows in a format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Language

Task = Literal["strategy", "response", "stage", "classify", "joint"]
Part = Literal["train", "validation"]
Message = dict[str, Any]
"""``role`` and ``content``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A question exactly as a program asks it, with the answer that is to be learned."""

    id: str
    """Of the turn and the question; the same in every export."""
    dialogue: str
    task: Task
    language: Language
    messages: Sequence[Message]
    """System message, demonstrations if any, and the question."""
    answer: str
    """What the assistant is to say, in the form that the adapter reads."""
    strategy: str
    """The id of the turn's strategy in the taxonomy."""
    rejected: str | None = None
    """A worse answer in the same form, where pairs are exported for preference training."""
    weight: float = 1.0


class Writer(Protocol):
    """Writes rows into files of a folder, one after the other; used in a ``with``."""

    def write(self, row: Row, part: Part) -> None:
        """Append a row."""
        ...

    def close(self) -> None:
        """Finish the files. Nothing else may be called afterwards."""
        ...


class Format(Protocol):
    """A form of files that a training library reads."""

    name: str
    """As ``--format`` has it."""
    pairs: bool
    """Whether it can hold rejected answers."""

    def open(self, folder: Path, *, pairs: bool) -> Writer:
        """A writer of new files in ``folder``, which is there."""
        ...
