"""Chat JSONL as OpenAI's fine-tuning takes it, and with it most hosted services and ``csc-dspy train``."""

from __future__ import annotations

from typing import Any

from csc_dspy.finetuning._base import Row
from csc_dspy.finetuning.formats._json_lines import JsonLinesFormat
from csc_dspy.finetuning.formats._texts import answered, rejected


class OpenAI(JsonLinesFormat):
    """``messages`` that end with the answer; pairs in the form of OpenAI's preference fine-tuning."""

    name = "openai"

    def solved(self, row: Row) -> dict[str, Any]:
        """A question with its answer."""
        return {"messages": [*row.messages, answered(row.answer)]}

    def pair(self, row: Row) -> dict[str, Any]:
        """A question with a better and a worse answer."""
        return {
            "input": {"messages": [*row.messages]},
            "preferred_output": [answered(row.answer)],
            "non_preferred_output": [answered(rejected(row))],
        }
