"""Small dialogues to evaluate on, in both languages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from csc_dspy.conversations import Conversation

SPOKEN: Final = {
    "en": (
        ("Good morning, how can I help?", "My parcel {number} never came!"),
        ("I am sorry to hear that.", "So where is it?"),
        ("Which day was it due?", "On the third."),
        ("Thank you for calling, goodbye.", "Bye."),
    ),
    "zh": (
        ("您好，请讲。", "我的第{number}张卡被吞了！"),
        ("很抱歉给您带来不便。", "那怎么办？"),
        ("请问是哪一天的事？", "三号。"),
        ("感谢来电，再见。", "再见。"),
    ),
}
STRATEGIES: Final = {
    "copc": ("greeting", "emotional_management", "problem_refinement", "appreciation_closure"),
    "esconv": ("others", "reflection_of_feelings", "question", "providing_suggestions"),
}
TURNS: Final = 4
"""Supporter turns in each dialogue."""


def row(number: int, language: str = "en", taxonomy: str = "copc") -> dict[str, Any]:
    """A dialogue as files have it: four turns of the supporter at the even places."""
    turns: list[dict[str, str]] = []
    for (said, answered), strategy in zip(SPOKEN[language], STRATEGIES[taxonomy], strict=True):
        turns += [
            {"speaker": "supporter", "strategy": strategy, "text": said},
            {"speaker": "customer", "text": answered.format(number=number)},
        ]
    named = {} if taxonomy == "copc" else {"taxonomy": taxonomy}
    return {"id": f"d{number}", "language": language, **named, "dialogue": turns}


def rows(count: int, taxonomy: str = "copc") -> list[dict[str, Any]]:
    """English and Chinese in turns."""
    return [row(number, ("en", "zh")[number % 2], taxonomy) for number in range(count)]


def conversations(count: int, taxonomy: str = "copc") -> list[Conversation]:
    """The same, read."""
    return [Conversation.model_validate(each) for each in rows(count, taxonomy)]


def write_rows(path: Path, content: Sequence[object]) -> Path:
    """A file with one object a line."""
    path.write_text(
        "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in content), encoding="utf-8"
    )
    return path


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The objects of such a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
