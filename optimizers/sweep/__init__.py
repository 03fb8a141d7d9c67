"""Optuna sweeps over how a program is built and compiled.

::

    from csc_dspy.optimizers import sweep

    swept = sweep(preset="quick", language="en", trials=30, out="sweeps/quick")

A name loads its part of the room when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "PRESETS",
    "Finalist",
    "Settings",
    "Standing",
    "Swept",
    "confirm",
    "initial_text",
    "open_storage",
    "open_study",
    "preset_text",
    "read_settings",
    "sweep",
    "work",
]

_HOMES = {
    "PRESETS": "reading",
    "Finalist": "result",
    "Settings": "settings",
    "Standing": "standing",
    "Swept": "result",
    "confirm": "confirming",
    "initial_text": "reading",
    "open_storage": "storage",
    "open_study": "studies",
    "preset_text": "reading",
    "read_settings": "reading",
    "sweep": "sweeping",
    "work": "working",
}

if TYPE_CHECKING:
    from .confirming import confirm
    from .reading import PRESETS, initial_text, preset_text, read_settings
    from .result import Finalist, Swept
    from .settings import Settings
    from .standing import Standing
    from .storage import open_storage
    from .studies import open_study
    from .sweeping import sweep
    from .working import work
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
