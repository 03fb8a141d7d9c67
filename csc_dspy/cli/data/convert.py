"""``csc-dspy data convert``: conversations in another form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Language


@commands.command("convert")
@options.source()
@options.out(required=True)
@options.language()
@options.taxonomy()
@options.quarantine()
@options.as_json()
def command(
    *,
    source: str,
    out: Path,
    language: Language | None,
    taxonomy: str | None,
    quarantine: Path | None,
    as_json: bool,
) -> ExitCode:
    """Write conversations into one file, in the form that its name asks for.

    That is .json, .jsonl or .parquet, each with .gz behind it if wanted. Nothing is lost: further keys of
    conversations and turns come along.
    """
    from csc_dspy.data import convert

    with output.progress("converting dialogues") as advance:
        done = convert(
            source, out, language=language, taxonomy=taxonomy, quarantine=quarantine, progress=advance
        )
    if as_json:
        output.emit_json({"out": str(out)} | done.to_dict())
    else:
        click.echo(f"{done.dialogues} dialogues written to {out}")
    if done.quarantined:
        say(f"{done.quarantined} bad rows are set aside in {quarantine}")
        return ExitCode.FAILURES_RECORDED
    return ExitCode.DONE
