"""Compiled programs: plain JSON on disk with a manifest that says what it fits, ready to import.

::

    from csc_dspy.compiled import support_agent

    turn = support_agent(history=conversation)

``program.json`` holds what DSPy keeps of a program (instructions, demonstrations, the transition prior),
``manifest.json`` how the program is built, the signatures and the taxonomy it was compiled for, and a hash of
every file. Nothing in an artifact is code, and no language model is in it.

The six programs that come with the package are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "FORMAT",
    "MANIFEST_FILE",
    "PROGRAM_FILE",
    "Artifact",
    "ByLanguage",
    "artifacts",
    "load",
    "open_artifact",
    "response_writer",
    "save",
    "stage_tracker",
    "strategy_classifier",
    "strategy_predictor",
    "support_agent",
    "support_agent_joint",
]

_HOMES = {
    "FORMAT": "manifest",
    "MANIFEST_FILE": "manifest",
    "PROGRAM_FILE": "manifest",
    "Artifact": "artifact",
    "ByLanguage": "by_language",
    "artifacts": "finding",
    "load": "finding",
    "open_artifact": "artifact",
    "save": "saving",
}
_PROGRAMS = (
    "response_writer",
    "stage_tracker",
    "strategy_classifier",
    "strategy_predictor",
    "support_agent",
    "support_agent_joint",
)

if TYPE_CHECKING:
    from csc_dspy.compiled.artifact import Artifact, open_artifact
    from csc_dspy.compiled.by_language import ByLanguage
    from csc_dspy.compiled.finding import artifacts, load
    from csc_dspy.compiled.manifest import FORMAT, MANIFEST_FILE, PROGRAM_FILE
    from csc_dspy.compiled.saving import save
    from csc_dspy.programs import Program

    response_writer: Program
    """history, strategy → response"""
    stage_tracker: Program
    """history → stage"""
    strategy_classifier: Program
    """history, turn → strategy of that turn"""
    strategy_predictor: Program
    """history → next strategy"""
    support_agent: Program
    """history → stage, strategy, response, one after the other"""
    support_agent_joint: Program
    """history → stage, strategy, response in one call"""
else:
    # Out of sight of type checkers, for which it would make every misspelled name a valid one.
    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _PROGRAMS:
            load = import_module(f"{__name__}.finding").load
            value = load(name.replace("_", "-"), packaged=True)
        elif name in _HOMES:
            value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Two threads that come first at once agree on one program.
        return globals().setdefault(name, value)


def __dir__() -> list[str]:
    return sorted(__all__)
