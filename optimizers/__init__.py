"""What turns a program and data into a better program: one file an optimizer.

Installed as ``csc_dspy.optimizers``. A name loads its part of the room when it is first used.
"""

from __future__ import annotations

if __name__ == "optimizers":
    raise ImportError("optimizers is part of csc_dspy; import csc_dspy.optimizers instead", name=__name__)

from typing import TYPE_CHECKING

# Not loaded late: a folder and a function have this name, and the function is meant.
from .sweep.sweeping import sweep

__all__ = [
    "OBJECTIVES",
    "OPTIMIZERS",
    "Bench",
    "Compilation",
    "CompilationInterrupted",
    "Compiled",
    "Models",
    "Optimizer",
    "Plan",
    "Trial",
    "compile",
    "compile_packaged",
    "optimizer",
    "packaged_programs",
    "prepare",
    "run_folder",
    "sweep",
]

_HOMES = {
    "OBJECTIVES": "objective",
    "OPTIMIZERS": "prompts.registry",
    "Bench": "_base",
    "Compilation": "compilation",
    "CompilationInterrupted": "outcome",
    "Compiled": "outcome",
    "Models": "models",
    "Optimizer": "_base",
    "Plan": "plan",
    "Trial": "trials",
    "compile": "compiling",
    "compile_packaged": "packaged",
    "optimizer": "prompts.registry",
    "packaged_programs": "packaged",
    "prepare": "compiling",
    "run_folder": "runs",
}

if TYPE_CHECKING:
    from ._base import Bench, Optimizer
    from .compilation import Compilation
    from .compiling import compile, prepare  # noqa: A004  as users call it
    from .models import Models
    from .objective import OBJECTIVES
    from .outcome import CompilationInterrupted, Compiled
    from .packaged import compile_packaged, packaged_programs
    from .plan import Plan
    from .prompts.registry import OPTIMIZERS, optimizer
    from .runs import run_folder
    from .trials import Trial
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
