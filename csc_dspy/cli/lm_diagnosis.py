"""Whether a language model can be reached, lets one in, and answers."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from csc_dspy.cli.connection import Connection
from csc_dspy.cli.diagnosis import Finding
from csc_dspy.exceptions import CSCError
from csc_dspy.lm import CallError, Label, OutputField, Task, is_structured
from csc_dspy.lm.calling import complete, request_for
from csc_dspy.lm.hosted.endpoint import Endpoint, proxy_for
from csc_dspy.lm.keys import find_key
from csc_dspy.lm.specs import Route, address_variable, route

if TYPE_CHECKING:
    import dspy

_PATIENCE: Final = 10.0
"""Seconds to wait for a connection."""
_PORTS: Final = {"http": 80, "https": 443}
_BLAMED: Final = {"auth": "API key", "billing": "account", "unsupported_model": "model"}
"""What is wrong when a call fails, by lm15's word for the failure."""


class _UnreachableError(CSCError):
    """The server's address leads nowhere."""


def language_model(connection: Connection) -> Iterator[Finding]:
    """Everything about a language model, up to the first thing that fails."""
    try:
        way = route(connection.lm, connection.api_base)
        yield Finding("language model", "fine", f"{way.spec}, {_engine(way)}")
        if way.api_base:
            yield from _on_the_way(way, way.api_base)
        yield from _answering(way, replace(connection, no_cache=True))
    except CallError as error:
        yield Finding(_BLAMED.get(str(error.code), "answer"), "failed", error.problem, error.remedy)
    except _UnreachableError as error:
        yield Finding("address", "failed", error.problem, error.remedy)
    except CSCError as error:
        yield Finding("language model", "failed", error.problem, error.remedy)


def _engine(way: Route) -> str:
    engines = {
        "embedded": "offline",
        "local": "on this machine",
        "hosted": f"at {way.api_base}",
        "lm15": "by DSPy's own engine",
        "litellm": "by LiteLLM",
    }
    return engines[way.kind]


def _on_the_way(way: Route, address: str) -> Iterator[Finding]:
    """What lies between here and the server."""
    endpoint = Endpoint(api_base=address)
    parts = urlsplit(endpoint.api_base)
    name, value = address_variable(way.provider, os.environ)
    if value == address:
        remedy = f"unset {name} if that is not meant"
        yield Finding("environment", "warning", f"{name} sends calls to {value}", remedy)
    if parts.scheme == "http" and not way.local:
        yield Finding("address", "warning", "calls are not encrypted", "use https:// if the server has it")
    proxy = proxy_for(endpoint)
    if proxy:
        # Nothing of what stands before the host, which may be a password.
        told = f"calls go through the proxy {urlsplit(proxy).netloc.rpartition('@')[2]}"
        yield Finding("environment", "warning", told, "name the server in NO_PROXY if they should not")
    else:
        yield _reached(parts.hostname or "", parts.port or _PORTS[parts.scheme])


def _reached(host: str, port: int) -> Finding:
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except socket.gaierror:
        raise _UnreachableError(
            f"the name {host} is not known", remedy="check --api-base and the network"
        ) from None
    except OSError as error:
        raise _UnreachableError(
            f"{host}:{port} cannot be reached: {error.strerror or 'no answer'}",
            remedy="start the server, or check --api-base and the network",
        ) from None
    return Finding("address", "fine", f"{host}:{port} can be reached")


def _answering(way: Route, connection: Connection) -> Iterator[Finding]:
    key = find_key(way.keys, connection.api_key_file)
    with connection.open() as lm:
        begun = time.perf_counter()
        _ask(lm)
        seconds = time.perf_counter() - begun
    if key:
        yield Finding("API key", "fine", f"from {key.origin}, accepted")
    yield Finding("answer", "fine", f"in {seconds:.2f} s, {connection.budget.usage.tokens} tokens")


def _ask(lm: dspy.LM) -> None:
    if is_structured(lm.engine):
        labels = (Label("yes", "agreement"), Label("no", "refusal"))
        task = Task("Doctor", "en", inputs=("turn",), outputs=(OutputField("agreed", labels),))
        lm.engine.answer(lm.model, task, [], {"turn": "Yes, agreed."})
        return
    messages = [
        {"role": "system", "content": "You test a connection."},
        {"role": "user", "content": "Answer with the one word: ok"},
    ]
    complete(lm, request_for(lm, {}, messages, generation=0))
