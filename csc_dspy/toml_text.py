"""TOML that knows on which line its keys are."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        while path and at(self.tables, path) is None:
            path = path[:-1]
        begin = 1
        for count in range(1, len(lines) + 1):
            try:
                tables = tomllib.loads("\n".join(lines[:count]) + "\n")
            except tomllib.TOMLDecodeError:
                continue
            if at(tables, path) is not None:
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
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=str(path)) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8", where=f"{path}:{line}", remedy="save it as UTF-8") from error


def at(tables: object, path: Sequence[str]) -> Any:  # noqa: ANN401  whatever is there
    """What a key or table at ``path`` holds; None if it is not there."""
    for name in path:
        if not isinstance(tables, Mapping) or name not in tables:
            return None
        tables = tables[name]
    return tables
