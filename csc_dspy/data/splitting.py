"""Splitting a corpus by dialogue, so that no dialogue, nor one like it, is in two parts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from csc_dspy.conversations import Conversation
from csc_dspy.data.leaks import Dialogue, Leak, LeaksFoundError, find_leaks
from csc_dspy.data.near_duplicates import THRESHOLD, NearDuplicates
from csc_dspy.data.reading import Corpus, read
from csc_dspy.data.source import parse_source
from csc_dspy.data.split_folder import check_place, write_split
from csc_dspy.data.split_parts import AGAINST, DEFAULT, LEAKED, draw, fractions, parse_parts
from csc_dspy.data.strata import Stratum, count_strata, unevenness
from csc_dspy.exceptions import ConfigError, DataError

Leaks: TypeAlias = Literal["move", "refuse"]
Conversations: TypeAlias = str | os.PathLike[str] | Iterable[Conversation]
"""A source by its name, or conversations themselves."""


@dataclass(frozen=True)
class Split:
    """Which dialogue is in which part, and how that came about.

    ``fractions`` are those asked for. ``assignment`` has the part of each of ``dialogues``, which stand in
    the order of the source. ``leaks`` are the groups of near-duplicates that drew different parts.
    """

    source: Iterable[Conversation] = field(repr=False, compare=False)
    fractions: Mapping[str, float]
    seed: int
    threshold: float
    dialogues: tuple[Dialogue, ...] = field(repr=False)
    assignment: tuple[str, ...] = field(repr=False)
    leaks: tuple[Leak, ...] = field(repr=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts, and `LEAKED` where anything was left out of them."""
        return (*self.fractions, *([LEAKED] if LEAKED in self.assignment else []))

    @property
    def moved(self) -> int:
        """How many dialogues are not in the part that they drew."""
        return sum(dialogue.part != part for dialogue, part in self._assigned())

    @property
    def strata(self) -> tuple[Stratum, ...]:
        """The dialogues by language, source and part."""
        return count_strata(((d.language, d.source, part) for d, part in self._assigned()), self.parts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What came out far from the fractions."""
        return tuple(unevenness(self.strata, self.fractions))

    def conversations(self, part: str) -> Iterator[Conversation]:
        """The conversations of a part, read from the source again."""
        return (conversation for its_part, conversation in self.assigned() if its_part == part)

    def assigned(self) -> Iterator[tuple[str, Conversation]]:
        """All conversations with their parts, read from the source again; DataError if it has changed."""
        known = iter(self._assigned())
        for conversation in self.source:
            dialogue, part = next(known, (None, ""))
            if dialogue is None or dialogue.content_hash != conversation.content_hash:
                raise _changed()
            yield part, conversation
        if next(known, None):
            raise _changed()

    def to_dict(self) -> dict[str, Any]:
        """Everything but the assignment of every single dialogue, as plain values."""
        return {
            "seed": self.seed,
            "threshold": self.threshold,
            "parts": {part: self._part(part) for part in self.parts},
            "strata": [stratum.to_dict() for stratum in self.strata],
            "moved": [leak.to_dict() for leak in self.leaks],
            "warnings": list(self.warnings),
        }

    def _assigned(self) -> Iterable[tuple[Dialogue, str]]:
        return zip(self.dialogues, self.assignment, strict=True)

    def _part(self, name: str) -> dict[str, Any]:
        dialogues = [dialogue for dialogue, part in self._assigned() if part == name]
        hashes = sorted(dialogue.content_hash for dialogue in dialogues)
        return {
            "fraction": self.fractions.get(name),
            "share": round(len(dialogues) / len(self.dialogues), 6),
            "dialogues": len(dialogues),
            "turns": sum(dialogue.turns for dialogue in dialogues),
            "fingerprint": hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
        }


def split(
    source: Conversations,
    parts: str | Mapping[str, float] = DEFAULT,
    *,
    out: str | os.PathLike[str] | None = None,
    seed: int = 0,
    leaks: Leaks = "move",
    threshold: float = THRESHOLD,
    against: Iterable[Conversations] = (),
    progress: Callable[[], object] | None = None,
) -> Split:
    """Split a corpus by dialogue.

    The part of a dialogue depends on its content, the seed and the parts alone, unless it has near-duplicates
    that draw another.

    Args:
        source: A source as `read` knows it, or conversations that can be read twice.
        parts: The fraction of each part, as ``train=0.8,dev=0.1,test=0.1`` or as a mapping.
        out: A folder for the parts, see `write_split`; without it nothing is written.
        seed: Another one gives another split.
        leaks: ``"move"`` puts near-duplicates into the part of the one with the smallest content hash,
            ``"refuse"`` refuses to split.
        threshold: The share of the smaller dialogue that makes two dialogues near-duplicates.
        against: Corpora that no part may have a near-duplicate of. What is one is left out of all parts, set
            apart as `LEAKED`, or refused likewise.
        progress: Called for every conversation that has been looked at.

    Raises:
        LeaksFoundError: There are leaks, and they are to be refused.
        DataError: The source cannot be split, or leaves a part empty.
    """
    wanted = parse_parts(parts) if isinstance(parts, str) else fractions(parts)
    _check_choices(leaks, threshold)
    corpus, others = _conversations(source), [_conversations(other) for other in against]
    _check_readable_again(corpus)
    if out is not None:
        check_place(
            out, [parse_source(each.source) for each in (corpus, *others) if isinstance(each, Corpus)]
        )
    found = NearDuplicates(threshold)
    dialogues = tuple(
        _looked_at(corpus, found, lambda content_hash: draw(content_hash, wanted, seed), progress)
    )
    outsiders = [each for other in others for each in _looked_at(other, found, lambda _: AGAINST, progress)]
    leaking = find_leaks(found.groups(), [*dialogues, *outsiders])
    if leaking and leaks == "refuse":
        raise LeaksFoundError(leaking)
    made = Split(corpus, wanted, seed, threshold, dialogues, _assignment(dialogues, leaking), leaking)
    _check_filled(made)
    if out is not None:
        write_split(made, out)
    return made


def _conversations(source: Conversations) -> Iterable[Conversation]:
    return read(source) if isinstance(source, (str, os.PathLike)) else source


def _check_readable_again(corpus: Iterable[Conversation]) -> None:
    """A split reads its source twice: to look at it, and to take the parts out of it."""
    named = parse_source(corpus.source) if isinstance(corpus, Corpus) else None
    if named.once if named else isinstance(corpus, Iterator):
        raise DataError(
            "can be read only once, and a split reads twice",
            where=str(named) if named else None,
            remedy="save it to a file first" if named else "give a list",
        )


def _looked_at(
    conversations: Iterable[Conversation],
    found: NearDuplicates,
    part_of: Callable[[str], str],
    progress: Callable[[], object] | None,
) -> Iterator[Dialogue]:
    """Put conversations among those where near-duplicates are found, and keep what is needed of each."""
    for position, conversation in enumerate(conversations, start=1):
        found.add(conversation)
        content_hash = conversation.content_hash
        yield Dialogue(
            id=conversation.id or content_hash[:16],
            position=position,
            content_hash=content_hash,
            language=conversation.spoken_language,
            source=conversation.source or "",
            turns=len(conversation.dialogue),
            part=part_of(content_hash),
        )
        if progress is not None:
            progress()


def _assignment(dialogues: Sequence[Dialogue], leaks: Iterable[Leak]) -> tuple[str, ...]:
    """The part that each dialogue drew, or the one that its group goes to."""
    moved = {each.position: leak.part for leak in leaks for each in leak.dialogues if each.part != AGAINST}
    return tuple(moved.get(dialogue.position, dialogue.part) for dialogue in dialogues)


def _check_choices(leaks: str, threshold: float) -> None:
    if leaks not in get_args(Leaks):
        raise ConfigError(f"leaks={leaks!r} is unknown", remedy="it is 'move' or 'refuse'")
    if not 0 < threshold <= 1:
        raise ConfigError(f"the threshold is {threshold}", remedy="give a share above 0 and up to 1")


def _check_filled(made: Split) -> None:
    """A part without dialogues is a file that cannot be read, and nothing that anybody asked for."""
    empty = [part for part in made.fractions if part not in made.assignment]
    if empty:
        raise DataError(
            f"{' and '.join(empty)} would get none of the {len(made.dialogues)} dialogues",
            remedy="give another seed, greater fractions or fewer parts",
        )


def _changed() -> DataError:
    return DataError("the source has changed since it was split", remedy="split it again")
