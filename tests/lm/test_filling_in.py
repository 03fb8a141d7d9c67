"""Asking by a predictor: directly where nobody watches, and else through DSPy's layer."""

from __future__ import annotations

import asyncio
from typing import Any

import dspy
import pytest
from dspy.utils.callback import BaseCallback

from csc_dspy.lm import using
from csc_dspy.lm.predicting import afill_in, fill_in
from csc_dspy.signatures import predict_strategy
from csc_dspy.taxonomy import load_taxonomy
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer

Json = dict[str, Any]

ANSWER = "[[ ## strategy ## ]]\nEmotional Management\n\n[[ ## completed ## ]]"
INPUTS = {"conversation": "Customer: Where is it?", "stage_so_far": "Connecting"}


@pytest.fixture
def predictor() -> dspy.Predict:
    made = dspy.Predict(predict_strategy(load_taxonomy(), "en"))
    made.demos = [{"conversation": "Customer: Hello", "stage_so_far": "Connecting", "strategy": "Greeting"}]
    return made


def asked(server: LLMServer, predictor: dspy.Predict, **context: object) -> tuple[str, Json]:
    """The answer, and the request that the server saw for it."""
    with (
        using("openai/small", api_base=server.url, cache=False),
        dspy.context(**context),
    ):
        values = fill_in(predictor, INPUTS, {})
    return values["strategy"], server.requests[-1].json


class Watching(BaseCallback):
    """Hears of every module that is called."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_module_start(self, call_id: str, instance: object, inputs: dict[str, Any]) -> None:  # noqa: ARG002  DSPy's protocol
        """A module is called."""
        self.heard.append(type(instance).__name__)


def test_the_request_is_the_same_either_way(llm_server: LLMServer, predictor: dspy.Predict) -> None:
    llm_server.usually(Behaviour(text=ANSWER))
    direct = asked(llm_server, predictor)
    watched = asked(llm_server, predictor, callbacks=[Watching()])
    assert direct == watched
    assert direct[0] == "Emotional Management"


def test_asynchronously_too(llm_server: LLMServer, predictor: dspy.Predict) -> None:
    llm_server.usually(Behaviour(text=ANSWER))
    direct = asked(llm_server, predictor)
    with using("openai/small", api_base=llm_server.url, cache=False):
        values = asyncio.run(afill_in(predictor, INPUTS, {}))
    assert (values["strategy"], llm_server.requests[-1].json) == direct


def test_those_who_watch_hear_of_it(llm_server: LLMServer, predictor: dspy.Predict) -> None:
    llm_server.usually(Behaviour(text=ANSWER))
    watching = Watching()
    asked(llm_server, predictor, callbacks=[watching])
    assert watching.heard == ["Predict"]
    predictor.callbacks = [watching]
    asked(llm_server, predictor)
    assert watching.heard == ["Predict", "Predict"]


def test_a_trace_is_kept_where_one_is_wanted(llm_server: LLMServer, predictor: dspy.Predict) -> None:
    llm_server.usually(Behaviour(text=ANSWER))
    trace: list[Any] = []
    asked(llm_server, predictor, trace=trace, max_trace_size=10)
    ((module, inputs, prediction),) = trace
    assert (module, inputs, prediction.strategy) == (predictor, INPUTS, "Emotional Management")


def test_usage_is_tracked_where_that_is_wanted(llm_server: LLMServer, predictor: dspy.Predict) -> None:
    llm_server.usually(Behaviour(text=ANSWER))
    with (
        using("openai/small", api_base=llm_server.url, cache=False),
        dspy.context(track_usage=True),
    ):
        values = fill_in(predictor, INPUTS, {})
    assert isinstance(values, dspy.Prediction)
    assert list(values.get_lm_usage()) == ["openai/small"]


def test_a_predictor_s_own_settings_hold(llm_server: LLMServer, predictor: dspy.Predict) -> None:
    llm_server.usually(Behaviour(text=ANSWER))
    predictor.update_config(temperature=0.7)
    assert asked(llm_server, predictor)[1]["temperature"] == 0.7


def test_other_demonstrations_stand_in_for_the_predictor_s(
    llm_server: LLMServer, predictor: dspy.Predict
) -> None:
    llm_server.usually(Behaviour(text=ANSWER))
    with using("openai/small", api_base=llm_server.url, cache=False):
        fill_in(predictor, INPUTS, {"demos": []})
    assert len(llm_server.requests[-1].json["messages"]) == 2


def test_reasoning_is_asked_for_and_given(llm_server: LLMServer) -> None:
    llm_server.usually(Behaviour(text=f"[[ ## reasoning ## ]]\nbecause\n\n{ANSWER}"))
    predictor = dspy.ChainOfThought(predict_strategy(load_taxonomy(), "en"))
    with using("openai/small", api_base=llm_server.url, cache=False):
        values = fill_in(predictor, INPUTS, {})
    assert dict(values) == {"reasoning": "because", "strategy": "Emotional Management"}
