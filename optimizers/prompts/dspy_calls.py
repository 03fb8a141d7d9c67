"""What is known before anything is asked: which parameters make sense, and how often programs ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.programs import Program

TRIES: Final = 2
"""An answer that cannot be read is asked for once more."""

PROPOSING: Final = 2 * TRIES
"""A proposal, and the same in the right language."""


def require(optimizer: str, **parameters: tuple[int, int]) -> None:
    """ConfigError if a parameter, given with the least that it may be, is less."""
    for name, (value, least) in parameters.items():
        if value < least:
            raise ConfigError(f"{name} is {value}", where=optimizer, remedy=f"give {least} or more")


def asking(program: Program) -> int:
    """The most calls for one answer of a program, where the history is labelled."""
    return TRIES * len(program.predictors())
