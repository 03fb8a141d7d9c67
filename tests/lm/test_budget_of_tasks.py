"""Engines that are handed tasks keep to the budget too."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping, Sequence

import dspy
import pytest
from dspy.lm15 import Request, Response

from csc_dspy.exceptions import BudgetError, LMError
from csc_dspy.lm import Answer, Budget, Task, is_structured, using
from csc_dspy.lm.calling import is_direct
from csc_dspy.lm.metered import Terms
from csc_dspy.lm.metered_structured import MeteredStructuredEngine
from csc_dspy.lm.prices import FREE
from csc_dspy.lm.structured import Demonstration
from csc_dspy.signatures import classify_strategy, write_response
from csc_dspy.taxonomy import load_taxonomy
from tests.lm.small_engine import SmallEngine

CONVERSATION = "Supporter: Hello!\nCustomer: Hello."


class FirstLabel:
    """Takes the first label of every field; refuses tasks that ask for text."""

    def __init__(self) -> None:
        self.plain = SmallEngine()

    def answer(
        self, model: str, task: Task, demonstrations: Sequence[Demonstration], inputs: Mapping[str, str]
    ) -> Answer:
        assert (model, list(demonstrations), inputs["conversation"]) == ("embedded", [], CONVERSATION)
        if not all(output.labels for output in task.outputs):
            raise LMError("writes no text")
        return Answer({output.name: output.labels[0].name for output in task.outputs})

    def complete(self, request: Request) -> Response:
        return self.plain.complete(request)

    def close(self) -> None:
        self.plain.close()


@pytest.fixture
def inner() -> FirstLabel:
    return FirstLabel()


@pytest.fixture
def lm(inner: FirstLabel) -> dspy.LM:
    engine = MeteredStructuredEngine(inner, Terms("embedded", Budget(max_calls=3), FREE))
    return dspy.LM("embedded", cache=False, num_retries=0, engine=engine, async_engine=engine.asynchronous)


def test_tasks_count_and_cost_nothing(lm: dspy.LM) -> None:
    classify = dspy.Predict(classify_strategy(load_taxonomy(), "en"))
    inputs = {"conversation": CONVERSATION, "turn": "How can I help?"}
    with using(lm):
        assert classify(**inputs).strategy == "Greeting"
        assert asyncio.run(classify.acall(**inputs)).strategy == "Greeting"
        assert copy.deepcopy(classify)(**inputs).strategy == "Greeting"
        with pytest.raises(BudgetError, match="the limit of 3 calls is reached"):
            classify(**inputs)
    usage = lm.engine.budget.usage
    assert (usage.calls, usage.tokens, usage.to_dict()["usd"]) == (3, 0, 0.0)


def test_a_task_that_is_refused_counts(lm: dspy.LM) -> None:
    write = dspy.Predict(write_response(load_taxonomy(), "en"))
    with using(lm), pytest.raises(LMError, match="writes no text"):
        write(conversation=CONVERSATION, stage="Connecting", strategy="Greeting")
    assert lm.engine.budget.usage.failed_calls == 1


def test_requests_count_as_well(lm: dspy.LM, inner: FirstLabel) -> None:
    assert lm("hello") == ["answer 1"]
    assert asyncio.run(lm.acall("hello")) == ["answer 2"]
    assert lm.engine.budget.usage.tokens == 28
    asyncio.run(lm.engine.asynchronous.aclose())
    assert inner.plain.closed


def test_what_it_declares_itself_to_be(lm: dspy.LM) -> None:
    assert copy.deepcopy(lm.engine) is lm.engine
    assert copy.deepcopy(lm.engine.asynchronous) is lm.engine.asynchronous
    # Nobody may send it a prompt.
    assert not is_direct(lm.engine)
    assert is_structured(lm.engine)
