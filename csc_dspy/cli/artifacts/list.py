"""``csc-dspy artifacts list``: the compiled programs of the project and of the package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from csc_dspy.cli import commands, options, output

if TYPE_CHECKING:
    from csc_dspy.compiled import Artifact


@commands.command("list")
@options.argument(
    "folder",
    required=False,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of artifacts, PROGRAM/NAME; else artifacts/ and those of the package.",
)
@options.as_json()
def command(*, folder: Path | None, as_json: bool) -> None:
    """List compiled programs, with what they were compiled for and their score on dev."""
    rows = [summary(place, artifact) for place, artifact in _all(folder)]
    if as_json:
        output.emit_json(rows)
        return
    columns = ("artifact", "language", "optimizer", "lm", "metric", "before", "after", "")
    output.table(
        columns,
        [
            (
                row["name"],
                row["language"],
                row["optimizer"],
                row["lm"],
                row["metric"],
                row["before"],
                row["after"],
                "partial" if row["partial"] else "",
            )
            for row in rows
        ],
    )


def _all(folder: Path | None) -> Iterator[tuple[str, Artifact]]:
    from csc_dspy.compiled import artifacts
    from csc_dspy.compiled.finding import PROJECT_FOLDER, packaged_folder

    places = (PROJECT_FOLDER, packaged_folder()) if folder is None else (folder,)
    seen: set[Path] = set()
    for place in places:
        for artifact in artifacts(place) if place is not None else ():
            if artifact.folder.resolve() not in seen:
                seen.add(artifact.folder.resolve())
                yield f"{artifact.program_name}/{artifact.folder.name}", artifact


def summary(name: str, artifact: Artifact) -> dict[str, Any]:
    """An artifact in a row."""
    from csc_dspy.compiled.difference import headline

    before, after = headline(artifact)
    optimizer = artifact.manifest.get("optimizer") or {}
    return {
        "name": name,
        "folder": str(artifact.folder),
        "program": artifact.program_name,
        "language": artifact.language,
        "taxonomy": artifact.manifest["taxonomy"]["id"],
        "optimizer": optimizer.get("name"),
        "lm": artifact.lm,
        "metric": artifact.manifest.get("metric"),
        "before": before,
        "after": after,
        "partial": artifact.partial,
    }
