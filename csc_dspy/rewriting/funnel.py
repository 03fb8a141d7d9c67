"""How many transcripts came in, which were dropped by which rule, and what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.rewriting._base import Dropped, Transcript
from csc_dspy.rewriting.rules import REASONS

_EXAMPLES: Final = 3
_TURNS_OF_EXAMPLE: Final = 3
_LONGEST_TEXT: Final = 100


@dataclass
class Funnel:
    """Counts what goes through the steps and keeps a few examples of what does not."""

    steps: Sequence[str]
    came_in: int = 0
    kept: int = 0
    lines: int = 0
    unread: int = 0
    turns: int = 0
    redacted: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    strategies: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    _dropped: dict[str, Counter[str]] = field(default_factory=dict)
    _examples: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def dropped(self) -> dict[str, int]:
        """How many were dropped, by reason, the most frequent first."""
        total: Counter[str] = sum(self._dropped.values(), Counter())
        return dict(total.most_common())

    @property
    def failed(self) -> int:
        """How many the language model failed on."""
        return self.dropped.get("failed", 0)

    def enter(self, transcript: Transcript) -> None:
        """Count one that comes in."""
        self.came_in += 1
        self.lines += transcript.lines
        self.unread += transcript.unread

    def keep(self, transcript: Transcript) -> None:
        """Count one that comes out."""
        self.kept += 1
        conversation = transcript.conversation
        self.turns += len(conversation.dialogue)
        self.languages[conversation.spoken_language] += 1
        self.redacted.update(each.kind for each in transcript.replaced)
        for _, turn in conversation.supporter_turns():
            if turn.strategy:
                self.strategies[turn.strategy.id] += 1
            if turn.stage:
                self.stages[turn.stage.id] += 1

    def drop(self, dropped: Dropped) -> None:
        """Count one that a step has dropped; what is personal in it is replaced by now."""
        self._dropped.setdefault(dropped.step, Counter())[dropped.reason] += 1
        examples = self._examples.setdefault((dropped.step, dropped.reason), [])
        if len(examples) < _EXAMPLES:
            examples.append(self._example(dropped))

    def to_dict(self) -> dict[str, Any]:
        """All of it, as ``funnel.json`` has it."""
        steps, left = [], self.came_in
        for step in self.steps:
            reasons = self._dropped.get(step, Counter())
            steps.append(
                {
                    "step": step,
                    "in": left,
                    "out": left - reasons.total(),
                    "dropped": {reason: self._told(step, reason, n) for reason, n in reasons.most_common()},
                }
            )
            left -= reasons.total()
        return {
            "in": self.came_in,
            "dropped": self.dropped,
            "kept": self.kept,
            "steps": steps,
            "lines": {"read": self.lines - self.unread, "set_aside": self.unread},
            "turns": self.turns,
            "languages": dict(self.languages),
            "redacted": dict(self.redacted.most_common()),
            "strategies": dict(self.strategies.most_common()),
            "stages": dict(self.stages.most_common()),
        }

    def _told(self, step: str, reason: str, count: int) -> dict[str, Any]:
        return {
            "count": count,
            "meaning": REASONS.get(reason, reason),
            "examples": self._examples[step, reason],
        }

    def _example(self, dropped: Dropped) -> dict[str, Any]:
        conversation = dropped.transcript.conversation
        return {
            "id": conversation.id,
            "origin": dropped.transcript.origin,
            "detail": dropped.detail,
            "begins": _beginning(conversation),
        }


def _beginning(conversation: Conversation) -> list[str]:
    return [f"{turn.speaker}: {_short(turn.text)}" for turn in conversation.dialogue[:_TURNS_OF_EXAMPLE]]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
