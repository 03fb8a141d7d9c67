"""Options and arguments that are also environment variables and keys of ``csc-dspy.toml``."""

# ruff: noqa: ANN401 - click has its own types for what is handed on to it

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
from click.core import ParameterSource

from csc_dspy.cli.config import SETTINGS_FILE, Settings
from csc_dspy.cli.session import Session
from csc_dspy.exceptions import ConfigError

PREFIX: Final = "CSC_DSPY_"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"


def command_names(ctx: click.Context) -> tuple[str, ...]:
    """The words after the program's name that lead to this command: ``("data", "stats")``."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, ctx.info_name or "")
        ctx = ctx.parent
    return tuple(names)


class Setting(click.Parameter):
    """A parameter with a name in the environment and in ``csc-dspy.toml``.

    The command line wins over the environment, that over the file, that over the default.
    """

    key: str | None = None
    """Its name in the file, and with `PREFIX` in the environment; None where it has neither."""

    in_file: bool = True
    """Whether the file may set it."""

    @property
    def variable(self) -> str:
        """The environment variable of a parameter that has a key."""
        return PREFIX + (self.key or "").upper().replace("-", "_")

    @property
    def several(self) -> bool:
        """Whether it may be given more than once."""
        return self.multiple or self.nargs != 1

    @property
    def help_note(self) -> str:
        """What a help page adds to its line."""
        return f" [env:{NO_BREAK}{self.variable}]"

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """What click finds, or else what the file says."""
        value, source = super().consume_value(ctx, opts)
        if source is ParameterSource.DEFAULT and (settings := self._settings(ctx)):
            found = settings.find(command_names(ctx), self.key or "")
            if found is not None:
                one_of_several = self.several and not isinstance(found, list)
                return [found] if one_of_several else found, ParameterSource.DEFAULT_MAP
        return value, source

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """As click does it; an error names the variable or the line that the value came from."""
        try:
            return super().handle_parse_result(ctx, opts, args)
        except click.MissingParameter as error:
            if self.key is None:
                raise
            raise self._missing(ctx) from error
        except click.BadParameter as error:
            where = self._origin(ctx)
            if where is None:
                raise
            raise ConfigError(error.message.rstrip("."), where=where) from error

    def _settings(self, ctx: click.Context) -> Settings | None:
        """The file, if this parameter may be in it; groups leave the global options to their commands."""
        session = ctx.find_object(Session)
        reads = self.key and self.in_file and getattr(ctx.command, "reads_settings", False)
        if session is None or not reads or ctx.resilient_parsing:
            return None
        return session.settings(ctx.find_root().command)

    def _missing(self, ctx: click.Context) -> ConfigError:
        return ConfigError(
            f"{self.get_error_hint(ctx).strip(chr(39))} is missing",
            where=ctx.command_path,
            remedy=f"give it here, as {self.variable}, or as {self.key} in {SETTINGS_FILE}",
        )

    def _origin(self, ctx: click.Context) -> str | None:
        source = ctx.get_parameter_source(self.name)
        if source is ParameterSource.ENVIRONMENT:
            return self.variable
        if source is ParameterSource.DEFAULT_MAP and (settings := self._settings(ctx)):
            return f"{settings.where(command_names(ctx), self.key or '')}: {self.key}"
        return None


class WholeNumber(click.IntRange):
    """An integer within bounds; click calls it an "integer range" in help and errors."""

    name = "integer"


class _TrueOrFalse(click.types.BoolParamType):
    """What variables say of flags; click's own message lists every spelling, even the empty one."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bool:
        answer = self.str_to_bool(value) if isinstance(value, (str, bool)) else None
        if answer is None:
            self.fail(f"{value!r} is neither true nor false", param, ctx)
        return answer


class Option(Setting, click.Option):
    """An option; its key is its long name: ``--log-file``, ``CSC_DSPY_LOG_FILE``, ``log-file``."""

    def __init__(self, declarations: Sequence[str], *, in_file: bool = True, **attributes: Any) -> None:
        super().__init__(declarations, **attributes)
        self.key = next(name for name in self.opts if name.startswith("--")).removeprefix("--")
        self.in_file = in_file
        self.envvar = self.variable
        if self.is_bool_flag:
            self.type = _TrueOrFalse()

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Click's line with the variable behind it."""
        record = super().get_help_record(ctx)
        return record and (record[0], record[1] + self.help_note)


class Argument(Setting, click.Argument):
    """An argument: given on the command line alone."""
