"""What both forms for LLaMA-Factory share: the order of turns, the description of the files, and a recipe."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import orjson

from csc_dspy.exceptions import DataError
from csc_dspy.finetuning._base import Message, Part, Row, Writer
from csc_dspy.finetuning.formats._json_lines import SUFFIX, JsonLines, JsonLinesFormat
from csc_dspy.finetuning.recipe import dataset_name, lora
from csc_dspy.programs.history import estimated_tokens

INFO_FILE = "dataset_info.json"
RECIPE_FILE = "lora.yaml"


class Talk(NamedTuple):
    """A row taken apart as LLaMA-Factory wants it."""

    system: str
    turns: Sequence[Message]
    """User and assistant in turn; the last is the question."""


def talk(row: Row) -> Talk:
    """The messages of a row; DataError if user and assistant do not take turns, which training would skip."""
    first = row.messages[0]["role"] if row.messages else None
    system = row.messages[0]["content"] if first == "system" else ""
    turns = row.messages[1:] if first == "system" else row.messages
    roles = [message["role"] for message in turns]
    if not len(roles) % 2 or roles[::2].count("user") + roles[1::2].count("assistant") != len(roles):
        raise DataError(
            "user and assistant do not take turns in its messages, which LLaMA-Factory would skip",
            where=f"row {row.id}",
            remedy="take another format",
        )
    return Talk(system, turns)


class LlamaFactoryFormat(JsonLinesFormat):
    """JSON Lines that come with ``dataset_info.json`` and ``lora.yaml``."""

    formatting: ClassVar[str]
    tags: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def columns(self, *, pairs: bool) -> dict[str, str]:
        """The columns by the names that LLaMA-Factory has for them."""

    def open(self, folder: Path, *, pairs: bool) -> Writer:
        """A writer of new files in ``folder``; see `Format`."""
        return _Writer(folder, self, pairs=pairs)

    def description(self, part: Part, *, pairs: bool) -> dict[str, Any]:
        """The entry of a part's file in ``dataset_info.json``."""
        return {
            "file_name": f"{part}{SUFFIX}",
            "formatting": self.formatting,
            **({"ranking": True} if pairs else {}),
            "columns": self.columns(pairs=pairs),
            **({"tags": dict(self.tags)} if self.tags else {}),
        }


class _Writer:
    """Writes rows, and when all are there what describes them."""

    def __init__(self, folder: Path, form: LlamaFactoryFormat, *, pairs: bool) -> None:
        self._folder = folder
        self._form = form
        self._pairs = pairs
        self._longest = 0
        self._lines = JsonLines(folder, form.pair if pairs else form.solved)

    def write(self, row: Row, part: Part) -> None:
        """Append a row."""
        self._lines.write(row, part)
        self._longest = longest(self._longest, row)

    def close(self) -> None:
        """Finish the files."""
        self._lines.close()
        parts = list(self._lines.parts)
        described = {dataset_name(part): self._form.description(part, pairs=self._pairs) for part in parts}
        info = orjson.dumps(described, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        (self._folder / INFO_FILE).write_bytes(info)
        recipe = lora(pairs=self._pairs, validation="validation" in parts, longest=self._longest)
        (self._folder / RECIPE_FILE).write_text(recipe, encoding="utf-8")


def longest(so_far: int, row: Row) -> int:
    """About how many tokens the longest row takes, counting this one."""
    texts = [message["content"] for message in row.messages]
    text = "\n".join([*texts, max(row.answer, row.rejected or "", key=len)])
    size = len(text.encode("utf-8", "replace"))
    # No estimate is above that, as a wide character has three bytes or more; so few rows need one.
    at_most = size / 4 + (size - len(text)) / 8 + 1
    return so_far if at_most <= so_far else max(so_far, estimated_tokens(text))
