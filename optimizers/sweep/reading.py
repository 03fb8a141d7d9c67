"""Sweeps as TOML: what ``SWEEP.toml`` says, and on which line a mistake is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics import Weights
from csc_dspy.taxonomy import LANGUAGES
from csc_dspy.toml_text import Document, parse, read

from .checked import Checked, Place, Tables
from .names import POSITIVE, TEXT, WEIGHTS, Kind
from .nearest import nearest
from .objectives import CONSTRAINTS, OBJECTIVES
from .samplers import SAMPLERS
from .settings import Settings
from .spaces import read_space

PRESETS: Final = ("quick", "thorough", "cost")
_FOLDER: Final = "presets"
_TOP: Final = {
    "train": TEXT,
    "dev": TEXT,
    "language": Kind(words="a language", types=(str,), names=LANGUAGES),
    "objectives": Kind(words="an objective, or a list of them", types=(str,), names=OBJECTIVES, several=True),
    "trials": Kind(words="a whole number from 1 upwards", types=(int,), least=1),
    "keep": Kind(words="a whole number from 1 upwards", types=(int,), least=1),
    "seed": Kind(words="a whole number from 0 upwards", types=(int,), least=0),
    "sampler": Kind(words="a sampler", types=(str,), names=SAMPLERS),
    "pruning": Kind(words="a number from 0 to 0.5", types=(int, float), least=0, most=0.5),
    "name": TEXT,
}
_TABLES: Final = ("constraints", "weights", "space")
_OF_SPACE: Final = ("program", "lm", "temperature")
"""Parameters that options may fix."""
_PASSED: Final = ("taxonomy", "lm_options")
OPTIONS: Final = frozenset({*_TOP, *_OF_SPACE, *_PASSED})
"""What can be said beside a file."""


def read_settings(path: str | Path | None = None, *, preset: str | None = None, **options: Any) -> Settings:  # noqa: ANN401  each option has its own type
    """What a file or a preset says; the preset ``quick`` if neither is named.

    ``options`` stand before it: fields of `Settings`, and ``program``, ``lm`` and ``temperature``, which fix
    that parameter. Those that are None say nothing. ConfigError names the line, and the nearest valid name.
    """
    if path is not None and preset is not None:
        raise ConfigError("a file and a preset are named", remedy="name one of them")
    document = read(Path(path)) if path is not None else preset_document(preset or PRESETS[0])
    return _Reading(document, {name: each for name, each in options.items() if each is not None}).settings()


def preset_document(name: str) -> Document:
    """A preset; ConfigError if there is none of that name."""
    if name not in PRESETS:
        raise ConfigError(f"no preset is called {name!r}", where="--preset", remedy=nearest(name, PRESETS))
    return parse(f"preset {name}", preset_text(name))


def preset_text(name: str) -> str:
    """The TOML of a preset."""
    return (files(__package__) / _FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def initial_text() -> str:
    """What ``--init`` writes: the quick preset, which has a comment on everything that can be set."""
    return preset_text(PRESETS[0])


class _Reading:
    """A document, and the options that stand before it."""

    def __init__(self, document: Document, options: Mapping[str, Any]) -> None:
        self._given = Checked(document, _merged(document.tables, options), options)

    def settings(self) -> Settings:
        """All of it, checked."""
        self._given.only((), self._given.tables, (*_TOP, *_TABLES))
        given: dict[str, Any] = {
            name: self._given.options[name] for name in _PASSED if name in self._given.options
        }
        for name, kind in _TOP.items():
            if name in self._given.tables:
                given[name] = self._top(name, kind, self._given.tables[name])
        for name in ("train", "dev"):
            if name not in given:
                raise ConfigError(
                    f"no {name} data are named", where=self._given.document.name, remedy=f"give {name}"
                )
        constraints = self._numbers(("constraints",), CONSTRAINTS)
        weights = self._weights()
        settings = Settings(**given, constraints=constraints, weights=weights, space=read_space(self._given))
        self._check(settings)
        return settings

    def _top(self, name: str, kind: Kind, value: Any) -> Any:  # noqa: ANN401  any TOML value
        if name in {"train", "dev"} and name in self._given.options:
            return value
        if kind.several and isinstance(value, str | tuple):
            value = [value] if isinstance(value, str) else list(value)
        self._given.fit((name,), kind, value)
        return tuple(value) if kind.several else value

    def _numbers(self, path: Place, known: tuple[str, ...]) -> dict[str, float]:
        table = self._given.table(path)
        self._given.only(path, table, known)
        for name, value in table.items():
            self._given.fit((*path, name), POSITIVE, value)
        return {name: float(value) for name, value in table.items()}

    def _weights(self) -> Weights:
        given = self._numbers(("weights",), WEIGHTS)
        try:
            return Weights(**{**asdict(Weights()), **given})
        except ConfigError as error:
            self._given.refuse(("weights",), error.problem, error.remedy)

    def _check(self, settings: Settings) -> None:
        """What several parts of it have to agree on."""
        from .checking import check

        try:
            check(settings)
        except ConfigError as error:
            path = {"program": ("objectives",), "lm": ("space", "lm")}.get(error.where or "", ())
            self._given.refuse(path, error.problem, error.remedy)


def _merged(tables: Tables, options: Mapping[str, Any]) -> Tables:
    """The tables with options in their place."""
    top = {name: value for name, value in options.items() if name in _TOP}
    space = {name: options[name] for name in _OF_SPACE if name in options}
    unknown = [name for name in options if name not in OPTIONS]
    if unknown:
        raise ConfigError(f"a sweep has no option {unknown[0]!r}", remedy=nearest(unknown[0], _TOP))
    if not space:
        return {**tables, **top}
    return {**tables, **top, "space": {**tables.get("space", {}), **space}}
