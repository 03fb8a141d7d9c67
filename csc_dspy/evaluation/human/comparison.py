"""What raters' answers say of two systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csc_dspy.evaluation.agreement import Agreement, Estimate, agreement, bootstrap
from csc_dspy.evaluation.human.collecting import collect
from csc_dspy.evaluation.human.files import Answers, Key, read_file

if TYPE_CHECKING:
    from csc_dspy.evaluation.agreement import Array

Ratings = Mapping[str, Sequence[str | None]]
"""By rater: for each item ``a``, ``b``, ``tie``, or None where nothing was or could be said."""


@dataclass(frozen=True, slots=True)
class Preference:
    """How often A's response was preferred under one aspect, over all answers of all raters."""

    wins: int
    ties: int
    losses: int
    unknown: int
    """Answers that it cannot be told, or that are missing."""
    win: Estimate
    """Wins in percent of all that were judged, with an interval over dialogues."""
    net: Estimate
    """Wins less losses, likewise: above 0 speaks for A."""
    p_value: float | None
    """Of the two-sided sign test over items, where all raters of an item have one vote together."""


@dataclass(frozen=True, slots=True)
class RaterPair:
    """How far two raters agree on the items that both judged, by aspect."""

    raters: tuple[str, str]
    agreement: dict[str, Agreement]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems compared by people, in the view of A."""

    a: str
    b: str
    raters: tuple[str, ...]
    items: int
    turns: int
    """How many turns the items were drawn from."""
    identical: int
    """Turns that were not compared because both responses are the same."""
    unanswered: int
    """Turns that were not compared because a system did not answer."""
    aspects: dict[str, Preference]
    agreement: dict[str, Agreement]
    """How far all raters agree, by aspect."""
    pairs: tuple[RaterPair, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def read_answers(
    key: str | Path,
    files: Sequence[str | Path],
    *,
    partial: bool = False,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Read what raters sent back for a form; DataError says what is wrong with which file.

    Answers with gaps are refused unless ``partial``.
    """
    known = read_file(key, Key)
    collected = collect(known, files, partial=partial)
    ratings = {aspect: _ratings(known, collected, aspect) for aspect in known.aspects}
    dialogues = [item.dialogue for item in known.items]
    return Comparison(
        a=known.a,
        b=known.b,
        raters=tuple(each.rater for each in collected),
        items=len(known.items),
        turns=known.turns,
        identical=known.identical,
        unanswered=known.unanswered,
        aspects={
            aspect: preference(by_rater, dialogues, resamples=resamples, seed=seed)
            for aspect, by_rater in ratings.items()
        },
        agreement={
            aspect: agreement(zip(*by_rater.values(), strict=True), resamples=resamples, seed=seed)
            for aspect, by_rater in ratings.items()
        },
        pairs=tuple(
            RaterPair(
                pair,
                {
                    aspect: agreement(
                        zip(*(by_rater[rater] for rater in pair), strict=True), resamples=resamples, seed=seed
                    )
                    for aspect, by_rater in ratings.items()
                },
            )
            for pair in combinations([each.rater for each in collected], 2)
        ),
    )


def _ratings(key: Key, collected: Sequence[Answers], aspect: str) -> Ratings:
    return {
        each.rater: [
            key.choice_of(place, answer.get(aspect, "unknown")) for place, answer in enumerate(each.answers)
        ]
        for each in collected
    }


def preference(
    ratings: Ratings, dialogues: Sequence[str], *, resamples: int = 1000, seed: int = 0
) -> Preference:
    """Wins, ties and losses of A. ``dialogues`` has the dialogue of each item."""
    import numpy as np

    by_item = [Counter(choices) for choices in zip(*ratings.values(), strict=True)]
    total = sum(by_item, Counter())
    places = {dialogue: place for place, dialogue in enumerate(dict.fromkeys(dialogues))}
    tallies = np.zeros((len(places), 3))
    for dialogue, counts in zip(dialogues, by_item, strict=True):
        tallies[places[dialogue]] += [counts[name] for name in ("a", "tie", "b")]
    return Preference(
        wins=total["a"],
        ties=total["tie"],
        losses=total["b"],
        unknown=total[None],
        win=bootstrap(_win, tallies, resamples=resamples, seed=seed),
        net=bootstrap(_net, tallies, resamples=resamples, seed=seed),
        p_value=sign_test([counts["a"] - counts["b"] for counts in by_item]),
    )


def sign_test(differences: Sequence[int]) -> float | None:
    """The two-sided p-value that plus is as likely as minus. Zeros do not count; None if all are."""
    wins = sum(each > 0 for each in differences)
    count = wins + sum(each < 0 for each in differences)
    if not count:
        return None
    tail: int = sum(comb(count, each) for each in range(min(wins, count - wins) + 1))
    return min(1.0, float(tail / 2 ** (count - 1)))


def _win(tallies: Array) -> Array:
    return _percent(tallies[..., 0], tallies)


def _net(tallies: Array) -> Array:
    return _percent(tallies[..., 0] - tallies[..., 2], tallies)


def _percent(part: Array, tallies: Array) -> Array:
    import numpy as np

    judged = tallies.sum(axis=-1)
    return np.where(judged > 0, 100 * part / np.maximum(judged, 1), np.nan)
