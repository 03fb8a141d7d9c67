"""The dialogues that a compilation learns from, and those that it is judged by: apart, and both allowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.data.near_duplicates import NearDuplicates
from csc_dspy.data.packaged import SAMPLES
from csc_dspy.data.source import Source, parse_source
from csc_dspy.data.use import Use, check_conversations
from csc_dspy.exceptions import ConfigError, DataError, LeakError
from csc_dspy.journal import content_key
from csc_dspy.taxonomy import LANGUAGES, Language, Taxonomy

Given = str | PathLike[str] | Iterable[Conversation]
"""A source as `csc_dspy.read` takes it, or conversations."""

_TEST: Final = "test"
_LISTED: Final = 3
_IN_MEMORY: Final = "conversations"


@dataclass(frozen=True, slots=True)
class Dialogues:
    """Dialogues in one language, and where they are from."""

    source: str
    """Without the folders of this machine."""
    conversations: tuple[Conversation, ...]
    whole: tuple[Conversation, ...] = ()
    """All dialogues of the source, those in another language among them."""

    @property
    def fingerprint(self) -> str:
        """A hash of everything in them."""
        return content_key([each.row() for each in self.conversations])

    @property
    def turns(self) -> int:
        """How many turns of the supporter are in them."""
        return sum(1 for each in self.conversations for _ in each.supporter_turns())

    def to_dict(self) -> dict[str, object]:
        """What a manifest says of them."""
        return {
            "source": self.source,
            "dialogues": len(self.conversations),
            "turns": self.turns,
            "fingerprint": self.fingerprint,
        }


def read_dialogues(
    train: Given, dev: Given, taxonomy: Taxonomy | None, language: Language | None
) -> tuple[Dialogues, Dialogues]:
    """Both in one language: the one given, or else the only one there is in ``train``.

    Raises:
        LeakError: Evaluation dialogues are in ``train``, dialogues of a test part in ``dev``, or the same
            dialogue is in both.
        DataError: Something cannot be read, or there is nothing in the language.
    """
    _refuse_test_part(dev)
    learned = _read(train, taxonomy, "train")
    chosen = language or _only_language(learned)
    judged = _read(dev, taxonomy, "evaluate")
    _refuse_test_dialogues(judged)
    both = _in_language(learned, chosen), _in_language(judged, chosen)
    _refuse_overlap(*both)
    return both


def _read(given: Given, taxonomy: Taxonomy | None, use: Use) -> Dialogues:
    if isinstance(given, str | PathLike):
        # One iteration: asking a corpus for its length would read it twice.
        found: Iterable[Conversation] = iter(read(given, taxonomy=taxonomy, use=use))
        name = _name(parse_source(given))
    else:
        source = getattr(given, "source", None)
        name = _IN_MEMORY if source is None else _name(parse_source(source))
        found = check_conversations(given, use, name)
    everything = tuple(found)
    return Dialogues(name, everything, everything)


def _name(source: Source) -> str:
    path = source.path
    name = str(source) if path is None else Path(path).resolve().name
    return f"{name}:{source.part}" if path is not None and source.part else name


def _only_language(dialogues: Dialogues) -> Language:
    spoken = {each.spoken_language for each in dialogues.conversations}
    found = [each for each in LANGUAGES if each in spoken]
    if len(found) != 1:
        raise ConfigError(
            f"the training dialogues are in {' and '.join(found) or 'no language'}, "
            "and a program is compiled for one language",
            remedy=f"choose it with --language {' or --language '.join(LANGUAGES)}",
        )
    return found[0]


def _in_language(dialogues: Dialogues, language: Language) -> Dialogues:
    found = tuple(each for each in dialogues.conversations if each.spoken_language == language)
    if not any(turn.strategy for each in found for _, turn in each.supporter_turns()):
        raise DataError(
            f"has no labelled turn of the supporter in {language!r}",
            where=dialogues.source,
            remedy="give other dialogues, or another --language",
        )
    return Dialogues(dialogues.source, found, dialogues.whole)


def _refuse_test_part(dev: Given) -> None:
    """By its name; what it holds is looked at later."""
    named = dev if isinstance(dev, str | PathLike) else getattr(dev, "source", None)
    if named is None:
        return
    source = parse_source(named)
    parts = {source.part, Path(source.name).name.split(".")[0]} if source.path else {source.part}
    if _TEST in parts:
        raise _final(_name(source))


def _refuse_test_dialogues(dev: Dialogues) -> None:
    for sample in SAMPLES.values():
        if _TEST in sample.parts:
            reserved = sample.ids(_TEST)
            found = [each for each in dev.conversations if each.id in reserved and each.source is not None]
            if any(str(each.source).casefold().startswith("csconv-sample") for each in found):
                raise _final(dev.source)


def _final(where: str) -> LeakError:
    return LeakError(
        "test dialogues are for final results; chosen by, they would tell nothing any more",
        where=where,
        remedy="use csconv-sample:dev, or a dev part of your own",
    )


def _refuse_overlap(train: Dialogues, dev: Dialogues) -> None:
    known = NearDuplicates()
    for conversation in train.conversations:
        known.add(conversation)
    found = [
        f"{_called(each, dev)} ~ {_called(train.conversations[alike[0]], train)}"
        for each in dev.conversations
        if (alike := known.like(each))
    ]
    if found:
        listed = "; ".join(found[:_LISTED]) + ("; …" if len(found) > _LISTED else "")
        raise LeakError(
            f"{len(found)} dev dialogues are in the training data too: {listed}",
            remedy="`csc-dspy data split` parts dialogues so that none is in two parts",
        )


def _called(conversation: Conversation, dialogues: Dialogues) -> str:
    return f"{conversation.id or conversation.content_hash[:16]} ({dialogues.source})"
