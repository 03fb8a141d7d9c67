"""What a source is: its files and forms, parts, languages and sizes."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.data.checking import Checker
from csc_dspy.data.located import DataFile, Located, locate
from csc_dspy.data.packaged import CARD, LICENCE, SAMPLES
from csc_dspy.data.readers import form_of, stem
from csc_dspy.data.reading import as_taxonomy
from csc_dspy.data.source import Source, parse_source
from csc_dspy.taxonomy import Taxonomy

_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class FileDescription:
    """A file, its form and size where they are known before reading, and the dialogues in it."""

    name: str
    form: str | None
    bytes: int | None
    dialogues: int


@dataclass(frozen=True, slots=True)
class Description:
    """What a source is.

    ``sources`` are the commonest values of that field, with their dialogues. Packaged samples also have
    a word on what they are, their licence, and the path of their card.
    """

    source: str
    kind: str
    files: tuple[FileDescription, ...]
    parts: tuple[str, ...]
    dialogues: int
    turns: int
    bad_rows: int
    languages: dict[str, int]
    sources: dict[str, int]
    about: str | None = None
    licence: str | None = None
    card: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return asdict(self)


def describe(
    source: str | os.PathLike[str], *, taxonomy: Taxonomy | str | os.PathLike[str] | None = None
) -> Description:
    """Read a source once and describe it. Bad rows are counted, a broken file is a DataError."""
    parsed = parse_source(source)
    located = locate(parsed)
    checker = Checker(as_taxonomy(taxonomy))
    files: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    turns = bad_rows = 0
    for row in located.rows():
        checked = checker.check(row)
        if isinstance(checked, Conversation):
            files[row.file] += 1
            languages[checked.spoken_language] += 1
            sources[checked.source or ""] += 1
            turns += len(checked.dialogue)
        else:
            bad_rows += 1
    return Description(
        source=str(parsed),
        kind=parsed.kind,
        files=tuple(_describe_file(file, files[file.name]) for file in located.files),
        parts=_parts(parsed, located),
        dialogues=files.total(),
        turns=turns,
        bad_rows=bad_rows,
        languages=dict(sorted(languages.items())),
        sources=dict(sources.most_common(_LISTED)),
        **_card(parsed),
    )


def _describe_file(file: DataFile, dialogues: int) -> FileDescription:
    path = Path(file.name)
    if not path.is_file():
        return FileDescription(file.name, None, None, dialogues)
    return FileDescription(file.name, form_of(path), path.stat().st_size, dialogues)


def _card(source: Source) -> dict[str, str]:
    if source.kind != "sample":
        return {}
    return {"about": SAMPLES[source.name].about, "licence": LICENCE, "card": str(CARD)}


def _parts(source: Source, located: Located) -> tuple[str, ...]:
    """The parts that can be asked for by name."""
    if source.part:
        return ()
    if source.kind == "sample":
        return SAMPLES[source.name].parts
    if source.kind in ("folder", "hub"):
        return tuple(sorted({stem(file.path) for file in located.files}))
    return ()
