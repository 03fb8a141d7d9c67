"""How far two annotators of the same dialogues agree, label by label, and where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from csc_dspy.auditing.names import named
from csc_dspy.conversations import Conversation, Turn
from csc_dspy.evaluation.agreement import Agreement, Estimate, agreement
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Strategy, Taxonomy

STRATEGY: Final = "strategy"
STAGE: Final = "stage"
_SHOWN: Final = 40

Pair = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A turn that the two label differently, labels by their ids; ``turn`` is its place, from 0."""

    dialogue: str
    turn: int
    about: str
    a: str
    b: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "dialogue": self.dialogue,
            "turn": self.turn,
            "about": self.about,
            "a": self.a,
            "b": self.b,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class AspectAgreement:
    """Agreement about strategies, or about stages."""

    overall: Agreement
    labels: dict[str, Estimate]
    """Cohen's kappa of each label against all others, where anybody gave it."""
    confusion: dict[str, dict[str, int]]
    """How often A gave the one label, and B the other."""

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        overall = self.overall.to_dict()
        return {
            "turns": overall["units"],
            "percent": overall["percent"],
            "kappa": overall["kappa"],
            "labels": {
                label: {"value": kappa.value, "low": kappa.low, "high": kappa.high}
                for label, kappa in self.labels.items()
            },
            "confusion": self.confusion,
        }


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """What two files of annotations have in common."""

    dialogues: int
    turns: int
    """The supporter's turns."""
    unlabelled: int
    """How many of them have no strategy in one file or both; those do not count."""
    strategy: AspectAgreement
    stage: AspectAgreement
    stages_given: bool
    """Whether both files give stages; else some follow from the strategies."""
    disagreements: tuple[Disagreement, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "dialogues": self.dialogues,
            "turns": self.turns,
            "unlabelled": self.unlabelled,
            "strategy": self.strategy.to_dict(),
            "stage": self.stage.to_dict(),
            "stages_given": self.stages_given,
            "disagreements": [each.to_dict() for each in self.disagreements],
        }


def agreement_of(
    a: Iterable[Conversation], b: Iterable[Conversation], *, resamples: int = 1000, seed: int = 0
) -> LabelAgreement:
    """Compare two annotations of the same dialogues, whatever order they are in.

    Stages are those given, or else those that follow from the strategies.

    Raises:
        DataError: They are not the same dialogues, or no turn is labelled in both; the first difference is
            named.
    """
    tally = _Tally()
    for name, one, other in _matched(a, b):
        tally.add(name, one, other)
    if tally.taxonomy is None or all(None in pair for pair in tally.strategies):
        raise DataError(
            "no turn has a strategy in both", remedy="give two labelled files of the same dialogues"
        )
    return LabelAgreement(
        dialogues=tally.dialogues,
        turns=len(tally.strategies),
        unlabelled=sum(None in pair for pair in tally.strategies),
        strategy=_aspect(tally.strategies, [each.id for each in tally.taxonomy.strategies], resamples, seed),
        stage=_aspect(tally.stages, [each.id for each in tally.taxonomy.stages], resamples, seed),
        stages_given=tally.stages_given,
        disagreements=tuple(tally.disagreements),
    )


class _Tally:
    """The labels of both, turn by turn."""

    def __init__(self) -> None:
        self.taxonomy: Taxonomy | None = None
        self.dialogues = 0
        self.stages_given = True
        self.strategies: list[Pair] = []
        self.stages: list[Pair] = []
        self.disagreements: list[Disagreement] = []

    def add(self, name: str, one: Conversation, other: Conversation) -> None:
        """Take in the same dialogue as both have it."""
        self.taxonomy = one.taxonomy
        self.dialogues += 1
        ours, theirs = one.stages(), other.stages()
        for index, turn in one.supporter_turns():
            partner = other.dialogue[index]
            strategies = _id(turn.strategy), _id(partner.strategy)
            given = turn.stage is not None and partner.stage is not None
            known = given or None not in strategies
            stages = (ours[index].id, theirs[index].id) if known else (None, None)
            self.stages_given &= given
            self.strategies.append(strategies)
            self.stages.append(stages)
            for about, (a, b) in ((STRATEGY, strategies), (STAGE, stages)):
                if a is not None and b is not None and a != b:
                    self.disagreements.append(Disagreement(name, index, about, a, b, turn.text))


def _aspect(pairs: Sequence[Pair], labels: Sequence[str], resamples: int, seed: int) -> AspectAgreement:
    both = [pair for pair in pairs if None not in pair]
    counts = Counter(both)
    given = [label for label in labels if any(label in pair for pair in counts)]
    return AspectAgreement(
        overall=agreement(both, resamples=resamples, seed=seed),
        labels={
            label: agreement(
                ((a == label, b == label) for a, b in both), resamples=resamples, seed=seed
            ).kappa
            for label in given
        },
        confusion={a: {b: counts[a, b] for b in given if counts[a, b]} for a in given},
    )


def _matched(
    a: Iterable[Conversation], b: Iterable[Conversation]
) -> Iterator[tuple[str, Conversation, Conversation]]:
    """The same dialogues of both, in the order of ``a``; DataError at the first that is not the same."""
    others = dict(named(b))
    mine: set[str] = set()
    for name, conversation in named(a):
        mine.add(name)
        if name not in others:
            raise _different(f"dialogue {name} is in A and not in B")
        _require_same(name, conversation, others[name])
        yield name, conversation, others[name]
    for name in others:
        if name not in mine:
            raise _different(f"dialogue {name} is in B and not in A")


def _require_same(name: str, one: Conversation, other: Conversation) -> None:
    if one.taxonomy != other.taxonomy:
        raise _different(f"dialogue {name} is labelled by {one.taxonomy.id} in A, {other.taxonomy.id} in B")
    for index, (turn, theirs) in enumerate(zip(one.dialogue, other.dialogue, strict=False)):
        if turn.speaker != theirs.speaker or turn.text.split() != theirs.text.split():
            raise _different(
                f"dialogue {name}, turn {index}: A has {_shown(turn)}, and B has {_shown(theirs)}"
            )
    if len(one.dialogue) != len(other.dialogue):
        raise _different(f"dialogue {name} has {len(one.dialogue)} turns in A, {len(other.dialogue)} in B")


def _different(problem: str) -> DataError:
    return DataError(problem, remedy="give two annotations of the same dialogues")


def _shown(turn: Turn) -> str:
    text = turn.text if len(turn.text) <= _SHOWN else turn.text[:_SHOWN] + "…"
    return f"{turn.speaker} {text!r}"


def _id(label: Strategy | None) -> str | None:
    return None if label is None else label.id
