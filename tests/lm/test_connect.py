"""From a spec to a ``dspy.LM`` that answers, by whichever way it is asked."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Literal

import dspy
import pytest
from dspy.dsp.utils.settings import settings

from csc_dspy.exceptions import BudgetError, ConfigError, LMError
from csc_dspy.lm import Adapter, Budget, CallError, Price, connect, using
from csc_dspy.lm.calling import is_direct
from tests.support.behaviours import fails, says, throttles
from tests.support.openai_server import LLMServer, running

pytestmark = pytest.mark.usefixtures("home")

Connect = Callable[..., dspy.LM]


class Moods(dspy.Signature):
    """Tell the customer's mood."""

    turn: str = dspy.InputField()
    mood: Literal["angry", "calm", "happy", "puzzled", "sad", "tired"] = dspy.OutputField()
    reply: str = dspy.OutputField()


@pytest.fixture
def lm(llm_server: LLMServer) -> Iterator[Connect]:
    """Language models at the test server, or another ``api_base``, that are closed at the end of the test."""
    with ExitStack() as stack:

        def make(spec: str = "openai/small", **options: Any) -> dspy.LM:  # noqa: ANN401 - each has its own type
            made = connect(spec, **{"api_base": llm_server.url, **options})
            stack.enter_context(closing(made.engine))
            return made

        yield make


def mood(lm: dspy.LM, turn: str = "Where is my parcel?") -> str:
    with using(lm):
        return str(dspy.Predict(Moods)(turn=turn).reply)


async def amood(lm: dspy.LM, turn: str = "Where is my parcel?") -> str:
    with using(lm):
        return str((await dspy.Predict(Moods).acall(turn=turn)).reply)


def test_it_is_asked_with_the_settings_of_bulk_work(lm: Connect, llm_server: LLMServer) -> None:
    made = lm("openai/org/small", max_tokens=99)
    assert "reply" in mood(made)
    (asked,) = llm_server.requests
    assert asked.json["model"] == "org/small"
    assert asked.json["temperature"] == 0.0
    assert asked.json["max_tokens"] == 99
    assert "Authorization" not in asked.headers
    assert made.history == []


def test_every_way_of_asking_gives_the_same_answer_once(lm: Connect, llm_server: LLMServer) -> None:
    made = lm()
    answers = {mood(made), asyncio.run(amood(made)), mood(copy.deepcopy(made)), mood(made.copy())}
    with dspy.context(lm=made, adapter=dspy.ChatAdapter()):
        answers.add(dspy.Predict(Moods)(turn="Where is my parcel?").reply)
    assert len(answers) == 1
    assert len(llm_server.requests) == 1
    plain = [made("hello"), made("hello"), asyncio.run(made.acall("hello"))]
    assert plain[0] == plain[1] == plain[2]
    assert len(llm_server.requests) == 2
    usage = made.engine.budget.usage
    assert (usage.calls, usage.cached_answers) == (2, 6)


def test_what_dspy_wants_of_an_engine(lm: Connect) -> None:
    for made in (lm(), lm(cache=False)):
        assert is_direct(made.engine)
        assert made.engine.direct
        assert copy.deepcopy(made.engine) is made.engine
        assert copy.deepcopy(made.engine.asynchronous) is made.engine.asynchronous
        assert (made.cache, made.num_retries) == (False, 0)


def test_without_a_cache_everything_is_asked(lm: Connect, llm_server: LLMServer, home: Path) -> None:
    made = lm(cache=False)
    for _ in range(3):
        mood(made)
    assert len(llm_server.requests) == 3
    assert not home.exists()


def test_copies_share_the_budget_and_the_cache_but_not_the_answers(
    lm: Connect, llm_server: LLMServer
) -> None:
    made = lm(budget=Budget(max_calls=4))
    copies = [made.copy(rollout_id=number, temperature=1.0) for number in range(3)]
    replies = {mood(each) for each in (made, *copies)}
    assert len(replies) == 4
    assert {mood(each) for each in (made, *copies)} == replies
    assert len({asked.json.get("seed") for asked in llm_server.requests}) == 4
    with pytest.raises(BudgetError, match="the limit of 4 calls is reached"):
        mood(made.copy(rollout_id=7, temperature=1.0))


def test_several_generations_are_several_answers(lm: Connect, llm_server: LLMServer) -> None:
    with using(lm(temperature=1.0)):
        several = dspy.Predict(Moods, n=3)(turn="Where is my parcel?")
    assert len(set(several.completions.reply)) == 3
    assert len(llm_server.requests) == 3


def test_language_models_do_not_share_answers(lm: Connect, llm_server: LLMServer) -> None:
    with running(LLMServer()) as other_server:
        llm_server.usually(says("here"))
        other_server.usually(says("there"))
        models = [lm(), lm("openai/other"), lm(api_base=other_server.url), lm(temperature=0.7)]
        answers = [[each("hello") for each in models] for _ in range(2)]
    assert answers == [[["here"], ["here"], ["there"], ["here"]]] * 2
    assert (len(llm_server.requests), len(other_server.requests)) == (3, 1)


