"""What was not kept, by reason, with examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from csc_dspy.roleplay.output.reading import Rejected
from csc_dspy.roleplay.quality import REASONS

_EXAMPLES: Final = 3
_LONGEST: Final = 160


def rejections(rejected: Iterable[Rejected]) -> list[dict[str, Any]]:
    """Every reason found, the most frequent first.

    ``first`` is how many dialogues were rejected by it, ``count`` how many have it, maybe among others.
    """
    first: Counter[str] = Counter()
    count: Counter[str] = Counter()
    examples: dict[str, list[dict[str, Any]]] = {}
    for each in rejected:
        first[each.flaws[0].reason] += 1
        count.update({flaw.reason for flaw in each.flaws})
        for flaw in each.flaws:
            shown = examples.setdefault(flaw.reason, [])
            if len(shown) < _EXAMPLES and each.conversation.id not in {one["id"] for one in shown}:
                shown.append(_example(each, flaw.detail, flaw.turn))
    return [
        {
            "reason": reason,
            "meaning": REASONS.get(reason, reason),
            "first": first[reason],
            "count": number,
            "examples": examples[reason],
        }
        for reason, number in sorted(count.items(), key=lambda each: (-first[each[0]], -each[1], each[0]))
    ]


def failures(failed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every reason why a task came to no end, the most frequent first."""
    count: Counter[str] = Counter()
    examples: dict[str, list[dict[str, Any]]] = {}
    for each in failed:
        count[each["reason"]] += 1
        shown = examples.setdefault(each["reason"], [])
        if len(shown) < _EXAMPLES:
            shown.append({"id": each["id"], "detail": each["detail"][:_LONGEST]})
    return [
        {"reason": reason, "count": number, "examples": examples[reason]}
        for reason, number in count.most_common()
    ]


def _example(rejected: Rejected, detail: str, turn: int | None) -> dict[str, Any]:
    dialogue = rejected.conversation.dialogue
    said = dialogue[turn - 1].text if turn and turn <= len(dialogue) else None
    return {
        "id": rejected.conversation.id,
        "detail": detail[:_LONGEST],
        "turn": turn,
        "text": said and said[:_LONGEST],
    }
