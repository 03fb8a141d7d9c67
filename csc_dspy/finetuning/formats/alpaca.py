"""Alpaca rows for LLaMA-Factory."""

from __future__ import annotations

from typing import Any

from csc_dspy.finetuning._base import Row
from csc_dspy.finetuning.formats._llama_factory import LlamaFactoryFormat, talk
from csc_dspy.finetuning.formats._texts import rejected


class Alpaca(LlamaFactoryFormat):
    """``instruction``, ``output``, ``system`` and ``history``; pairs as ``chosen`` and ``rejected``.

    The whole question is the instruction and ``input`` is empty: the two would be joined by a line break.
    """

    name = "alpaca"
    formatting = "alpaca"

    def solved(self, row: Row) -> dict[str, Any]:
        """A question with its answer."""
        return _asked(row) | {"output": row.answer}

    def pair(self, row: Row) -> dict[str, Any]:
        """A question with a better and a worse answer."""
        return _asked(row) | {"chosen": row.answer, "rejected": rejected(row)}

    def columns(self, *, pairs: bool) -> dict[str, str]:
        """The columns by the names that LLaMA-Factory has for them."""
        answers = {"chosen": "chosen", "rejected": "rejected"} if pairs else {"response": "output"}
        asked = {"prompt": "instruction", "query": "input", "system": "system", "history": "history"}
        return asked | answers


def _asked(row: Row) -> dict[str, Any]:
    system, turns = talk(row)
    said = [turn["content"] for turn in turns]
    return {
        "instruction": said[-1],
        "input": "",
        "system": system,
        "history": [list(exchange) for exchange in zip(said[:-1:2], said[1::2], strict=True)],
    }
