"""A response comes as it is written; whoever stops listening ends the call; what breaks is a typed error."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing
from typing import Any

import dspy
import pytest
from aiohttp import web

from csc_dspy.exceptions import LMError
from csc_dspy.lm import CallError, UnreadableAnswerError, using
from csc_dspy.programs import Program, StreamItem, SupportPrediction
from tests.support.answers import answer as good_answer
from tests.support.behaviours import HEALTHY, Behaviour, breaks_off, fails, says
from tests.support.completions import completion, events
from tests.support.openai_server import LLMServer
from tests.support.programs import (
    CALLS,
    FEW_CASES,
    PLAIN_CASES,
    WRITES,
    Case,
    astreamed,
    call,
    impatient,
    last,
    streamed,
)

WRITING = [case for case in PLAIN_CASES if case.name in WRITES]
FEW_WRITING = [case for case in FEW_CASES if case.name in WRITES]
PATIENCE = 20.0


class GatedServer:
    """Sends an answer up to the first word of the response, and the rest when the gate is opened."""

    def __init__(self) -> None:
        self.port = 0
        self._gate = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self.breaks_off = False
        self._ungated = 0
        self.finished = threading.Event()
        self.left = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def open_for(self, requests: int) -> None:
        """Answer the first ones without waiting."""
        self._ungated = requests

    def open(self) -> None:
        """Let the rest of answers through."""
        self._loop.call_soon_threadsafe(self._gate.set)

    async def serve(self, started: Callable[[], None], ended: asyncio.Event) -> None:
        self._loop = asyncio.get_running_loop()
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        started()
        await ended.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        if self._ungated:
            self._ungated -= 1
            return web.json_response(completion(asked, good_answer(asked), HEALTHY))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            for event in events(asked, good_answer(asked), HEALTHY):
                await response.write(event)
                if any(word in event for word in (b"Here", "好的".encode())):
                    await self._gate.wait()
                    if self.breaks_off and request.transport is not None:
                        request.transport.close()
        except asyncio.CancelledError:
            self.left.set()
            raise
        self.finished.set()
        return response


@pytest.fixture
def gated() -> Iterator[GatedServer]:
    server = GatedServer()
    started, loop, ended = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve(started.set, ended)))
    thread.start()
    started.wait()
    yield server
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


def first_text(case: Case) -> str:
    return {"en": "Here", "zh": "好的"}[case.language]


@pytest.mark.parametrize("case", WRITING, ids=str)
def test_text_comes_before_the_answer_is_complete(gated: GatedServer, case: Case) -> None:
    with impatient(gated) as lm:
        with closing(case.program().stream(history=case.history, **case.inputs)) as items:
            gated.open_for(CALLS[case.name] - 1)
            shown = next(item for item in items if isinstance(item, str))
            assert shown.startswith(first_text(case))
            assert not gated.finished.is_set()
            gated.open()
            final = last([shown, *items])
        assert gated.finished.wait(PATIENCE)
        assert lm.engine.budget.usage.calls == CALLS[case.name]
    require_whole(final, case)


@pytest.mark.parametrize("case", WRITING, ids=str)
def test_text_comes_before_the_answer_is_complete_also_in_an_event_loop(
    gated: GatedServer, case: Case
) -> None:
    async def collected() -> SupportPrediction:
        async with aclosing(case.program().astream(history=case.history, **case.inputs)) as items:
            gated.open_for(CALLS[case.name] - 1)
            shown = ""
            async for item in items:
                if isinstance(item, str):
                    shown = item
                    break
            assert shown.startswith(first_text(case))
            assert not gated.finished.is_set()
            gated.open()
            return last([shown, *[item async for item in items]])

    with impatient(gated):
        require_whole(asyncio.run(collected()), case)


def require_whole(answer: SupportPrediction, case: Case) -> None:
    assert answer.response is not None
    assert answer.response.startswith(first_text(case))
    assert answer.usage.calls == CALLS[case.name]


@pytest.mark.parametrize("case", WRITING, ids=str)
def test_closing_early_closes_the_connection(gated: GatedServer, case: Case) -> None:
    with impatient(gated) as lm:
        items = case.program().stream(history=case.history, **case.inputs)
        gated.open_for(CALLS[case.name] - 1)
        next(item for item in items if isinstance(item, str))
        assert not gated.left.is_set()
        items.close()
        assert gated.left.wait(PATIENCE)
        assert not gated.finished.is_set()
        assert list(items) == []
        assert lm.engine.budget.usage.failed_calls == 1


@pytest.mark.parametrize("case", WRITING, ids=str)
@pytest.mark.parametrize("by", ["closing", "cancelling"])
def test_leaving_early_closes_the_connection_also_in_an_event_loop(
    gated: GatedServer, case: Case, by: str
) -> None:
    began = asyncio.Event()

    async def listen() -> None:
        async with aclosing(case.program().astream(history=case.history, **case.inputs)) as items:
            gated.open_for(CALLS[case.name] - 1)
            async for item in items:
                if isinstance(item, str):
                    began.set()
                    if by == "closing":
                        return

    async def leave() -> None:
        task = asyncio.create_task(listen())
        await began.wait()
        if by == "cancelling":
            task.cancel()
        await asyncio.wait([task])
        assert await asyncio.to_thread(gated.left.wait, PATIENCE)

    with impatient(gated):
        asyncio.run(leave())
    assert not gated.finished.is_set()


Collect = Callable[..., list[StreamItem]]
COLLECTORS = {"sync": streamed, "async": astreamed}


@pytest.fixture(params=COLLECTORS)
def collect(request: pytest.FixtureRequest) -> Collect:
    return COLLECTORS[request.param]


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_what_a_stream_consists_of(collect: Collect, case: Case) -> None:
    items = collect(case.program(), history=case.history, **case.inputs)
    kinds = [type(item) for item in items]
    pieces = kinds.count(str)
    assert kinds == [
        *[SupportPrediction] * (case.name in {"support-agent", "response-writer"}),
        *[str] * pieces,
        SupportPrediction,
    ]
    assert (pieces > 1) == (case.name in WRITES)
    if pieces and isinstance(decided := items[0], SupportPrediction):
        whole = last(items)
        assert decided.response is None
        assert (decided.stage, decided.strategy) == (whole.stage, whole.strategy)


@pytest.mark.parametrize("case", PLAIN_CASES, ids=str)
def test_usage_is_counted_once(llm_server: LLMServer, collect: Collect, case: Case) -> None:
    with impatient(llm_server), dspy.context(track_usage=True):
        called = call(case.program(), history=case.history, **case.inputs)
    with impatient(llm_server) as lm:
        answer = last(collect(case.program(), history=case.history, **case.inputs))
        assert answer.usage == called.usage
        usage = lm.engine.budget.usage
        assert (usage.calls, usage.failed_calls, usage.retries) == (CALLS[case.name], 0, 0)
        assert (usage.input_tokens, usage.output_tokens) == (
            answer.usage.input_tokens,
            answer.usage.output_tokens,
        )
        assert len(lm.history) == CALLS[case.name]
    (tracked,) = called.get_lm_usage().values()
    assert tracked["prompt_tokens"] == called.usage.input_tokens


def sync_until_error(seen: list[StreamItem], program: Program, **inputs: Any) -> None:  # noqa: ANN401  each its own
    with closing(program.stream(**inputs)) as items:
        for item in items:
            seen.append(item)  # noqa: PERF402  what came before the error is to be kept


def async_until_error(seen: list[StreamItem], program: Program, **inputs: Any) -> None:  # noqa: ANN401  each its own
    async def listen() -> None:
        async with aclosing(program.astream(**inputs)) as items:
            async for item in items:
                seen.append(item)  # noqa: PERF401  what came before the error is to be kept

    asyncio.run(listen())


@pytest.fixture(params=[sync_until_error, async_until_error], ids=["sync", "async"])
def until_error(request: pytest.FixtureRequest) -> Callable[..., None]:
    until_error: Callable[..., None] = request.param
    return until_error


@pytest.mark.parametrize("case", WRITING, ids=str)
def test_a_stream_that_breaks_is_a_typed_error(
    gated: GatedServer, case: Case, until_error: Callable[..., None]
) -> None:
    class Seen(list[StreamItem]):
        """Lets the server go on, and break off, once the first text is there."""

        def append(self, item: StreamItem) -> None:
            super().append(item)
            if isinstance(item, str):
                gated.open()

    seen = Seen()
    gated.breaks_off = True
    gated.open_for(CALLS[case.name] - 1)
    with impatient(gated) as lm:
        with pytest.raises(CallError) as caught:
            until_error(seen, case.program(), history=case.history, **case.inputs)
        # What has been shown is not asked for again.
        usage = lm.engine.budget.usage
        assert (usage.calls, usage.failed_calls, usage.retries) == (CALLS[case.name], 1, 0)
    assert isinstance(caught.value, LMError)
    assert caught.value.code == "transport"
    assert [item for item in seen if isinstance(item, str)] == [first_text(case)]


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("case", WRITING, ids=str)
def test_a_stream_that_breaks_before_any_text_is_tried_again(
    llm_server: LLMServer, case: Case, collect: Collect
) -> None:
    expected = call(case.program(), history=case.history, **case.inputs)
    llm_server.script(*[HEALTHY] * (CALLS[case.name] - 1), breaks_off(0), fails(503))
    assert last(collect(case.program(), history=case.history, **case.inputs)).row() == expected.row()


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("case", FEW_WRITING, ids=str)
def test_what_was_shown_and_cannot_be_read_is_not_asked_for_again(
    llm_server: LLMServer, case: Case, until_error: Callable[..., None]
) -> None:
    seen: list[StreamItem] = []
    cut = Behaviour(
        edit=lambda text: text.partition("## completed")[0].rstrip("\n ["), finish_reason="length"
    )
    llm_server.script(*[HEALTHY] * (CALLS[case.name] - 1), cut)
    with pytest.raises(UnreadableAnswerError, match="cut off"):
        until_error(seen, case.program(), history=case.history, **case.inputs)
    assert first_text(case) in "".join(item for item in seen if isinstance(item, str))
    assert len(llm_server.requests) == CALLS[case.name]


@pytest.mark.parametrize("case", FEW_WRITING, ids=str)
def test_the_cache_streams_too(llm_server: LLMServer, collect: Collect, case: Case) -> None:
    with using("openai/test", api_base=llm_server.url) as lm:
        first = last(collect(case.program(), history=case.history, **case.inputs))
        asked = len(llm_server.requests)
        assert last(collect(case.program(), history=case.history, **case.inputs)).row() == first.row()
        assert call(case.program(), history=case.history, **case.inputs).row() == first.row()
        assert len(llm_server.requests) == asked == CALLS[case.name]
        assert lm.engine.budget.usage.cached_answers == 2 * asked


@pytest.mark.usefixtures("lm")
@pytest.mark.parametrize("case", FEW_WRITING, ids=str)
def test_bytes_may_fall_as_they_like(llm_server: LLMServer, case: Case, collect: Collect) -> None:
    expected = call(case.program(), history=case.history, **case.inputs)
    for size in (1, 7, 4096):
        llm_server.usually(Behaviour(pieces=size))
        assert last(collect(case.program(), history=case.history, **case.inputs)).row() == expected.row()


@pytest.mark.usefixtures("lm")
def test_text_of_many_kinds_arrives_as_it_is(llm_server: LLMServer, collect: Collect) -> None:
    case = Case("response-writer", "zh", "copc")
    for text in (
        "**好的**，\n> 请稍等 *1* 分钟。",
        "[手机号码]，[[好]]吗？ [[ ## no",
        "`a`_b_\n\n\t- 👩‍👧 …",
        "x" * 5000,
    ):
        llm_server.usually(says(f"[[ ## response ## ]]\n{text}\n\n[[ ## completed ## ]]"))
        items = collect(case.program(), history=case.history, **case.inputs)
        assert last(items).response == text
