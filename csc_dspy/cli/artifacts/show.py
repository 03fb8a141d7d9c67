"""``csc-dspy artifacts show``: what is in a compiled program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csc_dspy.cli import commands, options, output

if TYPE_CHECKING:
    from csc_dspy.compiled import Artifact


@commands.command("show")
@options.argument("name", help="PROGRAM, PROGRAM/NAME, or a folder.")
@options.as_json()
def command(*, name: str, as_json: bool) -> None:
    """Tell how a program was compiled, what it has gained, and what its prompts hold."""
    from csc_dspy.compiled.finding import find_artifacts

    found = find_artifacts(name)
    if as_json:
        answers = [_content(artifact) for artifact in found]
        output.emit_json(answers[0] if len(answers) == 1 else answers)
        return
    for artifact in found:
        _print(artifact)


def _content(artifact: Artifact) -> dict[str, Any]:
    from csc_dspy.compiled.difference import predictors

    return {
        "folder": str(artifact.folder),
        "manifest": dict(artifact.manifest),
        "scores": artifact.scores(),
        "predictors": predictors(artifact),
    }


def _print(artifact: Artifact) -> None:
    from csc_dspy.compiled.difference import facts, predictors

    output.emit(f"{artifact.folder}\n")
    output.table(("", "value"), list(facts(artifact).items()))
    output.table(
        ("predictor", "demonstrations", "instructions begin"),
        [
            (name, each["demonstrations"], each["instructions"].partition("\n")[0][:60])
            for name, each in predictors(artifact).items()
        ],
    )
