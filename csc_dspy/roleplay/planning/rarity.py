"""Which strategies are to be favoured, and how much: those that a corpus has too few of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay.planning.occasions import occasions_of
from csc_dspy.taxonomy import Taxonomy, load_taxonomy

Weights = dict[str, float]
"""Shares of one, by the id of a strategy."""


def rare_strategies(
    taxonomy: Taxonomy | None = None,
    reference: Iterable[Conversation] | None = None,
    target: Mapping[str, float] | None = None,
) -> Weights:
    """What to favour, for `Plan.favour`.

    With a ``reference`` corpus these are the strategies that it has fewer of than the ``target`` asks for,
    each as much as it lacks. Without one they are those of the target, else those known to be rare.

    Args:
        taxonomy: What strategies belong to; COPC if not given.
        reference: A corpus with strategies.
        target: Shares of strategies in any spelling. If not given, an even share of each that is not bound
            to its place.
    """
    taxonomy = taxonomy or load_taxonomy()
    wanted = _even(taxonomy) if target is None else _by_id(target, taxonomy)
    if reference is not None:
        wanted = _lacking(wanted, _shares(reference, wanted))
    elif target is None and (rare := occasions_of(taxonomy.id).rare):
        wanted = dict.fromkeys(rare, 1.0)
    return _normalised(wanted)


def _even(taxonomy: Taxonomy) -> Weights:
    placed = occasions_of(taxonomy.id).placed
    return _normalised({each.id: 1.0 for each in taxonomy.strategies if each.id not in placed})


def _by_id(target: Mapping[str, float], taxonomy: Taxonomy) -> Weights:
    weights = {taxonomy.strategy(label).id: float(weight) for label, weight in target.items()}
    if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
        raise ConfigError("a target needs shares of strategies, none of them negative")
    return _normalised(weights)


def _shares(reference: Iterable[Conversation], among: Iterable[str]) -> Weights:
    """The shares in a corpus, among the strategies that the target is about."""
    counts = Counter(dict.fromkeys(among, 0))
    for conversation in reference:
        strategies = (turn.strategy.id for turn in conversation.dialogue if turn.strategy)
        counts.update(each for each in strategies if each in counts)
    if not sum(counts.values()):
        raise ConfigError(
            "has no strategies of the target",
            remedy="the reference corpus must be labelled with the same taxonomy",
        )
    return _normalised({strategy: float(count) for strategy, count in counts.items()})


def _lacking(target: Weights, present: Weights) -> Weights:
    differences = {each: share - present.get(each, 0.0) for each, share in target.items()}
    lacking = {each: difference for each, difference in differences.items() if difference > 0}
    # A corpus that is on target to the last turn lacks nothing; then all are favoured as the target says.
    return lacking or target


def _normalised(weights: Mapping[str, float]) -> Weights:
    total = sum(weights.values())
    return {strategy: weight / total for strategy, weight in weights.items() if weight}
