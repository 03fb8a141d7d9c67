"""Answers in the words of the chat-completions protocol, whole and streamed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final

from tests.support.answers import Answer, Json, tokens
from tests.support.behaviours import Behaviour

_IDENTITY: Final = {"id": "chatcmpl-test", "created": 1_700_000_000}
_CHOSEN: Final = 0.6
"""How likely the first piece of the chosen label is."""


def completion(asked: Json, written: Answer, behaviour: Behaviour) -> Json:
    """A whole answer."""
    choice: Json = {
        "index": 0,
        "message": {"role": "assistant", "content": written.text},
        "finish_reason": behaviour.finish_reason,
        "logprobs": _logprobs(asked, tokens(written)),
    }
    return {
        **_IDENTITY,
        "object": "chat.completion",
        "model": asked["model"],
        "choices": [choice],
        "usage": _usage(asked, written, behaviour),
    }


def events(asked: Json, written: Answer, behaviour: Behaviour) -> Iterator[bytes]:
    """The same answer as server-sent events, one for each token, closed by usage if that was asked for."""

    def event(choices: list[Json], **more: Any) -> bytes:  # noqa: ANN401  any JSON value
        chunk = {**_IDENTITY, "object": "chat.completion.chunk", "model": asked["model"], "choices": choices}
        return b"data: " + json.dumps(chunk | more, ensure_ascii=False).encode() + b"\n\n"

    yield event([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
    for token in tokens(written):
        delta = {"index": 0, "delta": {"content": token[0]}, "finish_reason": None}
        yield event([delta | {"logprobs": _logprobs(asked, [token])}])
    yield event([{"index": 0, "delta": {}, "finish_reason": behaviour.finish_reason}])
    if asked.get("stream_options", {}).get("include_usage"):
        yield event([], usage=_usage(asked, written, behaviour))
    yield b"data: [DONE]\n\n"


def _usage(asked: Json, written: Answer, behaviour: Behaviour) -> Json:
    if behaviour.usage is not None:
        return dict(behaviour.usage)
    prompt = sum(len(json.dumps(message)) for message in asked["messages"]) // 4
    completion_tokens = len(tokens(written))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _logprobs(asked: Json, pieces: list[tuple[str, tuple[str, ...]]]) -> Json | None:
    """Log probabilities, if they were asked for: near certainty, but a doubt at every label."""
    if not asked.get("logprobs"):
        return None
    most = asked.get("top_logprobs", 0)
    return {"content": [_token(piece, labels, most) for piece, labels in pieces], "refusal": None}


def _token(piece: str, labels: tuple[str, ...], most: int) -> Json:
    others = list(dict.fromkeys(label[:4] for label in labels if not label.startswith(piece)))
    chosen = _CHOSEN if others else 0.99
    # The rest is shared out by halves.
    rest = {other: (1 - chosen) / 2 ** (place + 1) for place, other in enumerate(others)}
    top = [_scored(token, share) for token, share in {piece: chosen, **rest}.items()]
    return _scored(piece, chosen) | {"top_logprobs": top[:most]}


def _scored(token: str, share: float) -> Json:
    return {"token": token, "logprob": math.log(share), "bytes": list(token.encode())}