def test_a_later_run_finds_the_answers(lm: Connect, llm_server: LLMServer) -> None:
    with using("openai/small", api_base=llm_server.url) as first:
        first("hello")
    budget = Budget(max_calls=0)
    assert lm(budget=budget)("hello") == lm(budget=budget)("hello")
    assert (budget.usage.calls, budget.usage.cached_answers) == (0, 2)
    assert len(llm_server.requests) == 1


def test_using_puts_everything_back_and_closes_what_it_opened(lm: Connect, llm_server: LLMServer) -> None:
    mine = lm()
    with using(mine) as inside:
        assert inside is mine
        assert settings.lm is mine
        assert isinstance(settings.adapter, Adapter)
        assert (settings.disable_history, settings.max_trace_size) == (True, 0)
    assert settings.lm is None
    assert mine("hello")
    with using("openai/small", api_base=llm_server.url, trace=True) as opened:
        assert not settings.disable_history
        assert settings.max_trace_size > 0
        opened("hello")
    assert len(opened.history) == 1
    with pytest.raises(LMError, match="the engine is closed"):
        opened("hello")


def test_a_limit_is_an_error_of_ours_on_every_way(lm: Connect) -> None:
    made = lm(budget=Budget(max_calls=0))
    with pytest.raises(BudgetError):
        mood(made)
    with pytest.raises(BudgetError):
        made("hello")
    with pytest.raises(BudgetError):
        asyncio.run(made.acall("hello"))
    with pytest.raises(BudgetError):
        asyncio.run(amood(made))


def test_a_refusal_is_an_error_of_ours_on_every_way(lm: Connect, llm_server: LLMServer) -> None:
    llm_server.usually(fails(400, "The question is no good"))
    made = lm()
    ways: list[Callable[[], object]] = [
        lambda: mood(made),
        lambda: made("hello"),
        lambda: asyncio.run(amood(made)),
        lambda: asyncio.run(made.acall("hello")),
    ]
    for way in ways:
        with pytest.raises(CallError, match=r"--lm openai/small: .*The question is no good") as raised:
            way()
        assert (raised.value.code, raised.value.status) == ("invalid_request", 400)
        assert raised.value.__cause__ is raised.value.__context__ is None
    assert made.engine.budget.usage.failed_calls == 4


def test_retries_are_told(lm: Connect, llm_server: LLMServer) -> None:
    llm_server.script(throttles("0"), throttles("0"))
    made = lm()
    mood(made)
    assert made.engine.budget.usage.retries == 2
    made.engine.close()
    assert made.engine.budget.usage.to_dict()["retries"] == 2


@pytest.mark.parametrize("spec", ["openai/o3", "openai/gpt-5-mini", "openai/o4-mini-2025-04-16"])
def test_models_that_reason_get_no_temperature(lm: Connect, llm_server: LLMServer, spec: str) -> None:
    mood(lm(spec, max_tokens=20_000))
    (asked,) = llm_server.requests
    assert asked.json.get("temperature") is None
    with pytest.raises(ConfigError, match="takes no temperature, because it reasons"):
        lm(spec, temperature=0.0)
    with pytest.raises(ConfigError, match="500 tokens are too few"):
        lm(spec, max_tokens=500)
    assert lm(spec, temperature=1.0)


def test_money_is_counted_by_the_price_that_is_given(lm: Connect) -> None:
    made = lm(price=Price(1.0, 3.0), budget=Budget(max_usd=1.0))
    mood(made)
    usage = made.engine.budget.usage
    assert usage.usd == pytest.approx((usage.input_tokens + 3 * usage.output_tokens) / 1e6)
    assert usage.to_dict()["usd"] > 0


def test_money_cannot_be_limited_where_the_price_is_not_known(lm: Connect) -> None:
    with pytest.raises(ConfigError, match=r"its price is not known.*--price IN,OUT"):
        lm(budget=Budget(max_usd=1.0))
    assert lm("openai/gpt-4o-mini").engine.budget.usage.to_dict()["usd"] == 0


def test_list_prices_hold_at_the_providers_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    made = connect("openai/gpt-4o-mini", budget=Budget(max_usd=1.0))
    made.engine.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"api_base": "ftp://here"}, "http:// or https://"),
        ({"api_base": "http://user:sk-planted@here/v1"}, "must not hold credentials"),
        ({"api_base": "http://here/v1?key=sk-planted"}, "must not hold a query"),
        ({"api_base": "http://["}, "not an address"),
        ({"concurrency": 0}, "concurrency has to be at least 1"),
        ({"timeout": 0}, "timeout has to be"),
        ({"api_key_file": Path("absent")}, "the API key cannot be read"),
    ],
)
def test_options_that_cannot_be_met(lm: Connect, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        lm(**options)
    assert said in str(raised.value)
    assert "planted" not in str(raised.value)


def test_a_home_that_cannot_be_used(lm: Connect, home: Path) -> None:
    home.write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="--no-cache"):
        lm()
    assert lm(cache=False)("hello")
