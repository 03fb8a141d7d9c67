"""``csc-dspy data info``: what a source is, or what sources there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from csc_dspy.cli import commands, options, output

if TYPE_CHECKING:
    from csc_dspy.data.describing import Description

_SOURCES: Final = (
    ("NAME", "a packaged sample"),
    ("FILE", "a file; its form is told from its content"),
    ("FOLDER", "all data files in a folder"),
    ("hub:OWNER/NAME[@REVISION]", "a data set on the Hugging Face hub"),
    ("hub:FOLDER", "a downloaded copy of one"),
    ("-", "standard input"),
)


@commands.command("info")
@options.source(required=False)
@options.taxonomy()
@options.as_json()
def command(*, source: str | None, taxonomy: str | None, as_json: bool) -> None:
    """Tell what a source is: files, forms, sizes, parts and languages.

    Without SOURCE, list the packaged samples and the forms of files that are understood.
    """
    if source is None:
        _list_sources(as_json=as_json)
        return
    from csc_dspy.data.describing import describe

    found = describe(source, taxonomy=taxonomy)
    if as_json:
        output.emit_json(found.to_dict())
    else:
        _print(found)


def _list_sources(*, as_json: bool) -> None:
    from csc_dspy.data.packaged import CARD, LICENCE, SAMPLES
    from csc_dspy.data.readers import FORMS

    if as_json:
        samples = [
            {"name": sample.name, "about": sample.about, "parts": sample.parts} for sample in SAMPLES.values()
        ]
        output.emit_json({"samples": samples, "licence": LICENCE, "card": str(CARD), "forms": FORMS})
        return
    output.table(
        ("sample", "parts", "about"),
        [(sample.name, ", ".join(sample.parts), sample.about) for sample in SAMPLES.values()],
    )
    click.echo(f"Written for this package, under its licence ({LICENCE}); see {CARD}\n")
    output.table(("source", "what it is"), _SOURCES)
    click.echo("Each may be followed by :PART.")
    click.echo(f"Forms: {', '.join(FORMS)}; each also packed with gzip.")


def _print(found: Description) -> None:
    click.echo(f"{found.source}: {found.kind}, {found.dialogues} dialogues, {found.turns} turns\n")
    output.table(
        ("file", "form", "bytes", "dialogues"),
        [(file.name, file.form, file.bytes, file.dialogues) for file in found.files],
    )
    if found.about:
        click.echo(f"Packaged: {found.about}; licence {found.licence}; see {found.card}")
    if found.parts:
        click.echo(f"Parts: {', '.join(found.parts)}")
    languages = ", ".join(f"{name} {count}" for name, count in found.languages.items())
    click.echo(f"Languages: {languages or 'none'}\n")
    output.table(("`source` of rows", "dialogues"), list(found.sources.items()))
    if found.bad_rows:
        click.echo(f"{found.bad_rows} bad rows: `csc-dspy data check {found.source}` says why")
