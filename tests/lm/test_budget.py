"""A budget is kept to the call by threads and tasks, and what was used is told."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from dspy.lm15 import InvalidRequestError, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.exceptions import BudgetError, ConfigError, LMError
from csc_dspy.lm.budget import Budget, Tokens
from csc_dspy.lm.metered import MeteredEngine, Terms
from csc_dspy.lm.prices import FREE, Price, listed_price, parse_price
from tests.lm.small_engine import INPUT_TOKENS, OUTPUT_TOKENS, SmallEngine, request

TOKENS = INPUT_TOKENS + OUTPUT_TOKENS
PRICE = Price(input=1.0, output=10.0)
USD = (INPUT_TOKENS * 1.0 + OUTPUT_TOKENS * 10.0) / 1e6


def metered(budget: Budget, inner: SmallEngine | None = None, price: Price | None = PRICE) -> MeteredEngine:
    return MeteredEngine(inner or SmallEngine(), Terms("openai/small", budget, price))


def in_threads(engine: MeteredEngine, threads: int, calls: int) -> list[Response | LMError]:
    start = threading.Barrier(threads)

    def work() -> list[Response | LMError]:
        start.wait()
        return [one() for _ in range(calls)]

    def one() -> Response | LMError:
        try:
            return engine.complete(request())
        except LMError as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return [each for done in [pool.submit(work) for _ in range(threads)] for each in done.result()]


def in_tasks(engine: MeteredEngine, tasks: int) -> list[Response | BaseException]:
    async def all_at_once() -> list[Response | BaseException]:
        calls = (engine.asynchronous.complete(request()) for _ in range(tasks))
        return await asyncio.gather(*calls, return_exceptions=True)

    return asyncio.run(all_at_once())


def refused(got: list[Any]) -> list[Any]:
    return [each for each in got if isinstance(each, BudgetError)]


def test_calls_stop_exactly_at_their_limit_in_threads() -> None:
    inner = SmallEngine()
    engine = metered(Budget(max_calls=100), inner)
    got = in_threads(engine, threads=64, calls=5)
    assert len(refused(got)) == 64 * 5 - 100
    assert len(inner.asked) == 100
    assert engine.budget.usage.calls == 100
    assert engine.budget.usage.tokens == 100 * TOKENS


def test_calls_stop_exactly_at_their_limit_in_tasks() -> None:
    inner = SmallEngine()
    got = in_tasks(metered(Budget(max_calls=70), inner), tasks=200)
    assert len(refused(got)) == 130
    assert len(inner.asked) == 70


def test_language_models_of_a_run_share_its_budget() -> None:
    budget = Budget(max_calls=50)
    one, other = SmallEngine(), SmallEngine()
    in_threads(metered(budget, one), threads=8, calls=5)
    got = in_tasks(metered(budget, other), tasks=40)
    assert (len(one.asked), len(other.asked), len(refused(got))) == (40, 10, 30)


def test_calls_in_flight_finish_and_count() -> None:
    together = threading.Barrier(8)
    inner = SmallEngine(before=lambda _: suppress_wait(together))
    engine = metered(Budget(max_tokens=1), inner)
    got = in_threads(engine, threads=8, calls=2)
    assert len(inner.asked) == 8
    assert len(refused(got)) == 8
    assert engine.budget.usage.tokens == 8 * TOKENS


def suppress_wait(barrier: threading.Barrier) -> None:
    with suppress(threading.BrokenBarrierError):
        barrier.wait(timeout=10)


@pytest.mark.parametrize(
    ("limits", "calls", "said"),
    [
        ({"max_calls": 3}, 3, "the limit of 3 calls is reached"),
        ({"max_calls": 0}, 0, "the limit of 0 calls is reached"),
        ({"max_tokens": 3 * TOKENS}, 3, "the limit of 42 tokens is reached"),
        ({"max_tokens": 3 * TOKENS + 1}, 4, "the limit of 43 tokens is reached"),
        ({"max_usd": 2 * USD}, 2, "the limit of 0.0001 USD is reached"),
        ({"max_calls": 9, "max_usd": USD}, 1, "the limit of 5e-05 USD is reached"),
    ],
)
def test_what_is_said_when_a_limit_is_reached(limits: dict[str, Any], calls: int, said: str) -> None:
    budget = Budget(**limits)
    engine = metered(budget)
    for _ in range(calls):
        engine.complete(request())
    with pytest.raises(BudgetError) as raised:
        engine.complete(request())
    assert budget.usage.calls == calls
    assert said in str(raised.value)
    assert f"{calls} calls, {calls * TOKENS} tokens, {calls * USD:.4f} USD used (raise --max-" in str(
        raised.value
    )
    with pytest.raises(BudgetError):
        budget.check()


def test_what_was_used_as_plain_data() -> None:
    budget = Budget()
    engine = metered(budget, price=FREE)
    engine.complete(request())
    budget.spared()
    usage = json.loads(json.dumps(budget.usage.to_dict()))
    assert usage.pop("seconds") >= 0
    assert usage == {
        "calls": 1,
        "failed_calls": 0,
        "cached_answers": 1,
        "retries": 0,
        "input_tokens": INPUT_TOKENS,
        "output_tokens": OUTPUT_TOKENS,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "usd": 0.0,
    }


def test_money_is_not_told_where_a_price_is_not_known() -> None:
    budget = Budget()
    metered(budget).complete(request())
    metered(budget, price=None).complete(request())
    assert budget.usage.to_dict()["usd"] is None
    assert "USD" not in str(budget.usage)


class Refusing(SmallEngine):
    def complete(self, request: Request) -> Response:
        self.note(request)
        raise InvalidRequestError("no")


def test_calls_that_fail_count() -> None:
    budget = Budget(max_calls=2)
    got = in_threads(metered(budget, Refusing()), threads=1, calls=3)
    assert [type(each).__name__ for each in got] == ["CallError", "CallError", "SpentError"]
    assert (budget.usage.calls, budget.usage.failed_calls, budget.usage.tokens) == (2, 2, 0)


def test_a_stream_counts_once_it_is_over() -> None:
    budget = Budget(max_calls=2)
    engine = metered(budget)
    assert [event.type for event in engine.stream(request())] == ["start", "delta", "end"]
    assert budget.usage.tokens == TOKENS
    broken_off = engine.stream(request())
    next(broken_off)
    broken_off.close()
    assert (budget.usage.calls, budget.usage.failed_calls) == (2, 1)
    with pytest.raises(BudgetError):
        next(engine.stream(request()))


def test_a_stream_in_an_event_loop_counts_too() -> None:
    budget = Budget()

    async def follow() -> list[str]:
        return [event.type async for event in metered(budget).asynchronous.stream(request())]

    assert asyncio.run(follow()) == ["start", "delta", "end"]
    assert budget.usage.tokens == TOKENS


def test_retries_are_counted_while_an_engine_is_open_and_after() -> None:
    budget = Budget()
    retries = [3]
    engine = MeteredEngine(SmallEngine(), Terms("openai/small", budget, None), lambda: retries[0])
    assert budget.usage.retries == 3
    retries[0] = 5
    engine.close()
    retries[0] = 100
    engine.close()
    assert budget.usage.retries == 5


@pytest.mark.parametrize(
    "limits", [{"max_calls": -1}, {"max_tokens": -5}, {"max_usd": -0.1}, {"max_usd": float("nan")}]
)
def test_limits_that_are_none(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="must not be negative"):
        Budget(**limits)


counts = st.integers(0, 10**6)


@given(st.lists(st.tuples(counts, counts, counts), max_size=20))
def test_nothing_is_lost_in_adding_up(answers: list[tuple[int, int, int]]) -> None:
    budget = Budget()
    for fresh, cached, output in answers:
        budget.begin()
        budget.answered(Tokens(fresh + cached, output, cached), Price(2.0, 8.0, 0.5), seconds=0.25)
    usage = budget.usage
    assert usage.calls == len(answers)
    assert usage.tokens == sum(map(sum, answers))
    assert usage.usd == pytest.approx(sum(2 * f + 0.5 * c + 8 * o for f, c, o in answers) / 1e6)
    assert usage.seconds == len(answers) / 4


@pytest.mark.parametrize(
    ("text", "price"),
    [("0.15,0.6", Price(0.15, 0.6)), (" 1 , 2 ", Price(1.0, 2.0)), ("0,0", FREE)],
)
def test_a_price_is_read(text: str, price: Price) -> None:
    assert parse_price(text) == price


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "a,b", "-1,2", "nan,1", "1,inf", "1;2"])
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(ConfigError, match="is no price"):
        parse_price(text)


@pytest.mark.parametrize(
    ("provider", "model", "known"),
    [
        ("openai", "gpt-4o-mini", True),
        ("deepseek", "deepseek-chat", True),
        ("anthropic", "claude-sonnet-4-5", True),
        ("groq", "openai/gpt-oss-20b", True),
        ("vertex_ai", "gemini-2.5-flash", True),
        ("openai", "a-model-that-never-was", False),
        ("hosted_vllm", "gpt-4o-mini", False),
    ],
)
def test_list_prices(provider: str, model: str, known: bool) -> None:
    price = listed_price(provider, model)
    assert (price is not None) is known
    assert price is None or price.output > price.input > 0
