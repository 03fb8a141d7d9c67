"""What the test server can be told to do with a request: answer well, oddly, badly, late, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What happens to one request. What is left out happens as on a healthy server."""

    status: int = 200
    message: str = "the server cannot do that now"
    """What an error says."""
    code: str | None = None
    """The code of an error, such as ``insufficient_quota``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    """The answer; without it, one that fits the prompt."""
    label: Callable[[str], str] = str
    """How labels in the fitting answer are spelled."""
    edit: Callable[[str], str] = str
    """What is done to the whole text of the answer."""
    reply: Callable[[Mapping[str, Any]], str | None] = lambda _asked: None
    """The answer to a request by its body; None for one that fits the prompt."""
    finish_reason: str = "stop"
    usage: Mapping[str, Any] | None = None
    """Reported usage; without it, estimates."""
    body: bytes | None = None
    """The body, whatever else is said."""
    content_type: str = "application/json"
    """The type of ``body``."""
    latency: float = 0.0
    """Seconds before anything is sent."""
    hang: bool = False
    """Nothing is ever sent."""
    pieces: int | tuple[int, ...] | None = None
    """Sends the body in pieces of this many bytes, or cut at these places, however they fall."""
    drip: float = 0.0
    """Seconds between pieces."""
    cut_after: int | None = None
    """Closes the connection after this many bytes of the body."""
    reset: bool = False
    """Makes that close a connection reset."""


HEALTHY = Behaviour()


def says(text: str) -> Behaviour:
    """Answers with a fixed text."""
    return Behaviour(text=text)


def respells(label: Callable[[str], str]) -> Behaviour:
    """Answers well but for the labels: ``respells(str.upper)``, ``respells(in_chinese.__getitem__)``."""
    return Behaviour(label=label)


def chatters() -> Behaviour:
    """Puts prose around a good answer."""
    return Behaviour(edit=lambda text: f"Sure! Here is my answer.\n\n{text}\n\nLet me know if you need more.")


def stops_short(characters: int) -> Behaviour:
    """Runs out of tokens after so many characters."""
    return Behaviour(edit=lambda text: text[:characters], finish_reason="length")


def fails(status: int, message: str = "the server cannot do that now", code: str | None = None) -> Behaviour:
    """Answers with an error."""
    return Behaviour(status=status, message=message, code=code)


def throttles(retry_after: str | None = None) -> Behaviour:
    """Answers 429; ``retry_after`` is the header as sent, in seconds or as a date."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Behaviour(status=429, message="Rate limit reached", code="rate_limit_exceeded", headers=headers)


def sends(body: bytes, content_type: str = "application/json") -> Behaviour:
    """Answers 200 with these bytes."""
    return Behaviour(body=body, content_type=content_type)


def breaks_off(after: int = 20, *, reset: bool = False) -> Behaviour:
    """Closes or resets the connection in the middle of a good answer."""
    return Behaviour(cut_after=after, reset=reset)


def hangs() -> Behaviour:
    """Never answers."""
    return Behaviour(hang=True)


def slow(seconds: float) -> Behaviour:
    """Answers well, but late."""
    return Behaviour(latency=seconds)


def drips(seconds: float, pieces: int = 16) -> Behaviour:
    """Answers well, but in small pieces with pauses."""
    return Behaviour(pieces=pieces, drip=seconds)


class Mixture:
    """Draws behaviours by their probabilities, from a seed; what remains is health."""

    def __init__(self, shares: list[tuple[Behaviour, float]], seed: int) -> None:
        self._shares = shares
        self._random = random.Random(seed)

    def __call__(self) -> Behaviour:
        """The next behaviour."""
        point = self._random.random()
        for behaviour, share in self._shares:
            if point < share:
                return behaviour
            point -= share
        return HEALTHY
