"""``csc-dspy roleplay profiles``: customers for role plays, and how different they are."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.resuming import tell_what_is_kept
from csc_dspy.cli.roleplay_options import tell_what_is_set_aside
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.roleplay.profiles import Customers, FieldCoverage, Prepared

_NAMED: Final = 4
"""So many missing values are named in the table; JSON has them all."""


@commands.command("profiles")
@options.argument("source", metavar="SOURCE", help="How many to generate, seeds, or a file of your own.")
@options.option("--elaborate", is_flag=True, help="Let the language model describe each customer.")
@options.language()
@options.seed()
@options.quarantine()
@options.out()
@options.resume()
@options.language_model()
@options.as_json()
def command(
    *,
    elaborate: bool,
    quarantine: Path | None,
    out: Path | None,
    resume: bool,
    connection: Connection,
    as_json: bool,
    **chosen: Any,  # noqa: ANN401  which customers, as `customers` takes it
) -> ExitCode:
    """Make customers for role plays, and show how much of what customers can be like is among them.

    SOURCE is how many to generate, seeds for those written by hand, or a file of your own. Without --language
    generated ones and seeds are in Chinese and English. What --out holds csc-dspy roleplay --profiles takes;
    without it the coverage is only shown.

    With --elaborate a language model writes every description anew, also those that were there; the embedded
    engine cannot. One that lacks a fact is refused, and the customer keeps the description that it had, as it
    does where a call fails for good: then the exit code is 3. --resume asks for those alone, and goes on
    after an interruption.
    """
    from csc_dspy.roleplay.profiles import customers

    _require_sense(connection, out, elaborate=elaborate, resume=resume)
    found = customers(out=out, quarantine=quarantine, **chosen)
    if quarantine is not None and found.quarantined:
        tell_what_is_set_aside(quarantine, found.quarantined)
    prepared = _prepared(found, out, connection, elaborate=elaborate, resume=resume)
    if as_json:
        calls = connection.budget.usage.calls if elaborate else 0
        told = {**prepared.counts, "calls": calls, "out": None if out is None else str(out)}
        output.emit_json({**told, "coverage": prepared.coverage.to_dict()})
    else:
        _show(prepared, out)
    if not prepared.failed:
        return ExitCode.DONE
    say(f"{prepared.failed} customers could not be described; --resume asks for them alone")
    return ExitCode.FAILURES_RECORDED


def _require_sense(connection: Connection, out: Path | None, *, elaborate: bool, resume: bool) -> None:
    """ConfigError where what is asked for cannot be, or would be paid for and lost."""
    from csc_dspy.roleplay.profiles.preparing import require_writer

    if resume and out is None:
        raise ConfigError("--resume needs --out", remedy="only what goes to a file can be resumed")
    if not elaborate:
        return
    require_writer(connection.lm)
    if out is None:
        raise ConfigError("--elaborate needs --out", remedy="name the file for the descriptions")


def _prepared(
    found: Customers, out: Path | None, connection: Connection, *, elaborate: bool, resume: bool
) -> Prepared:
    with (
        connection.open() if elaborate else nullcontext(),
        output.progress("describing" if elaborate else "gathering", total=found.count) as advance,
    ):
        if not elaborate or out is None:
            return found.write(out, told=advance)
        return found.elaborate(
            out,
            identity=connection.identity,
            concurrency=connection.concurrency,
            resume=resume,
            told=advance,
            kept=tell_what_is_kept,
        )


def _show(prepared: Prepared, out: Path | None) -> None:
    coverage = prepared.coverage
    place = "" if out is None else f"{out}: "
    counts = [f"{count:,} {name}" for name, count in prepared.counts.items() if count]
    output.emit(place + ", ".join(counts))
    columns = ("field", "values seen", "", "evenness", "of their own", "unknown", "missing")
    output.table(columns, [_row(name, field) for name, field in coverage.fields.items()])
    possible = sum(each.possible for each in coverage.pairs.values())
    seen = sum(each.seen for each in coverage.pairs.values())
    output.emit(f"of {possible:,} pairs of values that go together {seen:,} are seen, {seen / possible:.1%}")


def _row(name: str, field: FieldCoverage) -> tuple[Any, ...]:
    more = len(field.missing) - _NAMED
    missing = ", ".join(field.missing[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    share = output.bar(field.share, 1, width=10)
    seen = f"{field.seen:3} of {field.values:2} {field.share:5.0%}"
    return name, seen, share, f"{field.evenness:.2f}", field.other, field.unknown, missing
