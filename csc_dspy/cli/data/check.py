"""``csc-dspy data check``: everything that is wrong with a source."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.data.inspection import Inspection
    from csc_dspy.data.problems import Problem

# A file with nothing but bad rows would fill the terminal with the same line.
_SHOWN: Final = 20
_KINDS: Final = 50


@commands.command("check")
@options.source()
@options.taxonomy()
@options.quarantine()
@options.option("--allow-unlabelled", is_flag=True, help="Let supporter turns go without a strategy.")
@options.as_json()
def command(
    *, source: str, taxonomy: str | None, quarantine: Path | None, allow_unlabelled: bool, as_json: bool
) -> ExitCode:
    """Find the rows that cannot be used, and say why.

    All problems are counted, the first ones shown; with --json all of them. Rows set aside by --quarantine
    are still problems: the exit code is 1 if there is any, 2 if a file could not be read to its end.
    """
    from csc_dspy.data.inspection import Inspection

    with output.progress("checking rows") as advance:
        inspection = Inspection(
            source,
            taxonomy=taxonomy,
            quarantine=quarantine,
            require_labels=not allow_unlabelled,
            progress=advance,
        )
        count = _print_json(inspection) if as_json else _print_report(inspection)
    for problem in inspection.unreadable[:1]:
        others = len(inspection.unreadable) - 1
        say(f"error: {problem}{f' and {others} more files' if others else ''}")
        return ExitCode.WRONG_INPUT
    return ExitCode.CHECK_FAILED if count else ExitCode.DONE


def _print_json(inspection: Inspection) -> int:
    """Print every problem as it is found; how many there were."""
    count = 0
    click.echo(
        f'{{\n  "source": {json.dumps(inspection.source, ensure_ascii=False)},\n  "problems": [', nl=False
    )
    for count, problem in enumerate(inspection, start=1):
        separator = "," if count > 1 else ""
        click.echo(f"{separator}\n    {json.dumps(problem.to_dict(), ensure_ascii=False)}", nl=False)
    end = "\n  ]" if count else "]"
    complete = json.dumps(not inspection.unreadable)
    click.echo(
        f'{end},\n  "dialogues": {inspection.dialogues},\n  "turns": {inspection.turns},\n'
        f'  "complete": {complete}\n}}'
    )
    return count


def _print_report(inspection: Inspection) -> int:
    """Print how many problems of which kind there are, and the first in full; how many there were."""
    kinds: Counter[str] = Counter()
    first: list[Problem] = []
    for problem in inspection:
        known = problem.kind in kinds or len(kinds) < _KINDS
        kinds[problem.kind if known else "others"] += 1
        if len(first) < _SHOWN:
            first.append(problem)
    for problem in first:
        click.echo(str(problem))
    count = kinds.total()
    if count > len(first):
        click.echo(f"… and {count - len(first)} more: --json shows all")
    if count:
        click.echo()
        output.table(("problem", "times"), kinds.most_common())
    click.echo(f"good dialogues: {inspection.dialogues}, their turns: {inspection.turns}, problems: {count}")
    return count
