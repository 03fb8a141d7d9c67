"""Where conversations come from, as users write it: ``all.jsonl:RoleCS``, ``hub:OWNER/NAME@REVISION``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from csc_dspy.data.packaged import SAMPLES
from csc_dspy.exceptions import DataError

Kind = Literal["sample", "file", "folder", "hub", "stdin"]

HUB: Final = "hub:"
STDIN: Final = "-"
_REPOSITORY: Final = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>[^@:]+))?(?::(?P<part>.+))?")


@dataclass(frozen=True, slots=True)
class Source:
    """A source taken apart.

    ``name`` is that of a sample, a path, or for the hub ``OWNER/NAME`` or the path of a repository's copy.
    """

    kind: Kind
    name: str
    revision: str | None = None
    part: str | None = None

    def __str__(self) -> str:
        start = HUB if self.kind == "hub" else ""
        revision = f"@{self.revision}" if self.revision else ""
        part = f":{self.part}" if self.part else ""
        return f"{start}{self.name}{revision}{part}"

    @property
    def path(self) -> Path | None:
        """The file or folder, where the source is one of this machine."""
        on_disk = self.kind in ("file", "folder") or (self.kind == "hub" and Path(self.name).is_dir())
        return Path(self.name) if on_disk else None

    @property
    def once(self) -> bool:
        """Whether it can be read only once: standard input, a pipe."""
        return self.kind == "stdin" or (self.kind == "file" and not Path(self.name).is_file())


def parse_source(text: str | os.PathLike[str], part: str | None = None) -> Source:
    """Take a source apart; DataError if there is none of that name.

    ``part`` says the same as a ``:PART`` at the end. What exists as a path is one, colons and all; a
    `pathlib.Path` is never anything else.
    """
    source = _parse(text) if isinstance(text, str) else _parse_path(os.fspath(text))
    if source is None:
        raise DataError(
            f"no file, folder or packaged sample is called {os.fspath(text)!r}",
            remedy=f"packaged are {' and '.join(SAMPLES)}; a data set on the hub is {HUB}OWNER/NAME",
        )
    if part and source.part and part != source.part:
        raise DataError(f"two parts are asked for, {source.part!r} and {part!r}", where=str(source))
    return replace(source, part=part or source.part)


def _parse(text: str) -> Source | None:
    if text.startswith(HUB):
        return _parse_hub(text.removeprefix(HUB))
    return _parse_bare(text) or _with_part(text)


def _parse_bare(text: str) -> Source | None:
    if text == STDIN:
        return Source("stdin", STDIN)
    return Source("sample", text) if text in SAMPLES else _parse_path(text)


def _parse_path(text: str) -> Source | None:
    path = Path(text).expanduser()
    try:
        if text and path.exists():
            return Source("folder" if path.is_dir() else "file", _unmistakable(str(path)))
    except (OSError, ValueError) as error:
        # A folder on the way that may not be entered, a name too long, a NUL in it.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(f"cannot be read: {reason}", where=repr(text)[1:-1]) from error
    return None


def _unmistakable(path: str) -> str:
    """A path that is not taken for something else when it is parsed again."""
    other = path in SAMPLES or path == STDIN or path.startswith(HUB)
    return str(Path.cwd() / path) if other else path


def _with_part(text: str) -> Source | None:
    head, colon, part = text.rpartition(":")
    source = _parse_bare(head) if colon and part else None
    return source and replace(source, part=part)


def _parse_hub(text: str) -> Source:
    head, _, part = text.rpartition(":")
    for name, of_it in ((text, None), (head, part)):
        if name and Path(name).expanduser().is_dir():
            return Source("hub", str(Path(name).expanduser()), part=of_it or None)
    repository = _REPOSITORY.fullmatch(text)
    if repository is None:
        raise DataError(
            f"{text!r} is neither a repository of the hub nor a folder",
            remedy=f"write {HUB}OWNER/NAME[@REVISION][:PART] or {HUB}FOLDER[:PART]",
        )
    return Source("hub", **repository.groupdict())
