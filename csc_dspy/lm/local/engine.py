"""The engine that DSPy is given: requests in, answers of a model on this machine out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from functools import cached_property
from typing import Any, Final

from dspy import lm15

from csc_dspy.exceptions import CSCError
from csc_dspy.huggingface.libraries import ADAPTING, ANSWERING, require
from csc_dspy.lm.hosted.errors import ClosedError, ConfigurationError, ContextLengthError, ServerError
from csc_dspy.lm.local.chat import Chat, Message
from csc_dspy.lm.local.checkpoints import Checkpoint
from csc_dspy.lm.local.collector import Collector
from csc_dspy.lm.local.token_bytes import TokenBytes
from csc_dspy.lm.local.wishes import Likely, Wish, Written
from csc_dspy.lm.local.writing import Writer

MOST_TOKENS: Final = 1_024
"""Of an answer, where nothing is said."""
_MOST_AT_ONCE: Final = 16


class LocalEngine:
    """Answers with one model, from any number of threads and event loops; requests that meet share a batch.

    The model is loaded with the first request. An answer depends on its request alone, as far as the
    device computes a row of a batch as it computes one alone.
    """

    direct = True
    """It may be called without DSPy's layer: it does all that the layer does."""
    supported_params: Final = frozenset(
        {"temperature", "top_p", "max_tokens", "stop", "seed", "stream", "logprobs", "top_logprobs"}
    )
    supports_response_schema: Final = False

    def __init__(self, checkpoint: Checkpoint, concurrency: int = _MOST_AT_ONCE) -> None:
        require((*ANSWERING, ADAPTING) if checkpoint.adapter else ANSWERING, checkpoint.where)
        self.asynchronous = AsyncLocalEngine(self)
        self._checkpoint = checkpoint
        most = min(concurrency, _MOST_AT_ONCE)
        self._collector: Collector[lm15.Request, lm15.Response] = Collector(self._answers, most, ClosedError)

    def __repr__(self) -> str:
        return f"LocalEngine({self._checkpoint.where!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> LocalEngine:
        # Copies of a program share its engine, as they share the model.
        return self

    def complete(self, request: lm15.Request) -> lm15.Response:
        """The answer to a request. Raises one of lm15's errors."""
        return self._collector.put(request).result()

    async def acomplete(self, request: lm15.Request) -> lm15.Response:
        """The same, for an event loop."""
        return await asyncio.wrap_future(self._collector.put(request))

    def stream(self, request: lm15.Request) -> Generator[Any, None, None]:
        """The answer in lm15's events, once it is there."""
        yield from lm15.response_to_events(self.complete(request))

    def close(self) -> None:
        """End answers under way, and let go of the model."""
        self._collector.close()
        self.__dict__.pop("_writer", None)

    @cached_property
    def _writer(self) -> Writer:
        from csc_dspy.lm.local.loading import load_tokenizer

        chat = Chat(load_tokenizer(self._checkpoint), self._checkpoint.where)
        return Writer(self._checkpoint, chat)

    def _answers(self, requests: Sequence[lm15.Request]) -> list[lm15.Response | Exception]:
        """An answer or an error for each request."""
        import torch

        try:
            writer = self._writer
            wishes = [self._wish(request, writer) for request in requests]
            possible = [wish for wish in wishes if isinstance(wish, Wish)]
            written = iter(writer.write(possible, self._collector.is_closed) if possible else [])
        except CSCError as error:
            # Not one that passes: the next request would meet the same.
            return [ConfigurationError(str(error))] * len(requests)
        except torch.OutOfMemoryError:
            problem = "the device's memory does not suffice; use a shorter history or a smaller model"
            return [ServerError(problem)] * len(requests)
        if self._collector.is_closed():
            return [ClosedError()] * len(requests)
        return [
            self._response(request, next(written)) if isinstance(wish, Wish) else wish
            for request, wish in zip(requests, wishes, strict=True)
        ]

    def _wish(self, request: lm15.Request, writer: Writer) -> Wish | Exception:
        prompt = writer.chat.question(messages_of(request))
        room = writer.longest - len(prompt)
        if room < 1:
            told = f"the prompt has {len(prompt):,} tokens, and the model reads {writer.longest:,}"
            return ContextLengthError(f"{told}; use a shorter history")
        config = request.config
        return Wish(
            prompt=prompt,
            most=min(config.max_tokens or MOST_TOKENS, room),
            temperature=config.temperature or 0.0,
            top_p=1.0 if config.top_p is None else config.top_p,
            seed=config.seed or 0,
            stop=tuple(config.stop),
            likelihoods=config.logprobs,
        )

    def _response(self, request: lm15.Request, written: Written) -> lm15.Response:
        spelled = TokenBytes(self._writer.chat.tokenizer)
        return lm15.Response(
            id=None,
            model=request.model,
            message=lm15.Message.assistant(written.text),
            finish_reason=written.reason,
            usage=lm15.Usage(
                input_tokens=written.read,
                output_tokens=written.wrote,
                total_tokens=written.read + written.wrote,
            ),
            logprobs=tuple(
                _told(token, likely, spelled)
                for token, likely in zip(written.tokens, written.likely, strict=True)
            )
            if written.likely
            else None,
        )


class AsyncLocalEngine:
    """The same for event loops."""

    direct = True

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine

    def __deepcopy__(self, memo: dict[int, Any]) -> AsyncLocalEngine:
        return self

    async def complete(self, request: lm15.Request) -> lm15.Response:
        """The answer to a request. Raises one of lm15's errors."""
        return await self._engine.acomplete(request)

    async def stream(self, request: lm15.Request) -> AsyncGenerator[Any, None]:
        """The answer in lm15's events, once it is there."""
        for event in lm15.response_to_events(await self.complete(request)):
            yield event

    async def aclose(self) -> None:
        """End answers under way, and let go of the model."""
        await asyncio.to_thread(self._engine.close)


def messages_of(request: lm15.Request) -> list[Message]:
    """A request as its chat template is given it."""
    system = request.system
    text = system if isinstance(system, str) else "".join(getattr(part, "text", "") for part in system or ())
    rest = [{"role": message.role, "content": message.text or ""} for message in request.messages]
    return [*([{"role": "system", "content": text}] if text else []), *rest]


def _told(token: int, likely: Likely, spelled: TokenBytes) -> lm15.TokenLogprob:
    written = spelled[token]
    top = tuple(
        lm15.TopLogprob(_text(spelled[other]), logprob, tuple(spelled[other]), other)
        for other, logprob in likely.others
    )
    return lm15.TokenLogprob(_text(written), likely.logprob, tuple(written), token, top)


def _text(written: bytes) -> str:
    return written.decode("utf-8", "replace")
