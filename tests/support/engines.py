"""Engines for the test server, and requests to give them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final, Protocol

from dspy import lm15

from csc_dspy.lm.hosted import Endpoint, HostedEngine, Limits

_OF_ENDPOINT: Final = {each.name for each in fields(Endpoint)}


class MakeEngine(Protocol):
    """Makes engines that are closed at the end of the test."""

    def __call__(self, **options: Any) -> HostedEngine: ...  # noqa: ANN401  each option has its own type


def new_engine(**options: Any) -> HostedEngine:  # noqa: ANN401  each option has its own type
    """An engine that is quick to try again; options are those of an endpoint and of limits."""
    endpoint = {name: options.pop(name) for name in list(options) if name in _OF_ENDPOINT}
    return HostedEngine(Endpoint(**endpoint), Limits(**{"first_wait": 0.01, "timeout": 20.0, **options}))


def new_request(
    text: str = "Where is my order?",
    *,
    model: str = "test",
    **config: Any,  # noqa: ANN401  each its own
) -> lm15.Request:
    """A request as an adapter makes them; options are fields of the configuration."""
    return lm15.Request(
        model=model,
        system="You support customers.",
        messages=(lm15.Message.user(text),),
        config=lm15.Config(**config),
    )
