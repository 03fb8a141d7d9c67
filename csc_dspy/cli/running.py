"""From arguments to an exit code, with one line on stderr for whatever goes wrong on the way."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import singledispatch
from typing import Any, Final

import click

from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.session import Session
from csc_dspy.cli.streams import answering, leave, prepare_streams, reader_is_gone, say
from csc_dspy.exceptions import CSCError

PROGRAM: Final = "csc-dspy"
COMPLETION_VARIABLE: Final = "_CSC_DSPY_COMPLETE"


def run(app: click.Group, args: Sequence[str]) -> int:
    """Run a command of ``app`` and return the exit code of the process."""
    session = Session()
    try:
        prepare_streams()
        with _terminable():
            code = _invoke(app, args, session)
            with answering():
                sys.stdout.flush()
            return code
    # The last resort: whatever a command did not expect still ends in one line, not in a traceback.
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        return _give_up(error, session)


def _invoke(app: click.Group, args: Sequence[str], session: Session) -> int:
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete

        return shell_complete(app, {"obj": session}, PROGRAM, COMPLETION_VARIABLE, instruction)
    try:
        with app.make_context(PROGRAM, list(args), obj=session) as ctx:
            code: Any = app.invoke(ctx)
    except click.exceptions.Exit as asked:
        return asked.exit_code
    return ExitCode.DONE if code is None else int(code)


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM an interrupt like Ctrl-C, so that a command puts its work in order in both cases."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _give_up(error: BaseException, session: Session) -> int:
    code, line = _verdict(error)
    if line:
        from csc_dspy.logs import redact

        say(redact(" ".join(line.split())))
    if code == ExitCode.INTERNAL_ERROR:
        _show_traceback(error, session)
    leave()
    return code


def _show_traceback(error: BaseException, session: Session) -> None:
    from csc_dspy.logs import configure, logger

    if not session.logging_on:
        configure(session.verbosity, log_content=session.log_content)
    logger.opt(exception=error).info("where it happened:")


@singledispatch
def _verdict(error: BaseException) -> tuple[int, str]:
    """The exit code for an error and the line that is said about it."""
    name = type(error).__name__
    return ExitCode.INTERNAL_ERROR, f"error: {name}: this is a bug; run again with -v for the traceback"


@_verdict.register
def _(error: CSCError) -> tuple[int, str]:
    return error.exit_code, f"error: {error}"


@_verdict.register(KeyboardInterrupt)
@_verdict.register(click.Abort)
def _(error: BaseException) -> tuple[int, str]:  # noqa: ARG001 - every one is alike
    return ExitCode.INTERRUPTED, "interrupted"


@_verdict.register
def _(error: OSError) -> tuple[int, str]:
    if isinstance(error, BrokenPipeError) and reader_is_gone():
        return ExitCode.DONE, ""
    place = f"{error.filename}: " if error.filename else ""
    return ExitCode.WRONG_INPUT, f"error: {place}{error.strerror or error}"


@_verdict.register
def _(error: click.ClickException) -> tuple[int, str]:
    return ExitCode.WRONG_INPUT, f"error: {error.format_message().rstrip('.')}"


@_verdict.register
def _(error: click.UsageError) -> tuple[int, str]:
    return ExitCode.WRONG_INPUT, f"error: {error.format_message().rstrip('.')}{_see_help(error)}"


@_verdict.register(click.NoSuchOption)
@_verdict.register(click.NoSuchCommand)
def _(error: click.NoSuchOption | click.NoSuchCommand) -> tuple[int, str]:
    near = f" (did you mean {error.possibilities[0]}?)" if error.possibilities else _see_help(error)
    return ExitCode.WRONG_INPUT, f"error: {error.message.rstrip('.')}{near}"


def _see_help(error: click.UsageError) -> str:
    return f" (see {error.ctx.command_path} --help)" if error.ctx else ""
