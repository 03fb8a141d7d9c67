"""A first look at the dialogues: whether evaluation dialogues are among them, and what there is to export."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from csc_dspy.conversations import Conversation, turn_examples
from csc_dspy.data import split
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.finetuning._base import Part
from csc_dspy.finetuning.dialogues import Dialogues
from csc_dspy.finetuning.leaks import EvaluationLeakError, Leak, Screen
from csc_dspy.finetuning.pairs import OtherStrategies
from csc_dspy.taxonomy import LANGUAGES, Language

if TYPE_CHECKING:
    from csc_dspy.finetuning.options import Choices

Looked = Callable[[int], object]

_VALIDATION: Final = "validation"


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is."""

    turns: Mapping[Language, int]
    """The supporter's turns in each language."""
    fingerprint: str
    """A hash of everything in the dialogues."""
    leaked: frozenset[int]
    """Positions of the dialogues that are left out, counted from 0."""
    validating: frozenset[int]
    """Positions of the dialogues to validate by."""
    dialogues: int

    def part(self, position: int) -> Part:
        """The part that a dialogue is in."""
        return "validation" if position in self.validating else "train"

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages that there are."""
        return tuple(language for language in LANGUAGES if self.turns.get(language))


def survey(
    dialogues: Dialogues, screen: Screen, choices: Choices, others: OtherStrategies | None, looked: Looked
) -> Survey:
    """Read all dialogues once, or twice where they are split.

    Raises:
        EvaluationLeakError: There are evaluation dialogues, and they are to be refused.
        DataError: There is nothing to export.
    """
    validating = _validating(dialogues, choices.validation, choices.seed, looked)
    turns: Counter[Language] = Counter()
    digest, leaked, found, count = hashlib.sha256(), set[int](), list[Leak](), 0
    for position, conversation in enumerate(dialogues):
        count += 1
        digest.update(_content(conversation))
        leak = screen.leak(conversation)
        if leak is not None:
            leaked.add(position)
            found.append(leak)
        part: Part = "validation" if position in validating else "train"
        turns[conversation.spoken_language] += sum(1 for _ in conversation.supporter_turns())
        if others is not None and leak is None:
            others.add(turn_examples([conversation]), conversation.content_hash, part)
        looked(1)
    if found and choices.leaks == "refuse":
        raise EvaluationLeakError(found)
    if not turns.total():
        what = "turn of a supporter" if count else "dialogue"
        raise DataError(f"there is no {what} to export", where=dialogues.name)
    return Survey(turns, digest.hexdigest()[:32], frozenset(leaked), validating, count)


def _validating(dialogues: Dialogues, share: float, seed: int, looked: Looked) -> frozenset[int]:
    """The positions of the dialogues to validate by; near-duplicates are in the same part."""
    if not share:
        return frozenset()
    if not 0 < share < 1:
        raise ConfigError(f"is {share}", where="--validation", remedy="give a share between 0 and 1")
    made = split(dialogues, {"train": 1 - share, _VALIDATION: share}, seed=seed, progress=lambda: looked(1))
    return frozenset(place for place, part in enumerate(made.assignment) if part == _VALIDATION)


def _content(conversation: Conversation) -> bytes:
    row = json.dumps(conversation.row(), ensure_ascii=False, sort_keys=True, default=str)
    return row.encode("utf-8", "surrogatepass")
