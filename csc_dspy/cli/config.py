"""``csc-dspy.toml``: options that need not be typed.

Keys at the top hold for every command that has such an option, a table ``[data]`` for the commands of that
group, a table ``[data.stats]`` for that command; the nearest wins.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    import click

SETTINGS_FILE: Final = "csc-dspy.toml"


def spelled(key: str) -> str:
    """A key as options spell it: ``log_file`` is ``log-file``."""
    return key.replace("_", "-")


@dataclass(frozen=True)
class Settings:
    """The content of one settings file."""

    path: Path
    text: str
    tables: Mapping[str, object]

    def find(self, command: Sequence[str], key: str) -> object:
        """The value of an option for a command, or None."""
        path = self._path(command, key)
        return None if path is None else _at(self.tables, path)

    def where(self, command: Sequence[str], key: str) -> str:
        """The file and line that give an option of a command its value."""
        return self.place(self._path(command, key) or ())

    def place(self, path: Sequence[str]) -> str:
        """The file and the line where the key or table at ``path`` begins."""
        # A TOML parser keeps no lines. But a file cut off behind a statement is TOML too, so the statement
        # that brings the key begins behind the last cut that is TOML and has no such key.
        lines = self.text.split("\n")
        begin = 1
        for count in range(1, len(lines) + 1):
            try:
                tables = tomllib.loads("\n".join(lines[:count]) + "\n")
            except tomllib.TOMLDecodeError:
                continue
            if _at(tables, path) is not None:
                break
            begin = count + 1
        return f"{self.path}:{begin}"

    def _path(self, command: Sequence[str], key: str) -> tuple[str, ...] | None:
        for depth in range(len(command), -1, -1):
            table = _at(self.tables, command[:depth])
            for name, value in table.items() if isinstance(table, dict) else ():
                if spelled(name) == key and not isinstance(value, dict):
                    return (*command[:depth], name)
        return None


def read_settings(given: Path | None, app: click.Command) -> Settings | None:
    """The file given, or the one in the current folder if any, checked against the options of ``app``."""
    path = given or Path(SETTINGS_FILE)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if given is None:
            return None
        raise ConfigError("there is no such settings file", where=str(path)) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8", where=f"{path}:{line}", remedy="save it as UTF-8") from error
    settings = parse_settings(path, text)

    from csc_dspy.cli.config_check import check_settings

    check_settings(settings, app)
    return settings


def parse_settings(path: Path, text: str) -> Settings:
    """The content of a settings file, without a look at what its keys mean."""
    try:
        return Settings(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", problem)
        line = (at and at[1]) or text.count("\n") + 1
        raise ConfigError(
            f"is not TOML: {problem[: at.start()] if at else problem}", where=f"{path}:{line}"
        ) from error


def _at(tables: Mapping[str, object], path: Sequence[str]) -> object:
    found: object = tables
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found
