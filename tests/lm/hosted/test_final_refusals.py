"""What is final is not asked again: a refused key, an empty account, an unknown model."""

from __future__ import annotations

import asyncio

import pytest
from dspy import lm15

from tests.support.behaviours import Behaviour, fails
from tests.support.engines import MakeEngine, new_request
from tests.support.openai_server import LLMServer


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (fails(401, "wrong key"), lm15.AuthError),
        (fails(400, "wrong key", "invalid_api_key"), lm15.AuthError),
        (fails(402, "no money"), lm15.BillingError),
        (fails(429, "no money", "insufficient_quota"), lm15.BillingError),
    ],
)
def test_a_dead_key_is_not_used_again(
    make_engine: MakeEngine, llm_server: LLMServer, refusal: Behaviour, kind: type[lm15.LM15Error]
) -> None:
    llm_server.script(refusal)
    engine = make_engine()
    failures = []
    for number in range(5):
        with pytest.raises(kind) as caught:
            engine.complete(new_request(f"question {number}", model=f"model {number}"))
        failures.append(caught.value)
    with pytest.raises(kind):
        next(engine.stream(new_request()))
    assert len(llm_server.requests) == 1
    assert len({str(failure) for failure in failures}) == 1
    assert len({id(failure) for failure in failures}) == 5
    assert {failure.status for failure in failures} == {refusal.status}


def test_calls_that_wait_their_turn_are_not_sent_after_a_refusal(
    make_engine: MakeEngine, llm_server: LLMServer
) -> None:
    llm_server.key, llm_server.latency = "sk-right", 0.0
    engine = make_engine(key="sk-wrong", concurrency=4)

    async def ask() -> list[object]:
        calls = (engine.asynchronous.complete(new_request(f"question {number}")) for number in range(256))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert {type(failure).__name__ for failure in asyncio.run(ask())} == {"AuthError"}
    assert len(llm_server.requests) <= 4
    assert dict(engine.statistics.errors) == {"auth": 256}


def test_a_call_that_waits_to_try_again_is_not_sent_after_a_refusal(
    make_engine: MakeEngine, llm_server: LLMServer
) -> None:
    llm_server.script(fails(503), fails(401))
    engine = make_engine(first_wait=0.4)

    async def ask() -> list[object]:
        waiting = asyncio.ensure_future(engine.asynchronous.complete(new_request()))
        while engine.statistics.retries == 0:  # noqa: ASYNC110  counted where no event can be waited for
            await asyncio.sleep(0.005)
        refused = engine.asynchronous.complete(new_request())
        return await asyncio.gather(waiting, refused, return_exceptions=True)

    assert {type(failure).__name__ for failure in asyncio.run(ask())} == {"AuthError"}
    assert len(llm_server.requests) == 2


def test_an_unknown_model_does_not_stop_known_ones(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.models = frozenset({"known"})
    engine = make_engine()
    for _ in range(3):
        with pytest.raises(lm15.UnsupportedModelError, match="for model 'unknown'"):
            engine.complete(new_request(model="unknown"))
        assert engine.complete(new_request(model="known")).text
    assert [received.json["model"] for received in llm_server.requests].count("unknown") == 1


@pytest.mark.parametrize("refusal", [fails(403), fails(400), fails(422), fails(429)])
def test_other_refusals_are_for_one_call(
    make_engine: MakeEngine, llm_server: LLMServer, refusal: Behaviour
) -> None:
    llm_server.script(refusal)
    engine = make_engine(attempts=1)
    with pytest.raises(lm15.LM15Error):
        engine.complete(new_request())
    assert engine.complete(new_request()).text
