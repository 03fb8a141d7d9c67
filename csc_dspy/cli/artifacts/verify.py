"""``csc-dspy artifacts verify``: whether compiled programs are what was written, and fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.exceptions import ArtifactError


@commands.command("verify")
@options.argument(
    "names", nargs=-1, help="PROGRAM, PROGRAM/NAME, or folders; all of artifacts/ and the package if none."
)
@options.taxonomy()
@options.as_json()
def command(*, names: tuple[str, ...], taxonomy: str | None, as_json: bool) -> ExitCode:
    """Hold every file against its hash, and the program against the signatures and the taxonomy.

    The exit code is 1 if one of them cannot be used.
    """
    results = {str(path): _problem(path, taxonomy) for path in _folders(names)}
    if as_json:
        output.emit_json(
            {path: {"good": not problem, "problem": problem} for path, problem in results.items()}
        )
    else:
        output.table(("artifact", "result"), [(path, problem or "good") for path, problem in results.items()])
    return ExitCode.CHECK_FAILED if any(results.values()) else ExitCode.DONE


def _folders(names: tuple[str, ...]) -> Iterator[Path]:
    from csc_dspy.compiled.finding import PROJECT_FOLDER, folders_in, folders_of, packaged_folder

    if names:
        for name in names:
            yield from folders_of(name)
        return
    places = {place.resolve(): place for place in (PROJECT_FOLDER, packaged_folder()) if place is not None}
    for place in places.values():
        yield from folders_in(place)


def _problem(folder: Path, taxonomy: str | None) -> str | None:
    from csc_dspy.compiled import open_artifact
    from csc_dspy.taxonomy import load_taxonomy

    try:
        open_artifact(folder).program(load_taxonomy(taxonomy) if taxonomy else None)
    except ArtifactError as error:
        return str(error)
    return None
