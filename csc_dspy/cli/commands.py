"""Commands and groups as this program has them."""

# ruff: noqa: ANN401 - click has its own types for what is handed on to it

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from csc_dspy.cli.global_options import GLOBAL_OPTIONS
from csc_dspy.cli.parameters import NO_BREAK, Setting
from csc_dspy.cli.session import Session


class _HelpPage(click.Command):
    def get_help(self, ctx: click.Context) -> str:
        """The page; what must not be broken over two lines has come through the wrapping by now."""
        return super().get_help(ctx).replace(NO_BREAK, " ")


class Command(_HelpPage):
    """A command whose parameters are all settings, with the global options behind its own."""

    def __init__(self, name: str | None, *, reads_settings: bool = True, **attributes: Any) -> None:
        super().__init__(name, **attributes)
        strangers = [param.name for param in self.params if not isinstance(param, Setting)]
        if strangers:
            raise TypeError(f"declare {strangers} with csc_dspy.cli.options.option or argument")
        self.reads_settings = reads_settings
        self.params = [*self.params, *GLOBAL_OPTIONS]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command with the log turned on; what it returns is the exit code."""
        session = ctx.find_object(Session)
        if session is not None:
            session.start_logging()
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options; of the global ones the names alone."""
        records = [param.get_help_record(ctx) for param in self.get_params(ctx) if _is_own_option(param)]
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record])
        formatter.write_paragraph()
        names = ", ".join(option.opts[0] for option in GLOBAL_OPTIONS)
        formatter.write_text(f"Global options, see csc-dspy --help: {names}")


def _is_own_option(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and param not in GLOBAL_OPTIONS


def command(name: str, **attributes: Any) -> Callable[[Callable[..., int | None]], Command]:
    """Make a function a command; its docstring is the help, what it returns the exit code."""
    return click.command(name, cls=Command, **attributes)


class LazyGroup(_HelpPage, click.Group):
    """A group that knows the names and one line of its commands, and loads one only when it is called.

    ``table`` has for each name where the command is, as ``module:attribute``, and its line.
    """

    def __init__(self, name: str, table: Mapping[str, tuple[str, str]], **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Load a command."""
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, but a bare group shows its help as an answer, not as an error."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with the names of the table as what may have been meant."""
        if args[0] not in self.table and not ctx.resilient_parsing:
            raise click.NoSuchCommand(args[0], possibilities=self.table, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The table, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names from the table, without loading anything, and the group's options."""
        names = [
            CompletionItem(name, help=line)
            for name, (_, line) in self.table.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]
