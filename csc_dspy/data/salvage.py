"""Finding everything that is wrong with a row, where validation stops at the first mistake of a turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from csc_dspy.conversations import Turn
from csc_dspy.taxonomy import Taxonomy

# An error of a turn as a whole is that it carries labels where it may not.
_LABELS: Final = ("strategy", "stage")
# Something has to be said in a turn for the rest of it to be looked at.
_STAND_IN: Final = "…"


class Salvaged(NamedTuple):
    """What is known of a turn, None if not even who speaks, and what is wrong with it."""

    turn: Turn | None
    errors: tuple[ErrorDetails, ...] = ()

    @property
    def is_customers(self) -> bool:
        """Whether it is known to be the customer's."""
        return self.turn is not None and self.turn.speaker == "customer"

    @property
    def lacks_label(self) -> bool:
        """Whether it is the supporter's and has no strategy, not even a wrong one."""
        if self.turn is None or self.is_customers or self.turn.strategy:
            return False
        return not any(error["loc"][:1] == ("strategy",) for error in self.errors)


def salvage(
    row: Mapping[str, Any], error: ValidationError, taxonomy: Taxonomy
) -> tuple[list[ErrorDetails], list[Salvaged] | None]:
    """What is wrong with a row, which failed to validate, as a whole; and its turns, if it has any."""
    whole: dict[tuple[int | str, ...], ErrorDetails] = {}
    for found in error.errors(include_url=False):
        if found["loc"][:1] != ("dialogue",) or len(found["loc"]) == 1:
            whole.setdefault(found["loc"][:1], found)
    turns = row.get("dialogue")
    # An error without a place is that of the taxonomy, and labels mean nothing without one.
    if not isinstance(turns, list) or () in whole:
        return list(whole.values()), None
    return list(whole.values()), [_salvage_turn(turn, taxonomy) for turn in turns]


def _salvage_turn(turn: object, taxonomy: Taxonomy) -> Salvaged:
    """Validate, and again without what was wrong, until nothing is or it is not known who speaks."""
    errors: list[ErrorDetails] = []
    while True:
        try:
            return Salvaged(Turn.model_validate(turn, context=taxonomy), tuple(errors))
        except ValidationError as error:
            found = error.errors(include_url=False)
        errors += found
        blamed = {field for each in found for field in each["loc"][:1] or _LABELS}
        if not isinstance(turn, Mapping) or "speaker" in blamed:
            return Salvaged(None, tuple(errors))
        kept = {key: value for key, value in turn.items() if key not in blamed}
        turn = kept | {"text": _STAND_IN} if "text" in blamed else kept
