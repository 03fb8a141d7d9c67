"""What a program would send to an OpenAI-compatible server, without sending it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import dspy
from dspy.lm15 import Message, OpenAIChatLM, Request, Response, Usage

from csc_dspy.lm.adapter import Adapter
from csc_dspy.lm.connecting import connect, endpoint_of
from csc_dspy.lm.hosted.dialects import compat_of
from csc_dspy.lm.specs import Route, route

PLACEHOLDER: Final = "MODEL"
"""Stands for the model's name where prompts are for whatever model someone has."""
_ANYWHERE: Final = "http://localhost/v1"
_END: Final = "[[ ## completed ## ]]"


def wire_bodies(
    ask: Callable[[], object],
    answers: Iterable[Mapping[str, str]],
    spec: str,
    api_base: str | None = None,
    **options: Any,  # noqa: ANN401  those of connect
) -> list[bytes]:
    """The bodies of the requests that ``ask`` would make, byte for byte, if it got these ``answers``.

    For a language model that takes no prompts, or no such requests, they are for `PLACEHOLDER`.
    """
    way = route(spec, api_base)
    if way.kind != "hosted":
        way = route(PLACEHOLDER, _ANYWHERE)
    lm = connect(way.spec, api_base=_ANYWHERE, cache=False, **options)
    lm.engine.close()
    engine = _Prompter(answers)
    with dspy.context(lm=lm.copy(engine=engine), adapter=Adapter(), disable_history=True):
        ask()
    return [_body(way, request) for request in engine.asked]


class _Prompter:
    """An engine that answers what it was told to, and keeps what it was asked."""

    direct: Final = True

    def __init__(self, answers: Iterable[Mapping[str, str]]) -> None:
        self.asked: list[Request] = []
        self.asynchronous = self
        self._answers = iter(answers)

    def complete(self, request: Request) -> Response:
        """The next answer."""
        self.asked.append(request)
        fields = "\n\n".join(f"[[ ## {name} ## ]]\n{value}" for name, value in next(self._answers).items())
        return Response(
            id="prompted",
            model=request.model,
            message=Message.assistant(f"{fields}\n\n{_END}"),
            finish_reason="stop",
            usage=Usage(),
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> _Prompter:
        return self


def _body(way: Route, request: Request) -> bytes:
    endpoint = endpoint_of(way)
    writer = OpenAIChatLM(api_key="none", base_url=endpoint.api_base, compat=compat_of(endpoint))
    addressed = replace(request, model=endpoint.wire_model(request.model))
    body: bytes = writer.build_request(addressed, stream=False).body
    return body
