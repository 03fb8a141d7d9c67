"""Small data to export, and a format that keeps the rows in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from csc_dspy import read
from csc_dspy.conversations import Conversation
from csc_dspy.finetuning import Exported, export
from csc_dspy.finetuning._base import Part, Row, Writer
from csc_dspy.taxonomy import Language


@dataclass
class Collected:
    """A format: the rows as they come. A file is written too, as every format writes one."""

    rows: list[Row] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    name: str = "collected"
    pairs: bool = True

    def open(self, folder: Path, *, pairs: bool) -> Writer:  # noqa: ARG002 - the signature of formats
        (folder / "train.txt").write_text("rows\n")
        return self

    def write(self, row: Row, part: Part) -> None:
        self.rows.append(row)
        self.parts.append(part)

    def close(self) -> None:
        pass

    def of(self, part: Part) -> list[Row]:
        return [row for row, its_part in zip(self.rows, self.parts, strict=True) if its_part == part]


@lru_cache
def dialogues(language: Language) -> tuple[Conversation, ...]:
    """Those of the sample, in the order of the file."""
    return tuple(each for each in read("rolecs-sample") if each.spoken_language == language)


def beginning(conversation: Conversation, turns: int) -> Conversation:
    return conversation.with_turns(conversation.dialogue[:turns])


def rows_of(program: Any, train: Any, out: Path, **choices: Any) -> tuple[list[Row], Exported]:  # noqa: ANN401
    """The rows of an export, and what it says of itself."""
    form = Collected()
    made = export(program, train=train, out=out, form=form, **choices)
    return form.rows, made


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_dialogues(path: Path, conversations: Any) -> Path:  # noqa: ANN401  any iterable of them
    lines = (json.dumps(each.row(), ensure_ascii=False) for each in conversations)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
