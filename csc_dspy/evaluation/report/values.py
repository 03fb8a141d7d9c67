"""Numbers as the page writes them. What is not known is a dash."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "–"


def decimal(value: float | None, digits: int = 2) -> str:
    """A number with a fixed number of digits."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """A percentage with one digit."""
    return decimal(value, 1)


def count(value: int | None) -> str:
    """A whole number with separated thousands."""
    return UNKNOWN if value is None else f"{value:,}"


def counted(number: int, noun: str) -> str:
    """``1 turn``, ``2 turns``."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def seconds(value: float | None) -> str:
    """A time, in the unit that suits it."""
    if value is None:
        return UNKNOWN
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"
