"""The two files beside a form: its key, and what a rater sends back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from csc_dspy.exceptions import DataError

Side = Literal["a", "b"]
Choice = Literal["left", "right", "tie", "unknown"]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    named: ClassVar[str]
    remedy: ClassVar[str]


class KeyItem(_File):
    """A comparison: which turn it is, and whose response stands on the left."""

    dialogue: str
    turn: int
    left: Side


class Key(_File):
    """What a form hides."""

    named = "key of a form"
    remedy = "give the .key.json that was written beside the form"

    format: Literal[1] = 1
    form: str
    a: str
    b: str
    seed: int
    turns: int
    """How many supporter turns there were to choose from."""
    identical: int
    """How many of them both systems answered in the same words, which nobody has to compare."""
    unanswered: int
    """How many of them one of the systems did not answer."""
    aspects: list[str]
    items: list[KeyItem]

    def choice_of(self, place: int, choice: Choice) -> str | None:
        """Whose response was chosen: ``a``, ``b``, ``tie``, or None where it could not be told."""
        if choice in {"left", "right"}:
            return self.items[place].left if choice == "left" else _OTHER[self.items[place].left]
        return None if choice == "unknown" else choice


class Answers(_File):
    """What one rater answered: for each item in the order of the form, by aspect."""

    named = "file of answers"
    remedy = "give the file that the form saved, unchanged"

    format: Literal[1] = 1
    form: str
    rater: Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
    answers: list[dict[str, Choice]]


_OTHER: dict[Side, Side] = {"a": "b", "b": "a"}

F = TypeVar("F", Key, Answers)


def read_file(path: str | Path, kind: type[F]) -> F:
    """A key or a rater's answers; DataError says what is wrong with the file."""
    try:
        return kind.model_validate_json(Path(path).read_bytes())
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    problem = f"{place}: {first['msg']}" if place else first["msg"]
    raise DataError(f"is no {kind.named}: {problem}", where=str(path), remedy=kind.remedy)
