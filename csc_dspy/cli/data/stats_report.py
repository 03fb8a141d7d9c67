"""The statistics of a corpus for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log2
from typing import TYPE_CHECKING, Final

from csc_dspy.cli.output import bar, emit, table

if TYPE_CHECKING:
    from csc_dspy.data.statistics import Length, Names, Statistics
    from csc_dspy.taxonomy import Stage, Strategy

_NAMES: Final = 3
_TRANSITIONS: Final = 10
_BAR: Final = 6
_LEVELS: Final = "▁▂▃▄▅▆▇█"


def report(source: str, found: Statistics) -> None:
    """Print everything that fits on a page or two; the rest is in JSON."""
    _corpus(source, found)
    for section in (_lengths, _strategies, _transitions, _stages, _sequences, _duplicates):
        section(found)


def _corpus(source: str, found: Statistics) -> None:
    overview = found.overview
    languages = [f"{language} {count}" for language, count in overview.languages.items() if count]
    by_speaker = f"{overview.supporter_turns} by supporters, {overview.customer_turns} by customers"
    rows = [
        ("Dialogues", str(overview.dialogues)),
        ("Turns", f"{overview.turns}: {by_speaker}"),
        ("Languages", ", ".join(languages)),
        ("Sources", _names(overview.sources)),
        ("Topics", _names(overview.topics)),
        ("Taxonomy", found.taxonomy.name.en),
    ]
    if found.labels.unlabelled:
        rows.insert(2, ("Unlabelled", f"{found.labels.unlabelled} supporter turns"))
    table(("Corpus", source), rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    emit("")
    table(columns, rows)


def _names(names: Names) -> str:
    if not names.distinct:
        return "none given"
    shown = [f"{name} {count}" for name, count in names.most_frequent.items() if count > 1][:_NAMES]
    parts = [", ".join(shown)] if shown else []
    if names.distinct > len(shown):
        parts.insert(0, f"{names.distinct} different")
    if names.unnamed:
        parts.append(f"{names.unnamed} dialogues without")
    return "; ".join(parts)


def _lengths(found: Statistics) -> None:
    languages = [language for language, count in found.overview.languages.items() if count]
    dialogues, turns = found.lengths.turns_per_dialogue, found.lengths.characters_per_turn
    rows = [_length(f"turns of a dialogue, {each}", dialogues[each]) for each in languages]
    for speaker, lengths in turns.items():
        rows += [_length(f"characters of a {speaker} turn, {each}", lengths[each]) for each in languages]
    _table(("Lengths", "min", "mean", "median", "p95", "max"), rows)


def _length(name: str, length: Length) -> tuple[object, ...]:
    means = [None if each is None else f"{each:6.1f}" for each in (length.mean, length.median, length.p95)]
    return (name, length.min, *means, length.max)


def _strategies(found: Statistics) -> None:
    if not any(found.labels.strategies.values()):
        emit("\nNo supporter turn carries a strategy.")
        return
    members = _members(found.taxonomy.strategies, found.labels.strategies)
    positions = found.labels.positions.values()
    rows = [(*member, _spark(counts)) for member, counts in zip(members, positions, strict=True)]
    _table(("#", "Strategy", "策略", "turns", "share", "where"), rows)
    emit("where: spread over the fifths of the dialogue, from its first to its last turns")


def _stages(found: Statistics) -> None:
    labels = found.labels
    if not any(labels.stages.values()):
        return
    rows = _members(found.taxonomy.stages, labels.stages)
    _table(("#", "Stage", "阶段", "turns", "share"), rows)
    emit(f"{labels.stages_given} stages are given, {labels.stages_derived} derived from strategies.")
    if labels.stage_agreement is not None:
        share = f"{labels.stage_agreement:.1%} of {labels.stages_compared}"
        emit(f"Derived and given stages agree in {share} turns.")


def _members(members: Sequence[Strategy | Stage], counts: Mapping[str, int]) -> list[tuple[object, ...]]:
    total, most = sum(counts.values()), max(counts.values())
    return [
        (
            member.number,
            member.name.en,
            member.name.zh,
            counts[member.id],
            f"{counts[member.id] / total:6.1%} {bar(counts[member.id], most, _BAR)}",
        )
        for member in members
    ]


def _spark(counts: Sequence[int]) -> str:
    """One character for each count, as high as it is of the largest."""
    most = max(counts)
    if not most:
        return ""
    return "".join(_LEVELS[round(count / most * (len(_LEVELS) - 1))] if count else "·" for count in counts)


def _transitions(found: Statistics) -> None:
    names = {strategy.id: strategy.name.en for strategy in found.taxonomy.strategies}
    steps = found.transitions.most_frequent(_TRANSITIONS)
    if steps:
        rows = [(names[step.before], names[step.after], step.count, f"{step.share:6.1%}") for step in steps]
        _table(("After", "comes most often", "times", "share"), rows)


def _sequences(found: Statistics) -> None:
    sequences = found.sequences
    rows: list[tuple[str, str]] = []
    most = log2(len(found.taxonomy.strategies))
    uncertainties = {
        "Entropy of a strategy": found.strategy_entropy,
        "Entropy, knowing the one before": found.conditional_entropy,
    }
    for name, each in uncertainties.items():
        if each:
            rows.append((name, f"{each.bits:.2f} of {most:.2f} bits, perplexity {each.perplexity:.1f}"))
    if sequences.distinct_strategies is not None:
        rows += [
            ("Different strategies of a dialogue", f"{sequences.distinct_strategies:.1f} on average"),
            ("One strategy more than twice running", f"{sequences.more_than_twice_running} dialogues"),
        ]
    rows.append(("One speaker twice running", f"{sequences.not_alternating} dialogues"))
    _table(("Sequences", ""), rows)


def _duplicates(found: Statistics) -> None:
    duplicates = found.duplicates
    kinds = {
        "supporter turns": duplicates.supporter_turns,
        "customer turns": duplicates.customer_turns,
        "dialogues": duplicates.dialogues,
    }
    rows = [
        (
            name,
            each.count,
            each.distinct,
            each.repeated,
            f"{each.repeated_share:6.1%}",
            each.elsewhere,
            f"{each.elsewhere_share:6.1%}",
        )
        for name, each in kinds.items()
    ]
    _table(("Duplicates", "all", "distinct", "repeated", "share", "elsewhere", "share"), rows)
    emit("repeated: the same text occurs again; elsewhere: it does so in another dialogue")
