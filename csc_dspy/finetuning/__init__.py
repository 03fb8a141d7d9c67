"""Fine-tuning data: the questions of a program, byte for byte as it asks them, with the right answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["EvaluationLeakError", "Export", "Exported", "export", "prepare"]

_HOMES = {
    "EvaluationLeakError": "leaks",
    "Export": "exporting",
    "Exported": "result",
    "export": "preparing",
    "prepare": "preparing",
}

if TYPE_CHECKING:
    from csc_dspy.finetuning.exporting import Export
    from csc_dspy.finetuning.leaks import EvaluationLeakError
    from csc_dspy.finetuning.preparing import export, prepare
    from csc_dspy.finetuning.result import Exported
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
