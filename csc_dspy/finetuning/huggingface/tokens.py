"""Rows as tokens, kept in a file, so that any number of them takes no memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import DataError
from csc_dspy.files import atomic_writer
from csc_dspy.finetuning.huggingface.lessons import Lesson, read_lessons

if TYPE_CHECKING:
    from datasets import Dataset

    from csc_dspy.lm.local.chat import Chat

NOT_LEARNED: Final = -100
"""What stands for a token that is read and not learned."""
_ROWS_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A question, its answer and, in a pair, the worse one."""

    prompt: list[int]
    answer: list[int]
    rejected: list[int] | None = None

    @property
    def length(self) -> int:
        """The tokens that the device has to hold."""
        return len(self.prompt) + max(len(self.answer), len(self.rejected or ()))

    def columns(self) -> dict[str, list[int]]:
        """As the trainer takes it."""
        if self.rejected is not None:
            return {"prompt_ids": self.prompt, "chosen_ids": self.answer, "rejected_ids": self.rejected}
        return {
            "input_ids": [*self.prompt, *self.answer],
            "labels": [NOT_LEARNED] * len(self.prompt) + self.answer,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How many rows there are, and how long they are, in tokens."""

    rows: int
    pairs: bool
    left_out: int
    """Rows that are too long."""
    total: int
    learned: int
    """Of the total, those of answers."""
    min: int
    median: int
    p95: int
    max: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


class Measure:
    """Passes rows on that are not too long, and keeps account of them."""

    def __init__(self, max_length: int, where: str) -> None:
        self._most = max_length
        self._where = where
        self._lengths: list[int] = []
        self._learned = self._left_out = 0
        self._pairs = False

    def passing(self, rows: Iterable[TokenRow]) -> Iterator[TokenRow]:
        """The rows that are short enough; DataError if none is."""
        shortest = None
        for row in rows:
            if row.length > self._most:
                self._left_out += 1
                shortest = min(shortest or row.length, row.length)
                continue
            self._lengths.append(row.length)
            self._learned += len(row.answer)
            self._pairs = row.rejected is not None
            yield row
        if not self._lengths:
            raise DataError(
                f"every row has more than {self._most:,} tokens; the shortest has {shortest:,}",
                where=self._where,
                remedy="raise --max-length, or export with a shorter history",
            )

    @property
    def lengths(self) -> Lengths:
        """Of what has passed."""
        ordered = sorted(self._lengths)
        return Lengths(
            rows=len(ordered),
            pairs=self._pairs,
            left_out=self._left_out,
            total=sum(ordered),
            learned=self._learned,
            min=ordered[0],
            median=ordered[(len(ordered) - 1) // 2],
            p95=ordered[(len(ordered) - 1) * 95 // 100],
            max=ordered[-1],
        )


def token_rows(file: Path, chat: Chat) -> Iterator[TokenRow]:
    """The rows of a file as the model reads and writes them."""
    return (_tokens(lesson, chat) for lesson in read_lessons(file))


def write_rows(rows: Iterable[TokenRow], file: Path) -> None:
    """Keep rows, of which there are some, in an Arrow file, which appears in whole."""
    import pyarrow as pa

    batches = _batches(rows)
    first = next(batches)
    schema = pa.schema([(name, pa.list_(pa.int32())) for name in first])
    with atomic_writer(file) as stream, pa.ipc.new_stream(stream, schema) as writer:
        for batch in chain([first], batches):
            writer.write_batch(pa.RecordBatch.from_pydict(batch, schema=schema))


def read_rows(file: Path) -> Dataset:
    """What `write_rows` has kept, read when it is needed."""
    from datasets import Dataset

    return Dataset.from_file(str(file))


def _tokens(lesson: Lesson, chat: Chat) -> TokenRow:
    rejected = None if lesson.rejected is None else chat.answer(lesson.messages, lesson.rejected)
    return TokenRow(chat.question(lesson.messages), chat.answer(lesson.messages, lesson.answer), rejected)


def _batches(rows: Iterable[TokenRow]) -> Iterator[dict[str, list[list[int]]]]:
    batch: dict[str, list[list[int]]] = {}
    for row in rows:
        for name, tokens in row.columns().items():
            batch.setdefault(name, []).append(tokens)
        if len(next(iter(batch.values()))) >= _ROWS_AT_ONCE:
            yield batch
            batch = {}
    if batch:
        yield batch
