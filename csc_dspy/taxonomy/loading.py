"""From a TOML file to a `Taxonomy`. Built-in ones and a user's own take the same way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from csc_dspy.exceptions import LabelError, TaxonomyError
from csc_dspy.taxonomy.model import Localized, Stage, Strategy, Taxonomy

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT: Final = "copc"
BUILT_IN: Final = ("copc", "esconv")

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
_Number = Annotated[int, Field(ge=1, le=99)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Words(_Entry):
    en: _Text
    zh: _Text

    def localized(self) -> Localized:
        return Localized(en=self.en, zh=self.zh)


class _StageEntry(_Entry):
    id: _Id
    number: _Number
    name: _Words
    definition: _Words
    aliases: list[_Text] = []


class _StrategyEntry(_Entry):
    id: _Id
    number: _Number
    name: _Words
    abbreviation: _Text
    definition: _Words
    distinction: _Words
    stage: _Id | None = None
    reopens: bool = False
    aliases: list[_Text] = []


class _File(_Entry):
    id: _Id
    name: _Words
    label: _Text
    fall_back: Annotated[int, Field(ge=0)] = 1
    stages: Annotated[list[_StageEntry], Field(min_length=1)]
    strategies: Annotated[list[_StrategyEntry], Field(min_length=2)]


def load_taxonomy(source: str | Path = DEFAULT) -> Taxonomy:
    """A built-in taxonomy by name, or one from a TOML file of the same form (see docs/taxonomy.md)."""
    if isinstance(source, str) and source in BUILT_IN:
        return _built_in(source)
    return _load(Path(source))


@lru_cache(maxsize=len(BUILT_IN))
def _built_in(name: str) -> Taxonomy:
    return _load(Path(__file__).with_name(f"{name}.toml"))


def _load(path: Path) -> Taxonomy:
    try:
        content = tomllib.loads(_read(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TaxonomyError("is not UTF-8 text", where=str(path), remedy="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise TaxonomyError(f"is not TOML: {error}", where=str(path)) from error
    try:
        return _build(_File.model_validate(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise TaxonomyError(f"{place.lstrip('.')}: {first['msg']}", where=str(path)) from error
    except TaxonomyError as error:
        error.where = str(path)
        raise


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    # A ValueError says that the text cannot be a path at all, because it holds a zero byte for one.
    except (FileNotFoundError, ValueError) as error:
        raise TaxonomyError(
            f"no taxonomy is called {str(path)!r}, nor is it a file",
            remedy=f"built in are {' and '.join(BUILT_IN)}; or give a TOML file",
        ) from error
    except OSError as error:
        raise TaxonomyError(f"cannot be read: {error.strerror}", where=str(path)) from error


def _build(file: _File) -> Taxonomy:
    _ordered("stages", file.stages)
    _ordered("strategies", file.strategies)
    stages = tuple(
        Stage(file.id, s.id, s.number, s.name.localized(), s.definition.localized(), tuple(s.aliases))
        for s in file.stages
    )
    homes = {stage.id: stage for stage in stages}
    taxonomy = Taxonomy(
        id=file.id,
        name=file.name.localized(),
        fall_back=file.fall_back,
        stages=stages,
        strategies=tuple(_strategy(entry, file, homes) for entry in file.strategies),
    )
    _unambiguous(taxonomy)
    return taxonomy


def _strategy(entry: _StrategyEntry, file: _File, homes: dict[str, Stage]) -> Strategy:
    if entry.stage is not None and entry.stage not in homes:
        raise TaxonomyError(
            f"strategy {entry.id!r} is at home in {entry.stage!r}, which is no stage",
            remedy=f"stages are {', '.join(homes)}; leave it out for any",
        )
    try:
        label = file.label.format(number=entry.number, en=entry.name.en, zh=entry.name.zh, id=entry.id)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise TaxonomyError(
            f"label = {file.label!r} cannot be filled in", remedy="it may use {number}, {en}, {zh} and {id}"
        ) from error
    return Strategy(
        taxonomy=file.id,
        id=entry.id,
        number=entry.number,
        name=entry.name.localized(),
        abbreviation=entry.abbreviation,
        stage=None if entry.stage is None else homes[entry.stage],
        reopens=entry.reopens,
        definition=entry.definition.localized(),
        distinction=entry.distinction.localized(),
        label=label,
        aliases=tuple(entry.aliases),
    )


_E = TypeVar("_E", _StageEntry, _StrategyEntry)


def _ordered(what: str, entries: Iterable[_E]) -> None:
    """Numbers run 1, 2, 3 … in file order, and no id stands twice."""
    seen: set[str] = set()
    for position, entry in enumerate(entries, start=1):
        if entry.number != position:
            raise TaxonomyError(f"{what}[{position}] has number {entry.number}, expected {position}")
        if entry.id in seen:
            raise TaxonomyError(f"{what}[{position}]: the id {entry.id!r} stands twice")
        seen.add(entry.id)


def _unambiguous(taxonomy: Taxonomy) -> None:
    """Each spelling names its own member only, and the label of a data file can be read back."""
    for strategy in taxonomy.strategies:
        names = (strategy.id, strategy.abbreviation, strategy.name.en, strategy.name.zh, strategy.label)
        _read_back(taxonomy.strategy, strategy, (*names, *strategy.aliases))
    for stage in taxonomy.stages:
        _read_back(taxonomy.stage, stage, (stage.id, stage.name.en, stage.name.zh, *stage.aliases))


_M = TypeVar("_M", Stage, Strategy)


def _read_back(find: Callable[[str], _M], member: _M, spellings: Iterable[str]) -> None:
    for spelling in spellings:
        try:
            found = find(spelling)
        except LabelError as error:
            problem = error.problem
        else:
            if found == member:
                continue
            problem = f"{spelling!r} names {found.id!r}"
        raise TaxonomyError(
            f"{type(member).__name__.lower()} {member.id!r}: {problem}",
            remedy="each name, abbreviation, alias and filled-in label must spell its own entry and no other",
        )
