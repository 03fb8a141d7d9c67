"""Asking a language model: requests out, responses back, bookkeeping on the way.

Engines of ours are called directly. DSPy's layer around an engine copies and checks every request and prices
every call against a catalogue, which costs more than all our own work. It is taken where something depends on
it: callbacks, DSPy's streaming, and every engine that is not ours.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final, Protocol, TypeGuard

import dspy
from dspy.clients.call_result import usage_dict
from dspy.dsp.utils.settings import settings
from dspy.lm15 import Config, Request, Response
from dspy.lm15 import Message as LM15Message

from csc_dspy.lm.label_likelihoods import label_fields
from csc_dspy.lm.measuring import record_call
from csc_dspy.lm.rendering import Message

# Options of a dspy.LM that are fields of a request's configuration under another or the same name.
_CONFIG: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "logprobs": "logprobs",
}
# Options that say how often and under which name to ask, not what.
_OUTSIDE: Final = {"n", "num_generations", "rollout_id", "cache", "prompt_cache"}
_LIKELIHOODS: Final = "csc_dspy_likelihoods"
"""The attribute of a language model that says how many likelihoods a token to ask for."""
_MOST_LIKELIHOODS: Final = 20
"""More are refused everywhere."""


class AsyncEngine(Protocol):
    """The asynchronous side of an engine."""

    async def complete(self, request: Request) -> Response:
        """Answer one request."""
        ...


class DirectEngine(Protocol):
    """An engine that does its own retries, caching and accounting, and may be called without DSPy's layer."""

    direct: bool
    asynchronous: AsyncEngine

    def complete(self, request: Request) -> Response:
        """Answer one request."""
        ...


def is_direct(engine: object) -> TypeGuard[DirectEngine]:
    """Whether an engine may be called without DSPy's layer."""
    return getattr(engine, "direct", False) is True


def generations(lm: dspy.LM, options: Mapping[str, Any]) -> int:
    """How many answers are asked for."""
    merged = {**lm.kwargs, **options}
    return int(merged.get("n") or merged.get("num_generations") or 1)


def ask_for_likelihoods(lm: dspy.LM) -> None:
    """Have a language model, and every copy of it, asked how likely labels were."""
    # Not one of its options: DSPy would ask for them in every call, and answer in another form.
    setattr(lm, _LIKELIHOODS, _MOST_LIKELIHOODS)


def request_for(
    lm: dspy.LM,
    options: Mapping[str, Any],
    messages: list[Message],
    generation: int,
    signature: type[dspy.Signature] | None = None,
) -> Request:
    """The canonical request for rendered messages: those of ``signature``, where they are of one."""
    merged = {key: value for key, value in {**lm.kwargs, **options}.items() if value is not None}
    likelihoods = getattr(lm, _LIKELIHOODS, None)
    if likelihoods is not None and signature is not None and label_fields(signature):
        merged.setdefault("logprobs", likelihoods)
    seed = _seed(merged.get("rollout_id"), generation)
    if seed is not None:
        merged.setdefault("seed", seed)
    config = {_CONFIG[key]: value for key, value in merged.items() if key in _CONFIG}
    extensions = {key: value for key, value in merged.items() if key not in _CONFIG and key not in _OUTSIDE}
    system, *rest = messages
    return Request(
        model=lm.model,
        system=system["content"],
        messages=tuple(_message(message) for message in rest),
        config=Config(**config, extensions=extensions or None),
    )


def complete(lm: dspy.LM, request: Request) -> Response:
    """Answer ``request`` by the language model."""
    engine = lm.engine
    if _takes_direct_calls(lm, engine):
        response: Response = engine.complete(request)
        keep_books(lm, request, response)
    else:
        response = _recorded(lm(request))
    return response


async def acomplete(lm: dspy.LM, request: Request) -> Response:
    """Answer ``request`` by the language model, asynchronously."""
    engine = lm.engine
    if _takes_direct_calls(lm, engine):
        response: Response = await engine.asynchronous.complete(request)
        keep_books(lm, request, response)
    else:
        response = _recorded(await lm.acall(request))
    return response


def _takes_direct_calls(lm: dspy.LM, engine: object) -> bool:
    watched = lm.callbacks or settings.callbacks or settings.send_stream is not None
    return is_direct(engine) and not watched


def keep_books(lm: dspy.LM, request: Request, response: Response) -> None:
    """Note a direct call, also where DSPy's layer would: usage tracker and history, where they are on."""
    _recorded(response)
    if settings.usage_tracker:
        settings.usage_tracker.add_usage(lm.model, usage_dict(response))
    if not settings.disable_history:
        lm.update_history(
            {
                "prompt": None,
                "messages": [
                    {"role": "system", "content": request.system},
                    *({"role": message.role, "content": message.text} for message in request.messages),
                ],
                "kwargs": {},
                "response": response,
                "outputs": [response.text],
                "usage": usage_dict(response),
                "cost": None,
                "timestamp": datetime.now(tz=timezone.utc).isoformat(),
                "uuid": str(uuid.uuid4()),
                "model": lm.model,
                "response_model": response.model,
                "model_type": lm.model_type,
            }
        )


def _recorded(response: Response) -> Response:
    usage = response.usage
    record_call(
        input_tokens=usage.input_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        cached_tokens=usage.cache_read_tokens or 0,
    )
    return response


def _message(message: Message) -> LM15Message:
    make = LM15Message.assistant if message["role"] == "assistant" else LM15Message.user
    return make(message["content"])


def _seed(rollout: object, generation: int) -> int | None:
    """Distinct answers need distinct requests: DSPy keeps its rollout number to itself."""
    if rollout is None and generation == 0:
        return None
    return zlib.crc32(f"{rollout}/{generation}".encode()) & 0x7FFFFFFF
