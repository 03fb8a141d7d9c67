"""``csc-dspy.toml``: options that need not be typed.

Keys at the top hold for every command that has such an option, a table ``[data]`` for the commands of that
group, a table ``[data.stats]`` for that command; the nearest wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.toml_text import Document, at, read

if TYPE_CHECKING:
    import click

SETTINGS_FILE: Final = "csc-dspy.toml"


def spelled(key: str) -> str:
    """A key as options spell it: ``log_file`` is ``log-file``."""
    return key.replace("_", "-")


@dataclass(frozen=True)
class Settings:
    """The content of one settings file."""

    document: Document

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.document.name)

    @property
    def tables(self) -> Mapping[str, object]:
        """All that it says."""
        return self.document.tables

    def find(self, command: Sequence[str], key: str) -> object:
        """The value of an option for a command, or None."""
        path = self._path(command, key)
        return None if path is None else at(self.tables, path)

    def where(self, command: Sequence[str], key: str) -> str:
        """The file and line that give an option of a command its value."""
        return self.place(self._path(command, key) or ())

    def place(self, path: Sequence[str]) -> str:
        """The file and the line where the key or table at ``path`` begins."""
        return self.document.place(path)

    def _path(self, command: Sequence[str], key: str) -> tuple[str, ...] | None:
        for depth in range(len(command), -1, -1):
            table = at(self.tables, command[:depth])
            for name, value in table.items() if isinstance(table, dict) else ():
                if spelled(name) == key and not isinstance(value, dict):
                    return (*command[:depth], name)
        return None


def read_settings(given: Path | None, app: click.Command) -> Settings | None:
    """The file given, or the one in the current folder if any, checked against the options of ``app``."""
    path = given or Path(SETTINGS_FILE)
    if given is None and not path.exists():
        return None
    settings = Settings(read(path))

    from csc_dspy.cli.config_check import check_settings

    check_settings(settings, app)
    return settings
