"""``csc-dspy doctor``: what is not as it should be, and how to mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Final

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.session import Session

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.cli.diagnosis import Finding

_SIGNS: Final = {"fine": "✓", "warning": "!", "failed": "✗"}


@commands.command("doctor")
@options.language_model()
@options.as_json()
@click.pass_context
def command(ctx: click.Context, *, connection: Connection, as_json: bool) -> ExitCode:
    """Find out what is not as it should be, and how to mend it.

    Looks at Python and packages, folders, settings and environment, and asks the language model one short
    question. The exit code is 1 if anything failed; warnings do not count.
    """
    findings = _findings(ctx, connection)
    if as_json:
        known = list(findings)
        output.emit_json({"fine": not _failed(known), "findings": [finding.to_dict() for finding in known]})
    else:
        known = list(_told(findings))
    return ExitCode.CHECK_FAILED if _failed(known) else ExitCode.DONE


def _findings(ctx: click.Context, connection: Connection) -> Iterator[Finding]:
    from csc_dspy.cli import diagnosis
    from csc_dspy.cli.lm_diagnosis import language_model

    session = ctx.find_object(Session)
    read = session.settings(ctx.find_root().command) if session else None
    return chain(
        diagnosis.installation(),
        diagnosis.folders(),
        [diagnosis.settings(read.path if read else None)],
        diagnosis.key_files(connection.api_key_file),
        language_model(connection),
    )


def _told(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Hand findings on, each told as it comes, and in the end how many there were of which kind."""
    counts: Counter[str] = Counter()
    for finding in findings:
        counts[finding.state] += 1
        remedy = f" ({finding.remedy})" if finding.remedy else ""
        output.emit(f"{_SIGNS[finding.state]} {finding.about}: {finding.told}{remedy}")
        yield finding
    output.emit(f"{counts['fine']} fine, {counts['warning']} warnings, {counts['failed']} failed")


def _failed(findings: list[Finding]) -> bool:
    return any(finding.state == "failed" for finding in findings)
