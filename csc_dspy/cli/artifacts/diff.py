"""``csc-dspy artifacts diff``: what sets two compiled programs apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.cli import commands, options, output
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.compiled import Artifact
    from csc_dspy.compiled.difference import Difference


@commands.command("diff")
@options.argument("one", help="PROGRAM/NAME or a folder.")
@options.argument("other", help="What to hold it against.")
@options.as_json()
def command(*, one: str, other: str, as_json: bool) -> None:
    """Compare instructions, demonstrations, scores and how both were compiled."""
    from csc_dspy.compiled.difference import difference

    found = difference(_single(one), _single(other))
    if as_json:
        output.emit_json(found.to_dict())
    else:
        _print(found)


def _single(name: str) -> Artifact:
    from csc_dspy.compiled.finding import find_artifacts

    found = find_artifacts(name)
    if len(found) > 1:
        names = " or ".join(f"{each.program_name}/{each.folder.name}" for each in found)
        raise ConfigError(f"{name} is there in several languages", remedy=f"name one: {names}")
    return found[0]


def _print(found: Difference) -> None:
    if found.same:
        output.emit("the same program")
    if found.facts:
        output.table(("", "one", "other"), [(name, *values) for name, values in found.facts.items()])
    for name, lines in found.instructions.items():
        output.emit(f"instructions of {name}:\n" + "\n".join(lines) + "\n")
    if found.demonstrations:
        output.table(
            ("demonstrations of", "only in one", "only in other", "in both"),
            [(name, *counts) for name, counts in found.demonstrations.items()],
        )
    if found.scores:
        output.table(("score on dev", "one", "other"), [(name, *each) for name, each in found.scores.items()])
