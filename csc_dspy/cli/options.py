"""Every option that more than one command has, declared once, so that it means the same everywhere.

Each is a decorator to be called: ``@options.seed()``. An option of one command alone is declared in that
command's file with `option` or `argument`.
"""

# ruff: noqa: ANN401 - click has its own types for what is handed on to it

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from csc_dspy.cli.config import SETTINGS_FILE
from csc_dspy.cli.connection import Connection
from csc_dspy.cli.parameters import PREFIX, Argument, Option, WholeNumber
from csc_dspy.exceptions import ConfigError

F = TypeVar("F", bound=Callable[..., Any])


class Decorator(Protocol):
    """Adds its parameter to a function that becomes a command."""

    def __call__(self, function: F, /) -> F:
        """The function itself."""


LANGUAGES: Final = ("zh", "en")
_PATH: Final = click.Path(path_type=Path)


def option(*declarations: str, **attributes: Any) -> Decorator:
    """``click.option`` with a variable and a key."""
    return click.option(*declarations, cls=Option, **attributes)


def choice(*names: str) -> click.Choice[str]:
    """The type of an option that takes one of ``names``."""
    return click.Choice(names)


def argument(*declarations: str, **attributes: Any) -> Decorator:
    """``click.argument``; it has neither variable nor key."""
    return click.argument(*declarations, cls=Argument, **attributes)


def source(*, default: str | None = None, required: bool = True, positional: bool = True) -> Decorator:
    """The conversations to work on, as ``source: str``: the argument ``SOURCE``, or ``--data``.

    Where the arguments of a command are something else, there is only ``--data``.
    """

    def decorate(function: Any) -> Any:
        @wraps(function)
        def given(*args: Any, source: str | None = None, data: str | None, **values: Any) -> Any:
            ctx = click.get_current_context()
            twice = source is not None and ctx.get_parameter_source("data") is ParameterSource.COMMANDLINE
            if twice:
                raise click.UsageError("the conversations are given twice, as SOURCE and as --data", ctx)
            chosen = source or data or default
            if chosen is None and required:
                raise ConfigError(
                    "SOURCE is missing",
                    where=ctx.command_path,
                    remedy=f"give it here, as --data, as {PREFIX}DATA, or as data in {SETTINGS_FILE}",
                )
            return function(*args, source=chosen, **values)

        help_text = "Conversations: a file, a folder, a packaged sample or a data set on the hub."
        completed = {"shell_complete": _complete_files}
        named = option("--data", metavar="SOURCE", help=help_text, **completed)(given)
        if not positional:
            return named
        return argument("source", required=False, help=help_text, **completed)(named)

    return decorate


def _complete_programs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from csc_dspy.programs import PROGRAMS

    names = [CompletionItem(name) for name in PROGRAMS if name.startswith(incomplete)]
    return names or _complete_files(ctx, param, incomplete)


def _complete_files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


def out(*, required: bool = False) -> Decorator:
    """``--out`` as ``out: Path``, or ``Path | None`` unless required."""
    return option("--out", type=_PATH, required=required, help="Where the result is written.")


def seed() -> Decorator:
    """``--seed`` as ``seed: int``."""
    return option(
        "--seed",
        type=WholeNumber(min=0),
        default=0,
        show_default=True,
        help="Seed of everything random; same inputs and seed, same result.",
    )


def language() -> Decorator:
    """``--language`` as ``language: str | None``, ``zh`` or ``en``."""
    return option(
        "--language", type=click.Choice(LANGUAGES), help="Language to work in, if the data should not tell."
    )


def taxonomy() -> Decorator:
    """``--taxonomy`` as ``taxonomy: str | None``."""
    return option(
        "--taxonomy",
        metavar="NAME_OR_FILE",
        shell_complete=_complete_files,
        help="Stages and strategies: a built-in name or a TOML file of your own.",
    )


def as_json() -> Decorator:
    """``--json`` as ``as_json: bool``."""
    return option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def quarantine() -> Decorator:
    """``--quarantine`` as ``quarantine: Path | None``."""
    return option("--quarantine", type=_PATH, help="Set bad rows aside in this file and go on without them.")


def program(default: str = "support-agent") -> Decorator:
    """``--program`` as ``program: str``."""
    return option(
        "--program",
        metavar="NAME_OR_PATH",
        default=default,
        show_default=True,
        shell_complete=_complete_programs,
        help="Program: a registered name, or the folder or file of a compiled one.",
    )


def unlabelled() -> Decorator:
    """``--unlabelled`` as ``unlabelled: str | None``; a compiled program has a default of its own."""
    return option(
        "--unlabelled",
        type=click.Choice(["classify", "unknown"]),
        show_default="classify",
        help="Supporter turns without a label: find out their strategy first, or show them without one.",
    )


