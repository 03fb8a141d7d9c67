"""The parameters that a sweep may search, and what each can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from csc_dspy.metrics import Weights
from csc_dspy.taxonomy import LANGUAGES

from .space import PIPELINE, UNCOMPILED

VARIANTS: Final = ("pipeline", "joint")
DEFAULTS: Final[Mapping[str, Any]] = {
    "program": "strategy-predictor",
    "variant": VARIANTS[0],
    "prompt-language": None,
    "reasoning": False,
    "history-tokens": "all",
    "shown.definitions": True,
    "shown.distinctions": True,
    "shown.stage-so-far": True,
    "shown.stage": False,
    "shown.hint": False,
    "lm": "embedded",
    "temperature": None,
    "optimizer": UNCOMPILED,
    "prior-weight": 0.0,
    "calibration": 0.0,
}
"""What parameters are where a sweep does not say, in the order in which they are chosen."""
SHOWN: Final = tuple(name.partition(".")[2] for name in DEFAULTS if name.startswith("shown."))
WEIGHTS: Final = tuple(each.name for each in fields(Weights))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a value has to be."""

    words: str
    types: tuple[type, ...]
    names: Sequence[str] | None = None
    """All that it can be, if it is one of some names."""
    least: float | None = None
    most: float | None = None
    besides: tuple[Any, ...] = ()
    """Values of another type that are right too."""
    several: bool = False
    """Whether it is a list of such values."""

    @property
    def number(self) -> bool:
        """Whether it can be searched for between two ends."""
        return not self.several and (int in self.types or float in self.types)

    @property
    def whole(self) -> bool:
        """Whether it is a whole number."""
        return float not in self.types

    def fits(self, value: object) -> bool:
        """Whether a value is of the kind, whatever its name is."""
        if self.several:
            return isinstance(value, list) and bool(value) and all(map(self._fits, value))
        return self._fits(value)

    def _fits(self, value: object) -> bool:
        # Compared exactly: to Python, True is a whole number too.
        if value in self.besides and not isinstance(value, bool):
            return True
        if type(value) not in self.types:
            return False
        if not isinstance(value, int | float) or isinstance(value, bool):
            return True
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)


YES_OR_NO: Final = Kind(words="true or false", types=(bool,))
TEXT: Final = Kind(words="text in quotes", types=(str,))
POSITIVE: Final = Kind(words="a number from 0 upwards", types=(int, float), least=0)
_FIELDS: Final = {
    "int": Kind(words="a whole number", types=(int,)),
    "int | None": Kind(words="a whole number", types=(int,)),
    "float": Kind(words="a number", types=(int, float)),
    "tuple[float, ...]": Kind(words="a list of numbers", types=(int, float), several=True),
}
"""Parameters of optimizers, by how they are annotated."""


def kinds() -> dict[str, Kind]:
    """What every parameter can be, but for those of optimizers."""
    from csc_dspy.programs import PROGRAMS

    return {
        "program": Kind(words="the name of a program", types=(str,), names=tuple(PROGRAMS)),
        "variant": Kind(words=f"a variant of {PIPELINE}", types=(str,), names=VARIANTS),
        "prompt-language": Kind(words="a language", types=(str,), names=LANGUAGES),
        "reasoning": YES_OR_NO,
        "history-tokens": Kind(words='a whole number, or "all"', types=(int,), least=1, besides=("all",)),
        **{f"shown.{name}": YES_OR_NO for name in SHOWN},
        "lm": TEXT,
        "temperature": Kind(words="a number from 0 to 2", types=(int, float), least=0, most=2),
        "optimizer": TEXT,
        "prior-weight": POSITIVE,
        "calibration": POSITIVE,
        **{f"weights.{name}": POSITIVE for name in WEIGHTS},
    }


def optimizer_kinds(name: str) -> dict[str, Kind]:
    """What the parameters of an optimizer can be, by their names as TOML has them."""
    from ..prompts.registry import optimizer

    made: Any = optimizer(name)
    return {each.name.replace("_", "-"): _FIELDS[str(each.type)] for each in fields(made)}
