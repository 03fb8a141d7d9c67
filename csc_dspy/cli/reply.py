"""``csc-dspy reply``: the supporter's next turn for conversations in a file or a pipe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.resuming import tell_what_is_kept
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from csc_dspy.cli.connection import Connection
    from csc_dspy.journal import Journal
    from csc_dspy.taxonomy import Language


@commands.command("reply")
@options.source(default="-")
@options.program()
@options.uncompiled()
@options.language()
@options.taxonomy()
@options.unlabelled()
@options.history_tokens()
@options.out()
@options.resume()
@options.language_model()
@options.as_json()
def command(  # noqa: PLR0913  the options, each by its name
    *,
    source: str,
    program: str,
    uncompiled: bool,
    language: Language | None,
    taxonomy: str | None,
    unlabelled: Literal["classify", "unknown"] | None,
    history_tokens: int | None,
    out: Path | None,
    resume: bool,
    connection: Connection,
    as_json: bool,  # noqa: ARG001  the answers are JSON in any case
) -> ExitCode:
    """Write the supporter's next turn for each conversation: one JSON object a line, in their order.

    Conversations are read from SOURCE, or from standard input. A conversation that cannot be answered gets a
    line with its error, and the exit code is 3. The program strategy-classifier labels the last supporter
    turn instead. With --out what is finished is kept as it comes: after an interruption, --resume goes on.
    """
    from csc_dspy.choosing import Programs
    from csc_dspy.data import histories
    from csc_dspy.replies import Replies
    from csc_dspy.taxonomy import load_taxonomy

    programs = Programs(
        program,
        taxonomy=load_taxonomy(taxonomy) if taxonomy else None,
        language=language,
        unlabelled=unlabelled,
        history_tokens=history_tokens,
        lm=connection.lm,
        uncompiled=uncompiled,
    )
    if out is not None:
        _keep_apart(out, source)
    with (
        connection.open(),
        _destination(out, resume=resume, run={**programs.identity, **connection.identity}) as (
            write,
            journal,
        ),
        output.progress("replying") as advance,
    ):
        replies = Replies(programs, journal)
        rows = histories(source, programs.options.taxonomy)
        for answer in replies.answer_all(rows, connection.concurrency):
            write(json.dumps(answer, ensure_ascii=False))
            advance(failed=replies.failed)
    if not replies.failed:
        if journal is not None:
            journal.remove()
        return ExitCode.DONE
    again = "; --resume asks again for them alone" if out is not None else ""
    say(f"{replies.failed} could not be answered, their lines say why{again}")
    return ExitCode.FAILURES_RECORDED


def _keep_apart(out: Path, source: str) -> None:
    from csc_dspy.data.outputs import keep_apart
    from csc_dspy.data.source import parse_source

    keep_apart(out, parse_source(source))


@contextmanager
def _destination(
    out: Path | None, *, resume: bool, run: Mapping[str, object]
) -> Iterator[tuple[Callable[[str], None], Journal | None]]:
    """Where lines go, and the journal that keeps them until the file is whole."""
    from csc_dspy.files import atomic_writer
    from csc_dspy.journal import unfinished

    if resume and (out is None or _is_device(out)):
        raise ConfigError("--resume needs --out", remedy="only what goes to a file can be resumed")
    if out is None:
        yield output.emit, None
    elif _is_device(out):
        with atomic_writer(out) as stream:
            yield partial(_put, stream), None
    else:
        path = out.with_name(f".{out.name}.journal")
        with (
            unfinished(path, run, resume=resume, result=out, told=tell_what_is_kept) as journal,
            atomic_writer(out) as stream,
        ):
            yield partial(_put, stream), journal


def _is_device(out: Path) -> bool:
    """Whether it is there and no regular file: a pipe, ``/dev/stdout``."""
    return out.exists() and not out.is_file()


def _put(stream: BinaryIO, line: str) -> None:
    stream.write(f"{line}\n".encode("utf-8", "backslashreplace"))
