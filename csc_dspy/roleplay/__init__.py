"""RoleCS: training conversations by role play. The room itself can be called: ``csc_dspy.roleplay(...)``.

A name loads its part of the room when it is first used; most parts need DSPy.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = [
    "DIFFICULTIES",
    "EVENTS",
    "ROLES",
    "Failed",
    "Flaw",
    "Industry",
    "Models",
    "Outcome",
    "Plan",
    "Played",
    "Profile",
    "Role",
    "Rules",
    "Scenario",
    "Settled",
    "Synthesis",
    "Task",
    "Topic",
    "estimate",
    "examples",
    "play",
    "roleplay",
    "settle",
]

_HOMES = {
    "DIFFICULTIES": "_base",
    "EVENTS": "_base",
    "ROLES": "_base",
    "Failed": "_base",
    "Flaw": "_base",
    "Industry": "_base",
    "Models": "models",
    "Outcome": "result",
    "Plan": "planning",
    "Played": "_base",
    "Profile": "_base",
    "Role": "_base",
    "Rules": "rules",
    "Scenario": "_base",
    "Settled": "settling",
    "Synthesis": "synthesis",
    "Task": "_base",
    "Topic": "_base",
    "estimate": "estimating",
    "examples": "teaching",
    "play": "playing",
    "settle": "settling",
}

if TYPE_CHECKING:
    from csc_dspy.roleplay._base import (
        DIFFICULTIES,
        EVENTS,
        ROLES,
        Failed,
        Flaw,
        Industry,
        Played,
        Profile,
        Role,
        Scenario,
        Task,
        Topic,
    )
    from csc_dspy.roleplay.estimating import estimate
    from csc_dspy.roleplay.making import roleplay
    from csc_dspy.roleplay.models import Models
    from csc_dspy.roleplay.planning import Plan
    from csc_dspy.roleplay.playing import play
    from csc_dspy.roleplay.result import Outcome
    from csc_dspy.roleplay.rules import Rules
    from csc_dspy.roleplay.settling import Settled, settle
    from csc_dspy.roleplay.synthesis import Synthesis
    from csc_dspy.roleplay.teaching import examples
else:
    # Out of sight of type checkers, for which it would make every misspelled name a valid one.
    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name == "roleplay":
            return sys.modules[__name__]
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Callable(ModuleType):
    """The room, which shares its name with what is mostly done in it."""

    def __call__(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401  those of the function
        from csc_dspy.roleplay.making import roleplay

        return roleplay(*args, **options)


sys.modules[__name__].__class__ = _Callable
