"""ShareGPT rows for LLaMA-Factory."""

from __future__ import annotations

from typing import Any, ClassVar

from csc_dspy.finetuning._base import Row
from csc_dspy.finetuning.formats._llama_factory import LlamaFactoryFormat, talk
from csc_dspy.finetuning.formats._texts import rejected

_SPEAKERS = {"user": "human", "assistant": "gpt"}


class ShareGPT(LlamaFactoryFormat):
    """``conversations`` of ``from`` and ``value``, with ``system``; pairs as ``chosen`` and ``rejected``."""

    name = "sharegpt"
    formatting = "sharegpt"
    tags: ClassVar = {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": "human",
        "assistant_tag": "gpt",
    }

    def solved(self, row: Row) -> dict[str, Any]:
        """A question with its answer."""
        asked = _asked(row)
        asked["conversations"].append(_said("assistant", row.answer))
        return asked

    def pair(self, row: Row) -> dict[str, Any]:
        """A question with a better and a worse answer."""
        return _asked(row) | {
            "chosen": _said("assistant", row.answer),
            "rejected": _said("assistant", rejected(row)),
        }

    def columns(self, *, pairs: bool) -> dict[str, str]:
        """The columns by the names that LLaMA-Factory has for them."""
        answers = {"chosen": "chosen", "rejected": "rejected"} if pairs else {}
        return {"messages": "conversations", "system": "system", **answers}


def _asked(row: Row) -> dict[str, Any]:
    system, turns = talk(row)
    return {"conversations": [_said(turn["role"], turn["content"]) for turn in turns], "system": system}


def _said(role: str, text: str) -> dict[str, str]:
    return {"from": _SPEAKERS[role], "value": text}
