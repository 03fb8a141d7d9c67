"""Vocabularies as TOML, both languages side by side, checked when they are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from csc_dspy.exceptions import ConfigError
from csc_dspy.taxonomy import Localized
from csc_dspy.toml_text import Document

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Entry(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Words(Entry):
    """The same words in both languages."""

    en: Text
    zh: Text

    def localized(self) -> Localized:
        """These words as the rest of the package has them."""
        return Localized(en=self.en, zh=self.zh)


M = TypeVar("M", bound=BaseModel)


def validated(document: Document, model: type[M]) -> M:
    """The content of a TOML file; ConfigError with file and line of what is first wrong with it."""
    try:
        return model.model_validate(dict(document.tables))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise ConfigError(f"{place}: {first['msg']}", where=place_of(document, first["loc"])) from error


def place_of(document: Document, location: tuple[int | str, ...]) -> str:
    """The file and the line of a key, or of the entry of a list that it is in."""
    if len(location) > 1 and isinstance(location[1], int):
        headers = (
            number
            for number, line in enumerate(document.text.split("\n"), start=1)
            if line.replace(" ", "").startswith(f"[[{location[0]}]]")
        )
        for position, number in enumerate(headers):
            if position == location[1]:
                return f"{document.name}:{number}"
    return document.place([part for part in location if isinstance(part, str)])


def nearest(word: str, known: Iterable[str], *, otherwise: Iterable[str] | None = None) -> str:
    """A remedy for a word that is not known: the nearest that is, or else all; ``otherwise`` are fewer."""
    from difflib import get_close_matches

    names = tuple(known)
    close = get_close_matches(word, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(otherwise or names)}"
