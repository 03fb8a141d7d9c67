"""``csc-dspy roleplay show``: conversations to be read by people."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.parameters import WholeNumber
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.roleplay.showing import Shown

_PATH: Final = click.Path(path_type=Path)
_IN_TERMINAL: Final = 5
_ON_PAGE: Final = 300
_WIDEST: Final = 110
"""Longer lines are hard to read, however wide the window is."""


@commands.command("show")
@options.source()
@options.option("--dialogue", metavar="ID_OR_PLACE", help="Only this one, by its id or its place from 1.")
@options.option(
    "--limit",
    type=WholeNumber(min=1),
    help=f"Most conversations: {_IN_TERMINAL} unless given, {_ON_PAGE} on a page, all as JSON.",
)
@options.option("--rejected", is_flag=True, help="Those that a role play has not kept, with the reasons.")
@options.option("--html", type=_PATH, help="Write a page to this file, to search and read.")
@options.option("--report", is_flag=True, help="Instead, what the folder of a role play holds, in numbers.")
@options.option("--against", metavar="SOURCE", help="With --report: the corpus to compare with.")
@options.language()
@options.taxonomy()
@options.as_json()
def command(
    *,
    source: str,
    limit: int | None,
    html: Path | None,
    report: bool,
    against: str | None,
    as_json: bool,
    **chosen: Any,  # noqa: ANN401  what is selected by, as `select` takes it
) -> None:
    """Show conversations: who says what, by which strategy, in which stage.

    In a terminal they are coloured and broken to its width; in a pipe a turn is one line.
    """
    from csc_dspy.roleplay.showing import select

    if report:
        _report(Path(source), against, chosen["taxonomy"], as_json=as_json)
        return
    found = select(source, **chosen)
    if html is not None:
        _write_page(html, source, found, limit or _ON_PAGE)
    elif as_json:
        output.emit_json([shown.row() for shown in islice(found, limit)])
    else:
        _print(found, limit or _IN_TERMINAL)


def _report(folder: Path, against: str | None, taxonomy: str | None, *, as_json: bool) -> None:
    from csc_dspy.cli.roleplay_report import show
    from csc_dspy.data.reading import as_taxonomy
    from csc_dspy.roleplay.report import again

    found = again(folder, against=against, taxonomy=as_taxonomy(taxonomy) if taxonomy else None)
    if as_json:
        output.emit_json(found)
    else:
        show(found)


def _print(found: Iterator[Shown], limit: int) -> None:
    from csc_dspy.roleplay.showing import lines

    terminal = sys.stdout.isatty()
    coloured = terminal and not os.environ.get("NO_COLOR")
    width = min(shutil.get_terminal_size().columns, _WIDEST) if terminal else None
    for shown in islice(found, limit):
        output.emit(lines(shown, width=width, colours=coloured))
    if next(found, None) is not None:
        say(f"there are more: --limit shows more than {limit}, --dialogue a certain one")


def _write_page(html: Path, source: str, found: Iterator[Shown], limit: int) -> None:
    from csc_dspy.data.outputs import keep_apart
    from csc_dspy.data.source import parse_source
    from csc_dspy.files import atomic_write
    from csc_dspy.roleplay.showing import page

    keep_apart(html, parse_source(source))
    shown = list(islice(found, limit))
    more = next(found, None) is not None
    # Only what the source is called: a page that is passed on need not tell where it lay.
    title = Path(source).resolve().name if Path(source).exists() else source
    atomic_write(html, page(title, shown, more=more))
    say(f"{len(shown)} conversations are in {html}")
