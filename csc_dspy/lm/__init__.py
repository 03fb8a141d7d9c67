"""Language models: which to ask, how to ask them, and what asking may cost.

A name loads its part of the room when it is first used; most parts need DSPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# Not loaded late: a module and a function have this name, and the function is meant.
from csc_dspy.lm.measuring import Measured, Usage, measuring

__all__ = [
    "Adapter",
    "Answer",
    "Budget",
    "CallError",
    "Label",
    "Measured",
    "OutputField",
    "Price",
    "RunUsage",
    "StructuredEngine",
    "Task",
    "UnreadableAnswerError",
    "Usage",
    "connect",
    "is_structured",
    "measuring",
    "parse_price",
    "using",
]

_HOMES = {
    "Adapter": "csc_dspy.lm.adapter",
    "Answer": "csc_dspy.lm.structured",
    "Budget": "csc_dspy.lm.budget",
    "CallError": "csc_dspy.lm.failures",
    "Label": "csc_dspy.lm.structured",
    "OutputField": "csc_dspy.lm.structured",
    "Price": "csc_dspy.lm.prices",
    "RunUsage": "csc_dspy.lm.budget",
    "StructuredEngine": "csc_dspy.lm.structured",
    "is_structured": "csc_dspy.lm.structured",
    "Task": "csc_dspy.lm.structured",
    "UnreadableAnswerError": "csc_dspy.lm.adapter",
    "connect": "csc_dspy.lm.connecting",
    "parse_price": "csc_dspy.lm.prices",
    "using": "csc_dspy.lm.connecting",
}

if TYPE_CHECKING:
    from csc_dspy.lm.adapter import Adapter, UnreadableAnswerError
    from csc_dspy.lm.budget import Budget, RunUsage
    from csc_dspy.lm.connecting import connect, using
    from csc_dspy.lm.failures import CallError
    from csc_dspy.lm.prices import Price, parse_price
    from csc_dspy.lm.structured import Answer, Label, OutputField, StructuredEngine, Task, is_structured
else:
    # Out of sight of type checkers, for which it would make every misspelled name a valid one.
    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
