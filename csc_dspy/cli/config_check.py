"""Finding every mistake in ``csc-dspy.toml`` that can be found without running a command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import click

from csc_dspy.cli.config import Settings, spelled
from csc_dspy.cli.parameters import Setting
from csc_dspy.exceptions import ConfigError

_SECRET: Final = re.compile(
    r"(^|-)(key|token|secret|password|passwd|authorization|credentials?)$", re.IGNORECASE
)


@dataclass(frozen=True)
class _Scope:
    """What a table may hold: the options of one command, or of all commands of a group, and their tables."""

    options: Mapping[str, Setting]
    tables: Mapping[str, _Scope]


def check_settings(settings: Settings, app: click.Command) -> None:
    """Raise a ConfigError for the first key or table that no command has, or whose type is wrong."""
    _check_table(settings, (), settings.tables, _scope(app))


def _scope(command: click.Command) -> _Scope:
    """Looks into every command, so only a run with a settings file pays for loading them all."""
    if not isinstance(command, click.Group):
        own = (param for param in command.params if isinstance(param, Setting))
        return _Scope({param.key: param for param in own if param.key and param.in_file}, {})
    ctx = click.Context(command)
    found = {name: command.get_command(ctx, name) for name in command.list_commands(ctx)}
    tables = {name: _scope(member) for name, member in found.items() if member is not None}
    return _Scope({key: option for scope in tables.values() for key, option in scope.options.items()}, tables)


def _check_table(
    settings: Settings, path: tuple[str, ...], table: Mapping[str, object], scope: _Scope
) -> None:
    seen: set[str] = set()
    for name, value in table.items():
        key = spelled(name)
        where = (*path, name)
        if isinstance(value, dict) and name in scope.tables:
            _check_table(settings, where, value, scope.tables[name])
            continue
        if key not in scope.options:
            raise _unknown(settings, where, value, scope)
        if key in seen:
            raise ConfigError(f"{key} is given twice", where=settings.place(where), remedy="keep one of them")
        seen.add(key)
        expected = _expected(scope.options[key], value)
        if expected is not None:
            raise ConfigError(f"{name} must be {expected}", where=settings.place(where))


def _unknown(settings: Settings, path: tuple[str, ...], value: object, scope: _Scope) -> ConfigError:
    name, where = path[-1], settings.place(path)
    if isinstance(value, dict):
        return ConfigError(
            f"unknown table [{'.'.join(path)}]",
            where=where,
            remedy=_nearest(name, scope.tables) or "tables are named for commands",
        )
    if _SECRET.search(spelled(name)):
        return ConfigError(
            f"{name} does not belong here", where=where, remedy="keys come from the environment"
        )
    remedy = _nearest(spelled(name), scope.options) or "keys are the long names of options"
    table = f" in [{'.'.join(path[:-1])}]" if path[1:] else ""
    return ConfigError(f"unknown key {name}{table}", where=where, remedy=remedy)


def _nearest(name: str, known: Iterable[str]) -> str | None:
    near = get_close_matches(name.lower(), list(known), n=1)
    return f"did you mean {near[0]}?" if near else None


def _expected(option: Setting, value: object) -> str | None:
    """What ``value`` should be, if it is not that."""
    word, types = _type(option)
    if isinstance(value, list) and option.several:
        return None if all(type(item) in types for item in value) else f"a list, each item {word}"
    return None if type(value) in types else word


def _type(option: Setting) -> tuple[str, tuple[type, ...]]:
    # Compared exactly: to Python True is a whole number too.
    if isinstance(option.type, click.types.BoolParamType):
        return "true or false", (bool,)
    if isinstance(option.type, click.types.IntParamType):
        return "a whole number", (int,)
    if isinstance(option.type, click.types.FloatParamType):
        return "a number", (int, float)
    return "text in quotes", (str,)
