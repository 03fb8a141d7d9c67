"""From a source to its data files, and to the rows of the part that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Final

from csc_dspy.data.packaged import SAMPLES
from csc_dspy.data.parts import parts_in_name, parts_in_path
from csc_dspy.data.readers import (
    RawRow,
    data_files,
    file_rows,
    name_in_repository,
    repository_files,
    repository_rows,
    stem,
    stream_rows,
)
from csc_dspy.data.selection import AllRows, ByIds, BySource, Selection
from csc_dspy.data.source import Source
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import LANGUAGES

STDIN_NAME: Final = "standard input"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file: what messages call it, and its path in the source, where names tell parts."""

    name: str
    path: PurePath
    rows: Callable[[], Iterator[RawRow]]


@dataclass(frozen=True, slots=True)
class Located:
    """The files to read, and which of their rows."""

    files: tuple[DataFile, ...]
    selection: Callable[[], Selection] = AllRows

    def rows(self, unreadable: Callable[[DataFile, DataError], None] | None = None) -> Iterator[RawRow]:
        """The rows of the part that is asked for.

        A file that cannot be read to its end raises a DataError; if ``unreadable`` is given it is told, and
        the next file follows.
        """
        selection, failed = self.selection(), False
        for file in self.files:
            rows = filter(selection.keeps, file.rows())
            if unreadable is None:
                yield from rows
            elif error := (yield from _up_to_error(rows)):
                unreadable(file, error)
                failed = True
        if not failed:
            selection.finish()


def _up_to_error(rows: Iterator[RawRow]) -> Generator[RawRow, None, DataError | None]:
    """The rows; the value of the generator is the error that ended them."""
    try:
        yield from rows
    except DataError as error:
        return error
    return None


def locate(source: Source) -> Located:
    """Find what a source consists of; DataError if it has no such part."""
    match source.kind:
        case "stdin":
            rows = partial(stream_rows, STDIN_NAME, sys.stdin.buffer)
            return Located((DataFile(STDIN_NAME, PurePath(), rows),), _by_source(source))
        case "file":
            return Located((_local(Path(source.name)),), _by_source(source))
        case "folder":
            return _folder(source)
        case "sample":
            return _sample(source)
        case "hub":
            return _repository(source)


def _local(path: Path, folder: Path | None = None) -> DataFile:
    within = PurePath(folder.resolve().name) / path.relative_to(folder) if folder else PurePath(path.name)
    return DataFile(str(path), within, partial(file_rows, path))


def _by_source(source: Source) -> Callable[[], Selection]:
    return partial(BySource, source.part, str(source)) if source.part else AllRows


def _sample(source: Source) -> Located:
    sample = SAMPLES[source.name]
    files = tuple(_local(path) for path in sample.paths)
    if source.part is None:
        return Located(files)
    if source.part in sample.parts:
        return Located(files, partial(ByIds, sample.ids(source.part)))
    remedy = f"its parts are {' and '.join(sample.parts)}" if sample.parts else "it is not divided"
    if source.part in LANGUAGES:
        remedy = "a language is chosen with language=, or --language"
    raise DataError(f"has no part {source.part!r}", where=sample.name, remedy=remedy)


def _folder(source: Source) -> Located:
    folder = Path(source.name)
    files = data_files(folder)
    chosen = [file for file in files if source.part is None or _is_called(file, source.part)]
    if not chosen:
        raise _no_such_part(source, files)
    return Located(tuple(_local(file, folder) for file in chosen))


def _repository(source: Source) -> Located:
    files = repository_files(source.name, source.revision)
    chosen, selection = files, _by_source(source)
    # Only where no name tells the parts do the rows have to.
    if source.part and any(len(parts_in_path(file)) == 1 or _is_called(file, source.part) for file in files):
        chosen, selection = [file for file in files if _is_of_part(file, source.part)], AllRows
    if not chosen:
        raise _no_such_part(source, files)
    return Located(tuple(_remote(source, file) for file in chosen), selection)


def _remote(source: Source, file: PurePath) -> DataFile:
    rows = partial(repository_rows, source.name, source.revision, file)
    return DataFile(name_in_repository(source.name, file), file, rows)


def _is_of_part(file: PurePath, part: str) -> bool:
    return parts_in_path(file) == parts_in_name(part) if parts_in_name(part) else _is_called(file, part)


def _is_called(file: PurePath, part: str) -> bool:
    return stem(file).casefold() == part.casefold()


def _no_such_part(source: Source, files: Iterable[PurePath]) -> DataError:
    offered = ", ".join(sorted({stem(file) for file in files}))
    return DataError(
        f"has no part {source.part!r}", where=source.name, remedy=f"its files are {offered}"[:300]
    )
