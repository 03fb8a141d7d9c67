"""``csc-dspy data audit``: doubtful labels, and a corpus cleaned by what people decide about them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.parameters import WholeNumber
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.auditing import Audit, Cleaned
    from csc_dspy.conversations import Conversation
    from csc_dspy.data import Corpus
    from csc_dspy.taxonomy import Language

_SHOWN: Final = 20
_TEXT: Final = 50


@commands.command("audit")
@options.source()
@options.language()
@options.taxonomy()
@options.out()
@options.option(
    "--top",
    type=WholeNumber(min=1),
    show_default="15 % of the labelled turns, at most 1,000",
    help="How many suspects.",
)
# What other commands learn from as a matter of course must not slip in here by a setting.
@options.option(
    "--more-training",
    "--train",
    "train",
    metavar="SOURCE",
    help="Further labelled conversations to learn from; without it the audited ones alone.",
)
@options.option(
    "--decisions",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A review sheet filled in (.csv or .json): write the corpus with its decisions into --out.",
)
@options.seed()
@options.quarantine()
@options.as_json()
def command(  # noqa: PLR0913 - one for each option
    *,
    source: str,
    language: Language | None,
    taxonomy: str | None,
    out: Path | None,
    top: int | None,
    train: str | None,
    decisions: Path | None,
    seed: int,
    quarantine: Path | None,
    as_json: bool,
) -> ExitCode:
    """Find doubtful strategy and stage labels, the most doubtful first, and say why.

    A classifier that has not seen a dialogue judges its labels; rules and turns that say nearly the same are
    further evidence. --out DIR gets a review sheet to fill in, as a page and as a table. With --decisions the
    sheet is read back and --out DIR gets the corpus anew, with a log of what was changed.
    """
    from csc_dspy.data import read
    from csc_dspy.data.outputs import keep_apart
    from csc_dspy.data.source import parse_source

    parsed = parse_source(source)
    if out is not None:
        keep_apart(out, parsed)
    corpus = read(source, language=language, taxonomy=taxonomy, quarantine=quarantine)
    if decisions is not None:
        _apply(corpus, decisions, out, language, as_json=as_json)
    else:
        others = read(train, language=language, taxonomy=taxonomy) if train else ()
        # What can be read only once is kept, because an audit reads twice.
        found = _audited([*iter(corpus)] if parsed.once else corpus, others, top, seed)
        files = _written(found, out, language)
        if as_json:
            output.emit_json({"source": source} | found.to_dict() | {"files": files})
        else:
            _report(found, files)
    if corpus.quarantined:
        say(f"{corpus.quarantined} bad rows are set aside in {quarantine}")
        return ExitCode.FAILURES_RECORDED
    return ExitCode.DONE


def _audited(
    conversations: Iterable[Conversation], train: Iterable[Conversation], top: int | None, seed: int
) -> Audit:
    from csc_dspy.auditing import audit

    with output.progress("auditing dialogues") as advance:
        return audit(conversations, train=train, top=top, seed=seed, progress=advance)


def _apply(
    corpus: Corpus, decisions: Path, out: Path | None, language: Language | None, *, as_json: bool
) -> None:
    from csc_dspy.auditing import clean, read_decisions

    if out is None:
        raise ConfigError("--decisions needs --out", remedy="name a folder for the cleaned corpus")
    if language is not None:
        raise ConfigError(
            "--decisions does not go together with --language", remedy="the corpus is written as a whole"
        )
    made = [*read_decisions(decisions, corpus.taxonomy)]
    with output.progress("writing dialogues") as advance:
        cleaned = clean(corpus, made, out, source=corpus.source, progress=advance)
    if as_json:
        output.emit_json({"source": corpus.source, "out": str(out)} | cleaned.to_dict())
    else:
        _report_cleaned(cleaned, out)


def _written(found: Audit, out: Path | None, language: Language | None) -> list[str]:
    from csc_dspy.auditing import write_sheet

    return [] if out is None else [str(path) for path in write_sheet(found, out, language=language)]


def _report(found: Audit, files: list[str]) -> None:
    output.table(
        ("rank", "score", "dialogue", "turn", "given", "likely", "text"),
        [
            (
                each.rank,
                each.score,
                each.dialogue,
                each.turn,
                each.doubt.given.name[each.language],
                each.doubt.likely.name[each.language],
                each.text[:_TEXT],
            )
            for each in found.suspects[:_SHOWN]
        ],
    )
    for each in found.suspects[:_SHOWN]:
        output.emit(f"{each.rank}. {each.why}")
    output.emit(
        f"\n{len(found.suspects)} of {found.labelled} labelled turns in {found.dialogues} dialogues listed"
        + ("" if len(found.suspects) <= _SHOWN else f", the first {_SHOWN} shown: --json or --out has all")
    )
    if found.unlabelled:
        output.emit(f"{found.unlabelled} turns have no strategy and were passed over")
    for file in files:
        output.emit(f"written: {file}")


def _report_cleaned(cleaned: Cleaned, out: Path) -> None:
    made = ", ".join(f"{count} {verdict}" for verdict, count in sorted(cleaned.decisions.items())) or "none"
    output.emit(f"decisions: {made}")
    output.emit(f"changed: {cleaned.changed_strategies} strategies, {cleaned.changed_stages} stages")
    output.emit(f"version {cleaned.version} with {cleaned.dialogues} dialogues written to {out}")
