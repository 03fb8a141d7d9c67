"""From a source to its transcripts, one at a time, whatever form it has."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final, Literal

from csc_dspy.data.readers.content import Content, opened, stream_chunks, unreadable
from csc_dspy.data.readers.detection import detect
from csc_dspy.data.source import STDIN
from csc_dspy.exceptions import DataError
from csc_dspy.rewriting._base import Transcript
from csc_dspy.rewriting.reading._base import Aside, Reading, refuse
from csc_dspy.rewriting.reading.columns import Columns
from csc_dspy.rewriting.reading.decoding import decoded, recoded, text_lines
from csc_dspy.rewriting.reading.rows import row_transcripts
from csc_dspy.rewriting.reading.speakers import Speakers
from csc_dspy.rewriting.reading.tables import table_transcripts
from csc_dspy.rewriting.reading.text import Separator, text_transcripts
from csc_dspy.taxonomy import Language

Form = Literal["text", "json", "table"]

SUFFIXES: Final = (
    *(".txt", ".text", ".log", ".md", ".html", ".htm", ".csv", ".tsv"),
    *(".json", ".jsonl", ".ndjson", ".parquet"),
)
_PACKED: Final = ".gz"
_TABLES: Final = (".csv", ".tsv")
_ROWS: Final = (".json", ".jsonl", ".ndjson", ".parquet")
_PARQUET: Final = b"PAR1"


@dataclass(frozen=True)
class Transcripts:
    """The raw transcripts of a source. Each iteration reads them anew, except those of standard input."""

    source: str
    columns: Columns = field(default_factory=Columns)
    speakers: Speakers = field(default_factory=Speakers)
    separator: Separator = "auto"
    language: Language | None = None

    def __post_init__(self) -> None:
        if self.source != STDIN and not Path(self.source).exists():
            raise DataError("there is no such file or folder", where=self.source)

    @property
    def once(self) -> bool:
        """Whether it can be read only once."""
        return self.source == STDIN or not (Path(self.source).is_file() or Path(self.source).is_dir())

    def read(self, aside: Aside = refuse) -> Iterator[Transcript]:
        """The transcripts, one at a time; lines that cannot be read go ``aside``."""
        reading = Reading(self.speakers, aside, self.language)
        found = False
        for content in self._contents():
            for transcript in self._of(content, reading):
                found = True
                yield transcript
        if not found:
            raise DataError("holds no transcripts", where=self.source)

    def __iter__(self) -> Iterator[Transcript]:
        return self.read()

    def _contents(self) -> Iterator[Content]:
        if self.source == STDIN:
            yield Content("standard input", stream_chunks("standard input", sys.stdin.buffer))
            return
        for path in transcript_files(Path(self.source)):
            with opened(path) as content:
                yield content

    def _of(self, content: Content, reading: Reading) -> Iterator[Transcript]:
        form = _form(content, self.columns)
        if form == "json":
            whole = content if content.head(4).startswith(_PARQUET) else recoded(content)
            yield from row_transcripts(detect(whole).rows(whole), content.file, reading, self.columns)
        elif form == "table":
            yield from table_transcripts(text_lines(content), content.file, reading, self.columns)
        else:
            yield from text_transcripts(text_lines(content), content.file, reading, self.separator)


def read_transcripts(
    source: str | os.PathLike[str],
    *,
    columns: Columns | str = "",
    supporters: Iterable[str] = (),
    customers: Iterable[str] = (),
    separator: Separator = "auto",
    language: Language | None = None,
    aside: Aside = refuse,
) -> Iterator[Transcript]:
    """The raw transcripts of a source, one at a time.

    Args:
        source: A file, a folder, or ``-`` for standard input.
        columns: Which columns of a table, or keys of JSON, hold what: ``dialogue=call_id,speaker=role``.
        supporters: Further names under which the supporter speaks.
        customers: Further names of the customer.
        separator: What stands between two dialogues in a text.
        language: The language of all; it is told from the text otherwise.
        aside: Takes the lines that cannot be read; without it the first is a DataError.
    """
    chosen = Columns.parse(columns) if isinstance(columns, str) else columns
    speakers = Speakers(supporters, customers)
    return Transcripts(os.fspath(source), chosen, speakers, separator, language).read(aside)


def transcript_files(source: Path) -> list[Path]:
    """The file, or those of a folder and the folders in it that may hold transcripts, in order."""
    if not source.is_dir():
        return [source]

    def refuse_folder(error: OSError) -> None:
        raise unreadable(str(error.filename), error) from error

    found = (Path(root, name) for root, _, names in os.walk(source, onerror=refuse_folder) for name in names)
    seen = sorted(path for path in found if not _is_hidden(path.relative_to(source)))
    files = [path for path in seen if _suffix(path) in SUFFIXES]
    if not files:
        raise DataError(
            "no transcripts in this folder",
            where=str(source),
            remedy=f"transcripts end in {', '.join(SUFFIXES)}, or that and {_PACKED}",
        )
    if len(files) < len(seen):
        from csc_dspy.logs import logger

        logger.warning("{}: {} files of other kinds are not read", source, len(seen) - len(files))
    return files


def _is_hidden(path: PurePath) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _suffix(path: PurePath) -> str:
    return PurePath(path.name.lower().removesuffix(_PACKED)).suffix


def _form(content: Content, columns: Columns) -> Form:
    """What form a file has: its name says so, or its content does."""
    suffix = _suffix(PurePath(content.file))
    head = content.head(4096)
    if suffix in _ROWS or head.startswith(_PARQUET):
        return "json"
    if suffix in _TABLES:
        return "table"
    text = head.decode("utf-16", "ignore") if head[:2] in (b"\xff\xfe", b"\xfe\xff") else decoded(head) or ""
    begin = "".join(text.lstrip("\ufeff \t\r\n")[:200].split())
    if begin.startswith(("{", "[{", "[[", '["')):
        return "json"
    return "table" if columns != Columns() and "," in text.partition("\n")[0] else "text"
