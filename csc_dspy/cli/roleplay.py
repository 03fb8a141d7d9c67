"""``csc-dspy roleplay``: training conversations by role play."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.resuming import tell_what_is_kept
from csc_dspy.cli.roleplay_options import chosen_synthesis, role_play
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.roleplay import Outcome, Synthesis

_FURTHER: Final = {
    "show": ("csc_dspy.cli.roleplay_show", "Show conversations, or what a role play came to."),
    "profiles": ("csc_dspy.cli.roleplay_profiles", "Make customers, and show how different they are."),
}
"""Where the further commands are, and their lines."""


class _WithFurther(commands.Command):
    """A command by itself, under which there are others; each is loaded only when it is called."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  click's
    ) -> click.Context:
        """That of another command, if the first word is its name."""
        if not args or args[0] not in _FURTHER:
            return super().make_context(info_name, args, parent, **extra)
        found: click.Command = import_module(_FURTHER[args[0]][0]).command
        return found.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it; a first word that is no option is a name that does not exist."""
        if args and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.NoSuchCommand(args[0], possibilities=_FURTHER, ctx=ctx)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The further commands, without loading them, and the options."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _FURTHER.items()])
        super().format_options(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The further commands, and the options."""
        names = [name for name in _FURTHER if incomplete and name.startswith(incomplete)]
        found = [CompletionItem(name, help=_FURTHER[name][1]) for name in names]
        return [*found, *super().shell_complete(ctx, incomplete)]


@click.command("roleplay", cls=_WithFurther)
@role_play()
@options.option("--plan", is_flag=True, help="Show what would be made and what it costs, and stop.")
@options.language()
@options.taxonomy()
@options.out()
@options.seed()
@options.resume()
@options.language_model()
@options.as_json()
def command(
    *,
    out: Path | None,
    plan: bool,
    resume: bool,
    connection: Connection,
    as_json: bool,
    **chosen: Any,  # noqa: ANN401  the other options, each by its name
) -> ExitCode:
    """Make training conversations by role play: planner, supporter, customer, and an assistant for each side.

    The rules of the play are enforced, what comes out is checked and judged, and everything rejected is kept
    with its reason. The folder --out appears in whole: conversations, what was rejected or failed, a report
    and a card; csc-dspy roleplay show reads it comfortably.

    Every role may have a language model of its own; SPEC@URL is one with a server of its own. Their
    temperature is 0.8 unless given. The embedded engine plays by retrieval from the packaged samples, which
    is good for trying the chain only.

    A dialogue that the language model fails on is set down as failed, and the exit code is 3; --resume goes
    on with it, and with whatever an interruption left unfinished.
    """
    from csc_dspy.roleplay.making import require_apart

    require_apart(chosen["quarantine"], out)
    made = chosen_synthesis(chosen, connection)
    if plan:
        _show_plan(made, as_json=as_json)
        return ExitCode.DONE
    if out is None:
        raise ConfigError("--out is missing", where="csc-dspy roleplay", remedy="name the folder to write")
    with output.progress("playing", total=made.plan.count) as advance:
        outcome = made.carry_out(
            out,
            concurrency=connection.concurrency,
            budget=connection.budget,
            resume=resume,
            told=advance,
            kept=tell_what_is_kept,
        )
    if made.models.retrieved:
        say("the embedded engine retrieves lines from the packaged samples: for trying the chain only")
    _show(outcome, as_json=as_json)
    if not outcome.failed:
        return ExitCode.DONE
    say(f"{outcome.failed} dialogues came to no end and are left out; --resume goes on with them alone")
    return ExitCode.FAILURES_RECORDED


def _show(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        output.emit_json(outcome.to_dict())
        return
    output.emit(
        f"{outcome.out}: {outcome.kept:,} of {outcome.made:,} dialogues are kept, "
        f"{outcome.counts['calls']:,} calls, {outcome.seconds:.1f} s{_money(outcome)}"
    )
    counts = [("kept", outcome.kept)]
    counts += [(f"rejected: {reason}", count) for reason, count in outcome.counts["rejected"].items()]
    counts += [(f"failed: {reason}", count) for reason, count in outcome.counts["failed"].items()]
    rows = [(name, count, output.bar(count, outcome.made)) for name, count in counts]
    output.table(("", "dialogues", ""), rows)


def _money(outcome: Outcome) -> str:
    usd = outcome.counts["usd"]
    return f", {usd:,.2f} USD" if usd else ""


def _show_plan(made: Synthesis, *, as_json: bool) -> None:
    from csc_dspy.roleplay import estimate

    summary, costs = made.plan.summary().to_dict(), estimate(made).to_dict()
    if as_json:
        output.emit_json({**summary, "cost": costs})
        return
    output.emit(f"{summary['count']:,} dialogues of {summary['profiles']:,} customers")
    for name in ("languages", "topics", "industries", "difficulties", "events", "favoured"):
        if summary[name]:
            rows = [
                (each, count, output.bar(count, summary["count"])) for each, count in summary[name].items()
            ]
            output.table((name, "dialogues", ""), rows)
    usd = "the price is not known" if costs["usd"] is None else f"{costs['usd']:,.2f} USD"
    output.emit(
        f"about {costs['calls']:,} calls, {costs['input_tokens']:,} tokens read and "
        f"{costs['output_tokens']:,} written; {usd}"
    )
