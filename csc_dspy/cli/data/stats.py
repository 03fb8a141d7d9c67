"""``csc-dspy data stats``: what there is in a corpus, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.cli import commands, options
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.output import emit_json, progress
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.cli.progress import Advance
    from csc_dspy.conversations import Conversation
    from csc_dspy.taxonomy import Language

# Telling of every single one would take as long as counting it.
_TOLD_AT_ONCE: Final = 100


@commands.command("stats")
@options.source()
@options.language()
@options.taxonomy()
@options.quarantine()
@options.as_json()
def command(
    *, source: str, language: Language | None, taxonomy: str | None, quarantine: Path | None, as_json: bool
) -> ExitCode:
    """Count dialogues and turns, strategies, stages and transitions, lengths and duplicates."""
    from csc_dspy.cli.data.stats_report import report
    from csc_dspy.data import read, stats

    corpus = read(source, language=language, taxonomy=taxonomy, quarantine=quarantine)
    with progress("counting dialogues") as advance:
        found = stats(_told(corpus, advance))
    if as_json:
        emit_json(found.to_dict())
    else:
        report(corpus.source, found)
    if corpus.quarantined:
        say(f"{corpus.quarantined} bad rows are set aside in {quarantine}")
        return ExitCode.FAILURES_RECORDED
    return ExitCode.DONE


def _told(corpus: Iterable[Conversation], advance: Advance) -> Iterator[Conversation]:
    conversations = iter(corpus)
    while some := list(islice(conversations, _TOLD_AT_ONCE)):
        yield from some
        advance(len(some))
