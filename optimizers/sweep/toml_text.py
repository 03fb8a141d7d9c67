"""TOML that knows on which line its keys are."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """The content of a TOML file."""

    name: str
    """How messages call it."""
    text: str
    tables: Mapping[str, Any]

    def place(self, path: Sequence[str]) -> str:
        """The file and the line where the key or table at ``path`` begins, or what is nearest above it."""
        # A parser keeps no lines. But what is cut off behind a statement is TOML too, so the statement that
        # brings the key begins behind the last cut that is TOML and has no such key.
        lines = self.text.split("\n")
        while path and _at(self.tables, path) is None:
            path = path[:-1]
        begin = 1
        for count in range(1, len(lines) + 1):
            try:
                tables = tomllib.loads("\n".join(lines[:count]) + "\n")
            except tomllib.TOMLDecodeError:
                continue
            if _at(tables, path) is not None:
                break
            begin = count + 1
        # Comments and empty lines stand before what they are about.
        while begin < len(lines) and (not (line := lines[begin - 1].strip()) or line.startswith("#")):
            begin += 1
        return f"{self.name}:{begin}"


def parse(name: str, text: str) -> Document:
    """The content of a TOML file; ConfigError with the line where it is none."""
    try:
        return Document(name, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
        at = _PLACE.search(problem)
        line = (at and at[1]) or text.count("\n") + 1
        said = problem[: at.start()] if at else problem
        raise ConfigError(f"is not TOML: {said}", where=f"{name}:{line}") from error


def read(path: Path) -> Document:
    """A TOML file; ConfigError if it cannot be read."""
    try:
        return parse(str(path), path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8", where=f"{path}:{line}", remedy="save it as UTF-8") from error


def nearest(name: str, known: Iterable[str]) -> str:
    """What may have been meant, or what there is, in words."""
    known = list(known)
    folded = {each.lower(): each for each in known}
    asked = name.lower().replace("_", "-")
    close = get_close_matches(asked, folded, n=1) or [each for each in folded if each.startswith(asked)]
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    return f"there is {', '.join(known)}" if known else "it has none"


def _at(tables: object, path: Sequence[str]) -> object:
    for name in path:
        if not isinstance(tables, Mapping) or name not in tables:
            return None
        tables = tables[name]
    return tables
