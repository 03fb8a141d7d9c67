"""``csc-dspy data split``: a corpus parted by dialogue."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.streams import say
from csc_dspy.data.near_duplicates import THRESHOLD
from csc_dspy.data.split_parts import DEFAULT, LEAKED
from csc_dspy.data.writers import FORMS

if TYPE_CHECKING:
    from csc_dspy.data.leaks import Leak
    from csc_dspy.data.splitting import Leaks, Split

_PARTS: Final = ",".join(f"{name}={fraction}" for name, fraction in DEFAULT.items())
_FORMS: Final = [suffix.removeprefix(".") + packed for suffix in FORMS for packed in ("", ".gz")]


@commands.command("split")
@options.source()
@options.out(required=True)
@options.option("--parts", default=_PARTS, show_default=True, help="Fractions that sum to 1, or to 100.")
@options.seed()
@options.option(
    "--leaks",
    type=click.Choice(["move", "refuse"]),
    default="move",
    show_default=True,
    help="Bring near-duplicates into one part, or refuse to split.",
)
@options.option(
    "--threshold",
    type=float,
    default=THRESHOLD,
    show_default=True,
    help="The share of the smaller dialogue that makes two dialogues near-duplicates.",
)
@options.against()
@options.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    default="jsonl",
    show_default=True,
    help="The form of the files.",
)
@options.option("--force", is_flag=True, help="Replace an earlier split.")
@options.taxonomy()
@options.quarantine()
@options.as_json()
def command(  # noqa: PLR0913 - one for each option
    *,
    source: str,
    out: Path,
    parts: str,
    seed: int,
    leaks: Leaks,
    threshold: float,
    against: tuple[str, ...],
    form: str,
    force: bool,
    taxonomy: str | None,
    quarantine: Path | None,
    as_json: bool,
) -> ExitCode:
    """Part conversations by dialogue, so that no dialogue, nor one like it, is in two parts.

    Each part becomes a file in the folder --out, which must be new or hold an earlier split. A dialogue gets
    into the same part whatever others there are, unless a near-duplicate of it is in another.
    """
    from csc_dspy.data import read, split
    from csc_dspy.data.leaks import LeaksFoundError
    from csc_dspy.data.source import parse_source
    from csc_dspy.data.split_folder import check_place, write_split

    check_place(out, map(parse_source, (source, *against)), quarantine)
    corpus = read(source, taxonomy=taxonomy, quarantine=quarantine)
    others = [read(other, taxonomy=taxonomy) for other in against]
    try:
        with output.progress("looking for near-duplicates") as advance:
            made = split(
                corpus,
                parts,
                seed=seed,
                leaks=leaks,
                threshold=threshold,
                against=others,
                progress=advance,
            )
    except LeaksFoundError as error:
        _print_leaks(error.leaks, as_json=as_json)
        raise
    with output.progress("writing dialogues", total=len(made.dialogues)) as advance:
        write_split(made, out, form=form, force=force, progress=advance)
    _print_split(made, out, as_json=as_json)
    for warning in made.warnings:
        say(f"warning: {warning} (another --seed gives another split)")
    if corpus.quarantined:
        say(f"{corpus.quarantined} bad rows are set aside in {quarantine}")
        return ExitCode.FAILURES_RECORDED
    return ExitCode.DONE


def _print_leaks(leaks: Iterable[Leak], *, as_json: bool) -> None:
    if as_json:
        output.emit_json({"leaks": [leak.to_dict() for leak in leaks]})
        return
    for leak in leaks:
        click.echo(str(leak))


def _print_split(made: Split, out: Path, *, as_json: bool) -> None:
    answer = made.to_dict()
    if as_json:
        output.emit_json({"out": str(out)} | answer)
        return
    parts = answer["parts"].items()
    output.table(
        ("part", "dialogues", "share", "asked for", "turns"),
        [
            (name, part["dialogues"], _percent(part["share"]), _percent(part["fraction"]), part["turns"])
            for name, part in parts
        ],
    )
    output.table(
        ("dialogues of", *made.parts),
        [(str(stratum), *stratum.dialogues.values()) for stratum in made.strata],
    )
    leaked = made.assignment.count(LEAKED)
    if made.moved > leaked:
        click.echo(f"moved to where near-duplicates of them are: {made.moved - leaked} dialogues")
    if leaked:
        click.echo(f"left out because near-duplicates of them are in --against: {leaked} dialogues")
    click.echo(f"written to {out}")


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"
