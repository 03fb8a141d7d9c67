"""``csc-dspy rewrite``: conversations out of raw transcripts."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.parameters import WholeNumber
from csc_dspy.cli.resuming import tell_what_is_kept
from csc_dspy.cli.rewrite_options import chosen_construction, construction
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.choosing import Programs
    from csc_dspy.cli.connection import Connection
    from csc_dspy.rewriting import Build, Outcome, Rules
    from csc_dspy.rewriting.building import Mode
    from csc_dspy.taxonomy import Language

_PATH: Final = click.Path(path_type=Path)
_SHARE: Final = click.FloatRange(0, 1)
_DOING: Final[dict[Mode, str]] = {"rewrite": "rewriting", "annotate": "annotating", "rules": "filtering"}
_DONE: Final[dict[Mode, str]] = {"rewrite": "rewritten", "annotate": "labelled"}


@commands.command("rewrite")
@options.argument("raw", metavar="RAW", help="Raw transcripts: a file, a folder, or - for standard input.")
@options.option(
    "--annotate-only",
    is_flag=True,
    help="Label strategy and stage of each supporter turn; no word is changed but by redaction.",
)
@options.option(
    "--rules-only", is_flag=True, help="Read, merge, filter and redact; write the dialogues unlabelled."
)
@options.option(
    "--columns",
    metavar="NAME=COLUMN,…",
    help="Columns of a table, or keys of JSON: dialogue, speaker, text, time, topic; else the usual names.",
)
@options.option("--supporter", metavar="NAME", multiple=True, help="A further name of the supporter.")
@options.option("--customer", metavar="NAME", multiple=True, help="A further name of the customer.")
@options.option(
    "--separator",
    type=options.choice("auto", "blank", "header", "file"),
    default="auto",
    show_default=True,
    help="What is between two dialogues in a text: a blank line, a header, or nothing.",
)
@options.option("--merge/--no-merge", default=True, help="Whether consecutive turns of a speaker become one.")
@options.option("--rules/--no-rules", default=True, help="Whether to drop by the thresholds below.")
@options.option(
    "--fewest-exchanges", type=WholeNumber(min=1), default=3, show_default=True, help="Exchanges needed."
)
@options.option(
    "--most-exchanges", type=WholeNumber(min=1), default=30, show_default=True, help="Exchanges allowed."
)
@options.option(
    "--longest-utterance",
    type=WholeNumber(min=1),
    default=500,
    show_default=True,
    help="Characters that a turn may have.",
)
@options.option(
    "--customer-share",
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    help="The customer must take more than so many turns for each of the supporter's.",
)
@options.option(
    "--short-turn",
    type=WholeNumber(min=0),
    default=3,
    show_default=True,
    help="A customer's turn of so many characters, or fewer, is short.",
)
@options.option(
    "--long-share",
    type=_SHARE,
    default=0.7,
    show_default=True,
    help="Share of the customer's turns that must not be short.",
)
@options.option(
    "--unread-share",
    type=_SHARE,
    default=0.1,
    show_default=True,
    help="Share of the lines that may have no known speaker.",
)
@options.option("--redact/--no-redact", default=True, help="Whether personal data becomes placeholders.")
@options.option("--redact-orders", is_flag=True, help="Numbers of orders and tickets too.")
@options.option(
    "--keep-map",
    type=_PATH,
    metavar="FILE",
    help="Keep what placeholders stand for, in a file for your eyes only; it is never sent anywhere.",
)
@construction()
@options.option("--limit", type=WholeNumber(min=1), help="Only so many dialogues, the first ones.")
@options.program(default="strategy-classifier")
@options.uncompiled()
@options.language()
@options.taxonomy()
@options.history_tokens()
@options.out(required=True)
@options.resume()
@options.language_model()
@options.as_json()
def command(
    *,
    raw: str,
    annotate_only: bool,
    rules_only: bool,
    out: Path,
    resume: bool,
    keep_map: Path | None,
    connection: Connection,
    as_json: bool,
    **chosen: Any,  # noqa: ANN401  the other options, each by its name
) -> ExitCode:
    """Make conversations out of raw transcripts in RAW: text, tables or JSON, in any encoding.

    A language model rewrites them so that every supporter turn follows one strategy, the way CSConv was made;
    the embedded engine cannot. With --annotate-only they are labelled by the program strategy-classifier as
    they are, with --rules-only they stay unlabelled.

    In all three ways lines are read, turns merged, transcripts filtered by the rules of CSConv, and personal
    data redacted before a language model sees it. The folder --out appears in whole: conversations, what was
    dropped and why, the funnel, a card and a report. A dialogue that the language model fails on is dropped,
    and the exit code is 3. After an interruption --resume goes on.
    """
    mode = _mode(annotate_only=annotate_only, rules_only=rules_only)
    build = _build(raw, connection, chosen, mode)
    total = None if mode == "rules" else build.total()
    with (
        nullcontext() if mode == "rules" else connection.open(),
        output.progress(_DOING[mode], total=total) as advance,
    ):
        outcome = build.carry_out(
            out,
            concurrency=connection.concurrency,
            identity=connection.identity,
            resume=resume,
            keep_map=keep_map,
            told=advance,
            kept=tell_what_is_kept,
        )
    _show(outcome, as_json=as_json)
    if not outcome.failed:
        return ExitCode.DONE
    say(
        f"{outcome.failed} dialogues could not be {_DONE[mode]} and are dropped; --resume asks for them alone"
    )
    return ExitCode.FAILURES_RECORDED


def _mode(*, annotate_only: bool, rules_only: bool) -> Mode:
    """How far the transcripts go; the flags exclude each other."""
    if annotate_only and rules_only:
        raise click.UsageError(
            "--annotate-only and --rules-only exclude each other", click.get_current_context()
        )
    if annotate_only:
        return "annotate"
    return "rules" if rules_only else "rewrite"


def _build(raw: str, connection: Connection, chosen: dict[str, Any], mode: Mode) -> Build:
    from csc_dspy.rewriting import Build, Columns, Redaction
    from csc_dspy.rewriting.reading import Speakers, Transcripts

    transcripts = Transcripts(
        source=raw,
        columns=Columns.parse(chosen["columns"] or ""),
        speakers=Speakers(chosen["supporter"], chosen["customer"]),
        separator=chosen["separator"],
        language=chosen["language"],
    )
    return Build(
        transcripts=transcripts,
        rules=_rules(chosen) if chosen["rules"] else None,
        merge=chosen["merge"],
        redaction=Redaction(orders=chosen["redact_orders"]) if chosen["redact"] else None,
        programs=_programs(connection, chosen) if mode == "annotate" else None,
        construction=chosen_construction(chosen, connection.lm) if mode == "rewrite" else None,
        limit=chosen["limit"],
    )


def _rules(chosen: dict[str, Any]) -> Rules:
    from dataclasses import fields

    from csc_dspy.rewriting import Rules

    return Rules(**{field.name: chosen[field.name] for field in fields(Rules)})


def _programs(connection: Connection, chosen: dict[str, Any]) -> Programs:
    from csc_dspy.choosing import Programs
    from csc_dspy.taxonomy import load_taxonomy

    language: Language | None = chosen["language"]
    return Programs(
        chosen["program"],
        taxonomy=load_taxonomy(chosen["taxonomy"]) if chosen["taxonomy"] else None,
        language=language,
        history_tokens=chosen["history_tokens"],
        lm=connection.lm,
        uncompiled=chosen["uncompiled"],
    )


def _show(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        output.emit_json(outcome.to_dict())
        return
    funnel = outcome.funnel
    output.emit(
        f"{outcome.out}: {outcome.kept:,} of {funnel['in']:,} transcripts are kept, {outcome.seconds:.1f} s"
    )
    most = funnel["in"]
    rows = [("came in", funnel["in"], output.bar(funnel["in"], most))]
    for step in funnel["steps"]:
        rows += [
            (f"{step['step']}: {told['meaning']}", told["count"], output.bar(told["count"], most))
            for told in step["dropped"].values()
        ]
    output.table(("", "transcripts", ""), [*rows, ("kept", outcome.kept, output.bar(outcome.kept, most))])
    if funnel.get("parts"):
        output.table(("part", "dialogues"), list(funnel["parts"].items()))
    if funnel["redacted"]:
        output.table(("replaced", "times"), list(funnel["redacted"].items()))
    if aside := funnel["lines"]["set_aside"]:
        say(f"lines without a known speaker: {aside}; quarantine.jsonl has them")
