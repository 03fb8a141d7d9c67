"""``NAME=VALUE`` on the command line, for parameters that each optimizer or training has of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from csc_dspy.exceptions import ConfigError


def named_values(parameters: Iterable[str], option: str = "--parameter") -> dict[str, Any]:
    """``NAME=VALUE`` taken apart; what reads as JSON is that, all else is text."""
    found: dict[str, Any] = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"{parameter!r} has no value", where=option, remedy="write NAME=VALUE")
        found[name.strip().replace("-", "_")] = _value(value)
    return found


def _value(text: str) -> Any:  # noqa: ANN401  any JSON value
    try:
        return json.loads(text)
    except ValueError:
        return text
