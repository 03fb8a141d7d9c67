"""The space that a sweep searches: parameters, what each may be, and when it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import optuna

UNCOMPILED: Final = "none"
"""The optimizer that leaves a program as it is. It is in every space, because the baseline is."""
JOIN: Final = "+"
PIPELINE: Final = "support-agent"
"""The program whose variant can be chosen."""

_FITTED: Final = {"prior-weight": "prior", "calibration": "calibrate"}
"""Parameters that an optimizer finds by itself, where it is in the chain."""

Values = Mapping[str, Any]
"""Parameters of a trial by their names."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values; a single one is not searched for."""

    values: tuple[Any, ...]

    @property
    def fixed(self) -> bool:
        """Whether there is nothing to choose."""
        return len(self.values) == 1

    @property
    def ends(self) -> tuple[Any, ...]:
        """Values that are to be checked, in place of all."""
        return self.values

    def nearest(self, wanted: object) -> Any:  # noqa: ANN401  one of the values
        """What is wanted if it can be chosen, else the first."""
        # True and 1 are equal, and not the same choice.
        alike = (each for each in self.values if each == wanted and type(each) is type(wanted))
        return next(alike, self.values[0])

    def suggest(self, trial: optuna.Trial, name: str) -> Any:  # noqa: ANN401  one of the values
        """A value for a trial."""
        return self.values[0] if self.fixed else trial.suggest_categorical(name, self.values)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"values": list(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Numbers between two, both included; whole ones if both are whole."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def fixed(self) -> bool:
        """Whether there is nothing to choose."""
        return self.low == self.high

    @property
    def ends(self) -> tuple[float, ...]:
        """Values that are to be checked, in place of all."""
        return self.low, self.high

    def nearest(self, wanted: object) -> float:
        """What is wanted if it is in the range, else the end next to it."""
        if not isinstance(wanted, int | float):
            return self.low
        inside = min(max(wanted, self.low), self.high)
        if self.step is None:
            return int(inside) if self.whole else float(inside)
        stepped = self.low + round((inside - self.low) / self.step) * self.step
        return min(stepped, self.high)

    def suggest(self, trial: optuna.Trial, name: str) -> float:
        """A value for a trial."""
        if self.fixed:
            return self.low
        if self.whole:
            step = 1 if self.step is None else int(self.step)
            return trial.suggest_int(name, int(self.low), int(self.high), step=step, log=self.log)
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"low": self.low, "high": self.high, "step": self.step, "log": self.log}


Dimension = Choice | Range


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter by its name."""

    name: str
    dimension: Dimension
    default: Any
    """What it is where nothing is said, and in the baseline as far as it is in the space."""


@dataclass(frozen=True, slots=True)
class Space:
    """Parameters in the order in which they are chosen: whatever one depends on comes before it."""

    parameters: tuple[Parameter, ...] = ()

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """Values for a trial, of the parameters that count in it."""
        chosen: dict[str, Any] = {}
        for each in self.parameters:
            if counts(each.name, chosen):
                chosen[each.name] = each.dimension.suggest(trial, each.name)
        return chosen

    def baseline(self) -> dict[str, Any]:
        """The uncompiled program: defaults as far as they are in the space, and no optimizer."""
        chosen: dict[str, Any] = {}
        for each in self.parameters:
            if counts(each.name, chosen):
                chosen[each.name] = each.dimension.nearest(each.default)
        return chosen

    def values(self, searched: Values) -> dict[str, Any]:
        """All values of a trial, from those that were searched for."""
        chosen: dict[str, Any] = {}
        for each in self.parameters:
            if counts(each.name, chosen):
                fixed = each.dimension.fixed
                chosen[each.name] = each.dimension.ends[0] if fixed else searched[each.name]
        return chosen

    def searched(self, chosen: Values) -> dict[str, Any]:
        """Of values, those that a sampler chooses."""
        free = {each.name for each in self.parameters if not each.dimension.fixed}
        return {name: value for name, value in chosen.items() if name in free}

    def options(self, name: str) -> tuple[Any, ...]:
        """What a parameter may be; nothing if it is not in the space."""
        found = (each.dimension.ends for each in self.parameters if each.name == name)
        return next(found, ())

    @property
    def free(self) -> tuple[Parameter, ...]:
        """The parameters that are searched for."""
        return tuple(each for each in self.parameters if not each.dimension.fixed)

    @property
    def conditional(self) -> bool:
        """Whether which parameters count depends on others that are searched for."""
        chains = self.options("optimizer")
        depends = {
            "variant": len(self.options("program")) > 1,
            "temperature": len(self.options("lm")) > 1,
            **{name: any(link in links(each) for each in chains) for name, link in _FITTED.items()},
        }
        return any(depends.get(each.name, _of_chain(each.name)) for each in self.free)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {each.name: each.dimension.to_dict() for each in self.parameters}


def counts(name: str, chosen: Values) -> bool:
    """Whether a parameter counts beside what has been chosen before it."""
    if name == "variant":
        return chosen.get("program") == PIPELINE
    if name == "temperature":
        return str(chosen.get("lm", "")).partition("/")[0] != "embedded"
    chain = links(chosen.get("optimizer", UNCOMPILED))
    if name in _FITTED:
        return _FITTED[name] not in chain
    table = name.partition(".")[0]
    return not _of_chain(name) or (bool(chain) if table == "weights" else table in chain)


def _of_chain(name: str) -> bool:
    """Whether a parameter is of optimizers."""
    table, dot, _ = name.partition(".")
    return bool(dot) and table != "shown"


def links(chain: str) -> Sequence[str]:
    """The optimizers of a chain, by their names."""
    return [] if chain == UNCOMPILED else [name.strip() for name in chain.split(JOIN)]
