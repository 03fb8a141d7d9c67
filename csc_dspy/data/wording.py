"""What is wrong with a value, in the words of this package instead of those of its libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csc_dspy.data.problems import Flaw

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_JSON_TYPES: Final = {str: "text", bool: "true or false", dict: "an object", list: "a list"}
_FLAWS: Final = {
    "missing": ("has no {field}", "add it; docs/data.md shows the schema"),
    "string_too_short": ("{field} is empty", "give the turn a text or remove it"),
    "string_pattern_mismatch": ("{field} is empty", "give the turn a text or remove it"),
    "string_type": ("{field} is {given}, not text", "give text, or leave it out where it is optional"),
    "string_unicode": ("{field} is not text, it holds half of a surrogate pair", "remove the \\uD8xx escape"),
    "tuple_type": ("{field} is {given}, not a list", "give a list of turns"),
    "model_type": ("is {given}, not an object", "a turn is an object with speaker, text and strategy"),
    "dict_type": ("{field} is {given}, neither an object nor text", "give one of them or leave it out"),
}


def json_type(value: object) -> str:
    """What JSON calls a value, with its article."""
    return "null" if value is None else _JSON_TYPES.get(type(value), "a number")


def flaw_of(error: ErrorDetails) -> Flaw:
    """What a validation error says."""
    context = error.get("ctx", {})
    if error["type"] == "csc":
        return error["msg"], context["remedy"]
    field = f"`{error['loc'][0]}`" if error["loc"] else "it"
    unforeseen = (f"{field}: {error['msg']}", "docs/data.md shows the schema")
    problem, remedy = _FLAWS.get(error["type"], unforeseen)
    return problem.format(field=field, given=json_type(error["input"])), remedy
