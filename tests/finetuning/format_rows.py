"""Rows for the forms of files, and reading JSON Lines back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from csc_dspy.finetuning._base import Part, Row
from csc_dspy.finetuning.formats import named
from csc_dspy.taxonomy import Language

SYSTEM = {"zh": "您是客服。\n请判断策略。", "en": "You are a supporter.\nChoose a strategy."}
SHOWN = {"zh": ("客户：你好", "礼貌问候"), "en": ("Customer: hello", "Greeting")}
ASKED = {"zh": "客户：我的卡被吞了！😡\u2028“急”", "en": 'Customer: "Café" bill\tis \\ wrong \x00 </s>'}
ANSWER = {"zh": "情感管理", "en": "Emotional Management\n"}
WORSE = {"zh": "其它", "en": "Others"}


def row(
    number: int = 1, language: Language = "zh", *, shown: bool = True, pair: bool = False, **changes: object
) -> Row:
    """A row with a demonstration, unless told otherwise."""
    question, answer = SHOWN[language]
    demonstration = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    messages = [
        {"role": "system", "content": SYSTEM[language]},
        *(demonstration if shown else []),
        {"role": "user", "content": f"{ASKED[language]}{number}"},
    ]
    given: dict[str, Any] = {
        "id": f"d{number}#1/strategy",
        "dialogue": f"d{number}",
        "task": "strategy",
        "language": language,
        "messages": messages,
        "answer": ANSWER[language],
        "strategy": "emotional_management",
        "rejected": WORSE[language] if pair else None,
    }
    return Row(**given | changes)


def write(
    form: str, folder: Path, train: Iterable[Row], validation: Iterable[Row] = (), *, pairs: bool = False
) -> Path:
    """Write rows in a form into a folder."""
    parts: tuple[tuple[Part, Iterable[Row]], ...] = (("train", train), ("validation", validation))
    with closing(named(form).open(folder, pairs=pairs)) as writer:
        for part, rows in parts:
            for each in rows:
                writer.write(each, part)
    return folder


def lines(file: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON Lines, which are split at line feeds alone."""
    return [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]]


def said(role: str, text: str) -> dict[str, str]:
    """A chat message."""
    return {"role": role, "content": text}