def history_tokens() -> Decorator:
    """``--history-tokens`` as ``history_tokens: int | None``."""
    return option(
        "--history-tokens",
        type=WholeNumber(min=1),
        help="Most tokens of history in a prompt; older turns are summed up by their strategies.",
    )


def count(*, default: int = 50) -> Decorator:
    """``--count`` as ``count: int``."""
    return option(
        "--count",
        type=WholeNumber(min=1),
        default=default,
        show_default=True,
        help="How many: dialogues to play, or with --human turns to compare.",
    )


def against() -> Decorator:
    """``--against`` as ``against: tuple[str, ...]``."""
    return option(
        "--against",
        metavar="SOURCE",
        multiple=True,
        help="Leave out what is also in this source; may be given several times.",
    )


def balance(*, alone: str | None = None) -> Decorator:
    """``--balance`` as ``balance: str``; without a value it is ``alone``, where that is given."""
    return option(
        "--balance",
        metavar="HOW",
        default="none",
        show_default=True,
        help="What is done about rare strategies: none, cap:N, oversample or sqrt; in a role play favour.",
        **({"is_flag": False, "flag_value": alone} if alone else {}),
    )


def judging(*also: str, default: bool | None = True) -> Decorator:
    """``--judging``, ``also`` under other names, as ``judging: bool``, or None where that is the default."""
    return option(
        "--judging/--no-judging",
        *also,
        default=default,
        help="Whether a judge reads what comes out; only what meets the criteria is kept.",
    )


def resume() -> Decorator:
    """``--resume`` as ``resume: bool``."""
    return option("--resume", is_flag=True, help="Go on with an interrupted run; what it finished is kept.")


def uncompiled() -> Decorator:
    """``--uncompiled`` as ``uncompiled: bool``."""
    return option(
        "--uncompiled",
        is_flag=True,
        help="Take a registered program as it is, not the compiled one that comes with the package.",
    )


def lm() -> Decorator:
    """``--lm`` alone as ``lm: str``."""
    return option(
        "--lm",
        metavar="SPEC",
        default="embedded",
        show_default=True,
        help="Language model: embedded, PROVIDER/MODEL, hf:PATH, or MODEL with --api-base.",
    )


def server() -> tuple[Decorator, Decorator]:
    """``--api-base`` as ``api_base: str | None`` and ``--api-key-file`` as ``api_key_file: Path | None``."""
    return (
        option("--api-base", metavar="URL", help="Address of an OpenAI-compatible server."),
        option("--api-key-file", type=_PATH, help="File with the API key, which else is in a variable."),
    )


def timeout() -> Decorator:
    """``--timeout`` as ``timeout: float``."""
    seconds = click.FloatRange(min=0, min_open=True)
    return option(
        "--timeout", type=seconds, default=120.0, show_default=True, help="Most seconds for one answer."
    )


def training() -> Decorator:
    """``--training`` as ``training_options: tuple[str, ...]``."""
    return option(
        "--training",
        "training_options",
        metavar="NAME=VALUE",
        multiple=True,
        help="An option of the training by its name; may be repeated.",
    )


def dry_run() -> Decorator:
    """``--dry-run`` as ``dry_run: bool``."""
    return option("--dry-run", is_flag=True, help="Show the plan, and stop.")


def language_model() -> Decorator:
    """``--lm`` and all that goes with it, as one ``connection: Connection``."""
    names = [field.name for field in fields(Connection)]

    def decorate(function: Any) -> Any:
        for each in reversed(_language_model_options()):
            function = each(function)

        @wraps(function)
        def connected(*args: Any, **values: Any) -> Any:
            connection = Connection(**{name: values.pop(name) for name in names})
            return function(*args, connection=connection, **values)

        return connected

    return decorate


def _language_model_options() -> list[Decorator]:
    return [
        lm(),
        *server(),
        option("--temperature", type=click.FloatRange(0, 2), help="Randomness of answers; 0 unless given."),
        option("--answer-tokens", type=WholeNumber(min=1), help="Most tokens of one answer."),
        option(
            "--logprobs", is_flag=True, help="Ask for the likelihood of labels, where the server tells it."
        ),
        timeout(),
        option(
            "--concurrency",
            type=WholeNumber(min=1),
            default=32,
            show_default=True,
            help="Most calls at the same time.",
        ),
        option("--max-calls", type=WholeNumber(min=0), help="Most calls of the run."),
        option("--max-tokens", type=WholeNumber(min=0), help="Most tokens of the run, read and written."),
        option("--max-usd", type=click.FloatRange(min=0), help="Most US dollars that the run may cost."),
        option("--price", metavar="IN,OUT", help="US dollars for a million tokens, where no list has it."),
        option("--no-cache", is_flag=True, help="Ask again what was answered before, and keep no answers."),
    ]
