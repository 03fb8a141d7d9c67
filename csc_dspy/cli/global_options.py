"""The options of every command; they may stand before the command's name or after it."""

# ruff: noqa: ANN401 - click has its own types for what is handed on to it

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from csc_dspy.cli.config import SETTINGS_FILE
from csc_dspy.cli.parameters import Option, WholeNumber
from csc_dspy.cli.session import Session


def _settle(ctx: click.Context, param: click.Parameter, value: object) -> None:
    session, source = ctx.find_object(Session), ctx.get_parameter_source(param.name)
    if session is not None and source is not None:
        session.settle(param.name, value, source)


def _option(*declarations: str, **attributes: Any) -> Option:
    return Option(declarations, expose_value=False, callback=_settle, **attributes)


_FILE: Final = click.Path(path_type=Path)

GLOBAL_OPTIONS: Final = (
    _option(
        "-v",
        "--verbose",
        count=True,
        type=WholeNumber(min=0),
        help="Say more on stderr: -v notes, -vv everything.",
    ),
    _option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors; no progress."),
    _option("--log-file", type=_FILE, help="Also append every log message to this file."),
    _option("--log-content", is_flag=True, help="Let log messages show customer text."),
    _option(
        "--config",
        type=_FILE,
        # Settled before any other option asks the file.
        is_eager=True,
        in_file=False,
        help=f"Settings file instead of {SETTINGS_FILE} in the current folder.",
    ),
)
