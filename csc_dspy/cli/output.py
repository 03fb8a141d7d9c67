"""What commands say: answers to stdout, and `progress` to stderr. Commands print nothing in any other way."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Final

import click

from csc_dspy.cli.progress import progress
from csc_dspy.cli.streams import answering

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["bar", "emit", "emit_json", "progress", "table"]

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_WIDTH_IN_PIPES: Final = 100


def emit(text: str) -> None:
    """Print an answer, or a line of one."""
    with answering():
        click.echo(text)


def emit_json(answer: object, *, sort_keys: bool = False) -> None:
    """Print an answer as JSON that people can read too."""
    emit(json.dumps(answer, ensure_ascii=False, indent=2, sort_keys=sort_keys, allow_nan=False))


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object] | None], *, title: str | None = None
) -> None:
    """Print a table; numbers stand to the right. None is an empty cell, and in place of a row a rule.

    In a terminal it fits the window. In a pipe or file it is as wide as its content, so that nothing is cut
    or folded, unless ``COLUMNS`` sets a width.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn_rows = list(rows)
    cells = [row for row in drawn_rows if row is not None]
    drawn = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for index, name in enumerate(columns):
        numbers = all(isinstance(row[index], (int, float)) for row in cells if row[index] is not None)
        drawn.add_column(Text(name), justify="right" if cells and numbers else "left", overflow="fold")
    for row in drawn_rows:
        if row is None:
            drawn.add_section()
        else:
            drawn.add_row(*(Text(_printable(cell)) for cell in row))
    # Drawn apart from stdout: rich has ways of its own with streams that fail.
    paper = StringIO()
    screen = _console(paper, drawn)
    screen.print(drawn)
    lines = [line if screen.is_terminal else line.rstrip() for line in paper.getvalue().split("\n")]
    drawn_lines = [index for index, line in enumerate(lines) if line.strip()]
    emit("\n".join(lines[drawn_lines[0] : drawn_lines[-1] + 1]) + "\n")


def bar(value: float, maximum: float, width: int = 20) -> str:
    """A bar of at most ``width`` characters, as long as ``value`` is of ``maximum``; a cell for `table`."""
    share = min(max(value / maximum, 0.0), 1.0) if maximum > 0 else 0.0
    full, eighth = divmod(round(share * width * 8), 8)
    return (_EIGHTHS[8] * full + _EIGHTHS[eighth]).rstrip()


def _console(paper: StringIO, drawn: Table) -> Console:
    """A console as wide as `table` promises; styles only in a terminal, and never under ``NO_COLOR``."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    made = Console(
        file=paper,
        force_terminal=terminal,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )
    if not terminal and not os.environ.get("COLUMNS", "").isdigit():
        needed = made.measure(drawn, options=made.options.update(width=10_000)).maximum
        made.width = max(_WIDTH_IN_PIPES, needed)
    return made


def _printable(cell: object) -> str:
    """A cell as text; control characters, which could steer the terminal, become visible."""
    text = "" if cell is None else str(cell)
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
