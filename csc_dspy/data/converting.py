"""Writing conversations in another form, without losing anything of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from csc_dspy.data.outputs import keep_apart
from csc_dspy.data.reading import read
from csc_dspy.data.source import parse_source
from csc_dspy.data.writers import form_for, opened_writer
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Language, Taxonomy


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of the rows: so many dialogues were written, so many rows set aside."""

    dialogues: int
    quarantined: int

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return asdict(self)


def convert(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    part: str | None = None,
    language: Language | None = None,
    taxonomy: Taxonomy | str | os.PathLike[str] | None = None,
    quarantine: str | os.PathLike[str] | None = None,
    progress: Callable[[], object] | None = None,
) -> Converted:
    """Write the conversations of a source into one file; see `read` for the arguments.

    The name of ``out`` tells the form: ``.json``, ``.jsonl`` or ``.parquet``, each with ``.gz`` behind it if
    wanted. An existing file is replaced when all is written, and only then. ``progress`` is called for every
    conversation.
    """
    target = Path(out)
    form_for(target)
    parsed = parse_source(source, part)
    keep_apart(target, parsed, quarantine)
    corpus = read(source, part=part, language=language, taxonomy=taxonomy, quarantine=quarantine)
    dialogues = 0
    with opened_writer(target) as writer:
        for conversation in corpus:
            writer.write(conversation.row())
            dialogues += 1
            if progress is not None:
                progress()
        if dialogues == 0:
            raise DataError("no conversation is left to be written", where=corpus.source)
    return Converted(dialogues, corpus.quarantined)
