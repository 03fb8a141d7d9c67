"""Where the members of a taxonomy stand in a table of counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Stage, Strategy

M = TypeVar("M", Stage, Strategy)


class Places(dict[M | None, int]):
    """The place of every member, and after them one for no answer."""

    def __init__(self, members: Sequence[M]) -> None:
        super().__init__(zip([*members, None], range(len(members) + 1), strict=True))

    def __missing__(self, member: M) -> int:
        raise DataError(
            f"{member.id!r} is of the taxonomy {member.taxonomy!r}, which is not the one scored by",
            remedy="use one taxonomy throughout",
        )
