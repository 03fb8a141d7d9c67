"""Conversational rows for TRL, whose trainers learn the completion and not the prompt."""

from __future__ import annotations

from typing import Any

from csc_dspy.finetuning._base import Row
from csc_dspy.finetuning.formats._json_lines import JsonLinesFormat
from csc_dspy.finetuning.formats._texts import answered, rejected


class TRL(JsonLinesFormat):
    """``prompt`` and ``completion``; pairs as ``prompt``, ``chosen`` and ``rejected``."""

    name = "trl"

    def solved(self, row: Row) -> dict[str, Any]:
        """A question with its answer."""
        return {"prompt": [*row.messages], "completion": [answered(row.answer)]}

    def pair(self, row: Row) -> dict[str, Any]:
        """A question with a better and a worse answer."""
        return {
            "prompt": [*row.messages],
            "chosen": [answered(row.answer)],
            "rejected": [answered(rejected(row))],
        }
