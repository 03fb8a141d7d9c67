"""A document whose keys and values are looked at one by one; a mistake is told with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from csc_dspy.exceptions import ConfigError
from csc_dspy.toml_text import Document

from .names import Kind
from .nearest import nearest

Tables = Mapping[str, Any]
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A document, with options that stand before what it says."""

    document: Document
    tables: Tables
    """The document's, with the options in their place."""
    options: Mapping[str, Any]

    def table(self, path: Place) -> Tables:
        """The table at a place; an empty one if there is none."""
        found: Any = self.tables
        for name in path:
            found = found.get(name, {})
            if not isinstance(found, dict):
                self.refuse(path, "must be a table", f"write [{'.'.join(path)}]")
        table: Tables = found
        return table

    def only(self, path: Place, table: Tables, known: tuple[str, ...]) -> None:
        """Refuse keys that are not known."""
        for name in table:
            if name not in known:
                inside = f" in [{'.'.join(path)}]" if path else ""
                self.refuse((*path, name), f"unknown key {name!r}{inside}", nearest(name, known))

    def fit(self, path: Place, kind: Kind, value: Any, what: str = "") -> None:  # noqa: ANN401  any value
        """Refuse a value that is not of its kind."""
        if not kind.fits(value):
            self.refuse(path, f"{what}must be {kind.words}, and is {_shown(value)}", None)
        for each in value if kind.several else [value]:
            if kind.names is not None and each not in kind.names:
                self.refuse(
                    path,
                    f"{each!r} is not {kind.words.removesuffix(', or a list of them')}",
                    nearest(each, kind.names),
                )

    def refuse(self, path: Place, problem: str, remedy: str | None) -> NoReturn:
        """Raise the ConfigError for what is wrong at a place: a line of the document, or an option."""
        option = path[-1] if path else ""
        own = option in self.options and (path[:-1] in {(), ("space",)})
        where = f"--{option}" if own else self.document.place(path)
        name = ".".join(path)
        told = problem if not name or problem.startswith(("unknown key", "no ")) else f"{name}: {problem}"
        raise ConfigError(told, where=where, remedy=remedy)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str | int | float | bool) else "something else"
