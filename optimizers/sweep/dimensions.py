"""What a parameter may be, as TOML says it."""

from __future__ import annotations

from typing import Any, Final

from .checked import Checked, Place, Tables
from .names import POSITIVE, Kind
from .space import Choice, Dimension, Range

_RANGE: Final = ("low", "high", "step", "log")
_DIMENSION: Final = ("values", *_RANGE)
_WHOLE: Final = Kind(words="a whole number", types=(int,))
_CLOSE: Final = 1e-9


def dimension(given: Checked, path: Place, kind: Kind, value: Any) -> Dimension:  # noqa: ANN401  any TOML value
    """What a parameter may be: a value, a choice of values, or a range."""
    if not isinstance(value, dict):
        given.fit(path, kind, value)
        return Choice((tuple(value) if kind.several else value,))
    given.only(path, value, _DIMENSION)
    if "values" in value:
        return _choice(given, path, kind, value)
    return _range(given, path, kind, value)


def _choice(given: Checked, path: Place, kind: Kind, table: Tables) -> Choice:
    values = table["values"]
    if len(table) > 1:
        given.refuse(path, "`values` stand alone", "give either them, or `low` and `high`")
    if not isinstance(values, list) or not values:
        given.refuse(path, "`values` must be a list of what to choose from", None)
    if kind.several:
        given.refuse(path, "can only be fixed", f"give {kind.words}")
    for value in values:
        given.fit(path, kind, value)
    # True and 1 are equal, and not the same.
    if len({(type(value), value) for value in values}) < len(values):
        given.refuse(path, "a value is there twice", "give each once")
    return Choice(tuple(values))


def _range(given: Checked, path: Place, kind: Kind, table: Tables) -> Range:
    if not kind.number:
        given.refuse(path, f"must be {kind.words}", "give `values` to choose from")
    for name in ("low", "high"):
        if name not in table:
            given.refuse(path, f"`{name}` is missing", "a range has `low` and `high`")
        given.fit(path, kind, table[name], f"`{name}` ")
    if not isinstance(table.get("log", False), bool):
        given.refuse(path, "`log` must be true or false", None)
    low, high = table["low"], table["high"]
    if isinstance(low, str) or isinstance(high, str):
        given.refuse(path, "a range is of numbers", "give `values` to choose from")
    if not kind.whole:
        low, high = float(low), float(high)
    found = Range(low=low, high=high, step=table.get("step"), log=table.get("log", False))
    _require_possible(given, path, found)
    return found


def _require_possible(given: Checked, path: Place, found: Range) -> None:
    if found.low > found.high:
        given.refuse(path, f"`low` {found.low:g} is above `high` {found.high:g}", "exchange them")
    if found.log and found.low <= 0:
        given.refuse(
            path, f"`log` needs a `low` above 0, not {found.low:g}", "leave out `log`, or raise `low`"
        )
    step = found.step
    if step is None:
        return
    kind = _WHOLE if found.whole else POSITIVE
    if not kind.fits(step) or step <= 0:
        given.refuse(path, f"`step` must be {kind.words} above 0", None)
    if found.log:
        given.refuse(path, "`step` and `log` exclude each other", "leave out one of them")
    steps = (found.high - found.low) / step
    if abs(steps - round(steps)) > _CLOSE:
        reached = found.low + int(steps) * step
        given.refuse(path, f"`high` {found.high:g} is not on a step", f"the last one is {reached:g}")
