"""Programs measured on labelled conversations, in both contexts, with what is needed to judge the figures.

A name loads its part of the room when it is first used; most parts need DSPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["CONTEXTS", "Context", "Evaluation", "Score", "evaluate"]

_HOMES = {
    "CONTEXTS": "contexts",
    "Context": "contexts",
    "Evaluation": "result",
    "Score": "scoring",
    "evaluate": "evaluating",
}

if TYPE_CHECKING:
    from csc_dspy.evaluation.contexts import CONTEXTS, Context
    from csc_dspy.evaluation.evaluating import evaluate
    from csc_dspy.evaluation.result import Evaluation
    from csc_dspy.evaluation.scoring import Score
else:
    # Out of sight of type checkers, for which it would make every misspelled name a valid one.
    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
