"""From conversations to their statistics, in one pass."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import chain

from csc_dspy.conversations import Conversation
from csc_dspy.data.reading import read
from csc_dspy.data.statistics.duplicates import DuplicateCount
from csc_dspy.data.statistics.labels import LabelCount
from csc_dspy.data.statistics.lengths import LengthCount
from csc_dspy.data.statistics.overview import OverviewCount
from csc_dspy.data.statistics.result import Statistics
from csc_dspy.data.statistics.scratch import Scratch
from csc_dspy.data.statistics.sketch import Count, Sketch
from csc_dspy.data.statistics.transitions import SequenceCount, TransitionCount
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.taxonomy import Language, Taxonomy


def stats(
    source: str | os.PathLike[str] | Iterable[Conversation],
    *,
    language: Language | None = None,
    taxonomy: str | os.PathLike[str] | Taxonomy | None = None,
    part: str | None = None,
    quarantine: str | os.PathLike[str] | None = None,
) -> Statistics:
    """The statistics of a source, or of conversations that are at hand, all under one taxonomy.

    The options are those of `read`, and so go with a source only.
    """
    if isinstance(source, str | os.PathLike):
        source = read(source, language=language, taxonomy=taxonomy, part=part, quarantine=quarantine)
    elif any(option is not None for option in (language, taxonomy, part, quarantine)):
        raise ConfigError("options of reading are given for conversations", remedy="give them to read()")
    conversations = iter(source)
    first = next(conversations, None)
    if first is None:
        raise DataError(
            "no conversation is left to count", remedy="look for another language and for bad rows set aside"
        )
    with Scratch() as scratch:
        return _count(chain((first,), conversations), first.taxonomy, scratch)


def _count(conversations: Iterable[Conversation], taxonomy: Taxonomy, scratch: Scratch) -> Statistics:
    overview = OverviewCount(scratch)
    lengths = LengthCount()
    labels = LabelCount(taxonomy)
    transitions = TransitionCount(taxonomy)
    sequences = SequenceCount()
    duplicates = DuplicateCount(scratch)
    counts: tuple[Count[object], ...] = (overview, lengths, labels, transitions, sequences, duplicates)
    for conversation in conversations:
        if conversation.taxonomy is not taxonomy and conversation.taxonomy != taxonomy:
            raise _mixed(conversation, taxonomy)
        sketch = Sketch.of(conversation)
        for each in counts:
            each.add(sketch)
    return Statistics(
        taxonomy=taxonomy,
        overview=overview.result(),
        lengths=lengths.result(),
        labels=labels.result(),
        transitions=transitions.result(),
        sequences=sequences.result(),
        duplicates=duplicates.result(),
    )


def _mixed(conversation: Conversation, taxonomy: Taxonomy) -> DataError:
    return DataError(
        f"dialogues labelled by the taxonomies {taxonomy.id!r} and {conversation.taxonomy.id!r} are mixed",
        remedy="count them apart",
    )
