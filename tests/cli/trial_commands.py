"""A small program built like csc-dspy itself, whose commands end in every way that a command can.

Run as a script by the fixture `trial`; imported by the fixture `parsed`.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import time
from pathlib import Path

from csc_dspy.cli import commands, options
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.global_options import GLOBAL_OPTIONS
from csc_dspy.cli.output import bar, emit, emit_json, progress, table
from csc_dspy.cli.running import PROGRAM, run
from csc_dspy.exceptions import DataError


@commands.command("count")
@options.source()
@options.seed()
@options.language()
@options.as_json()
@options.option("--weights", type=float, multiple=True, help="Weights.")
def count(source: str, seed: int, language: str | None, as_json: bool, weights: tuple[float, ...]) -> None:
    """Count the conversations of a source."""
    if as_json:
        emit_json({"source": source, "seed": seed, "language": language, "weights": weights})
    else:
        rows = [
            ("问候 [GT]", 3, bar(3, 4, 8)),
            ("Others", None, ""),
            ("\x1b[31m" + "长" * 90, 1, bar(1, 4, 8)),
        ]
        table(("strategy", "turns", ""), rows, title="Strategies")


CODES = {"check failed": ExitCode.CHECK_FAILED, "failures": ExitCode.FAILURES_RECORDED}


@commands.command("end")
@options.argument("how")
@options.out(required=True)
def end(how: str, out: Path) -> int | None:
    """End in the way that is asked for."""
    errors = {
        "refused": DataError("a row has\nno turns", where=str(out), remedy="mend it"),
        "bug": KeyError("13800000000"),
        "missing file": FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(out)),
        "other pipe": BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)),
        "interrupted": KeyboardInterrupt(),
    }
    if how in errors:
        raise errors[how]
    if how == "unflushed":
        sys.stdout.write("written by a library")
    if how == "waits":
        emit("waiting")
        time.sleep(60)
    if how == "much":
        for _ in range(100_000):
            emit("您好" * 10)
    return CODES.get(how)


@commands.command("work")
@options.option("--steps", type=int, default=20, help="Steps.")
def work(steps: int) -> None:
    """Work for a while and log."""
    from csc_dspy.logs import content, logger, quiet_stdout

    with progress("working", steps) as advance:
        for step in range(steps):
            advance(failed=step // 10)
        emit("half an answer")
        logger.warning("the customer said {}", content("我的电话是 13800000000"))
    logger.debug("with Authorization: Bearer {}", os.environ.get("TRIAL_API_KEY"))
    logging.getLogger("dspy.evaluate").error("cannot parse %s", "我的电话是 13800000000")
    logging.getLogger("optuna").warning("trial %d failed", 7)
    with quiet_stdout():
        sys.stdout.write("a library prints\n")
    emit("done")


group = commands.LazyGroup("data", {"count": ("trial_commands:count", "Count.")}, help="Data.")
app = commands.LazyGroup(
    PROGRAM,
    {
        "data": ("trial_commands:group", "Look at data."),
        "end": ("trial_commands:end", "End somehow."),
        "work": ("trial_commands:work", "Work for a while."),
    },
    params=list(GLOBAL_OPTIONS),
)

if __name__ == "__main__":
    sys.exit(run(app, sys.argv[1:]))
