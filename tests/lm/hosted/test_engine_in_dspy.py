"""The engine under DSPy: programs, adapters, optimizers' copies, and streaming."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from typing import Any

import dspy
import pytest

from tests.support.behaviours import chatters, fails, respells
from tests.support.engines import MakeEngine
from tests.support.openai_server import LLMServer

LABELS = ("Greeting", "Emotional Management", "Identity Verification")
SIGNATURE = dspy.Signature(
    "conversation -> strategy: Literal['Greeting', 'Emotional Management', 'Identity Verification'], reply",
    "Name the strategy, and reply.",
)


@pytest.fixture
def lm(make_engine: MakeEngine) -> dspy.LM:
    engine = make_engine(prefix="openai/")
    return dspy.LM(
        "openai/test",
        engine=engine,
        async_engine=engine.asynchronous,
        num_retries=0,
        cache=False,
        temperature=0.0,
    )


@pytest.fixture(params=[dspy.ChatAdapter, dspy.JSONAdapter], ids=["chat", "json"])
def predict(request: pytest.FixtureRequest, lm: dspy.LM) -> Iterator[dspy.Predict]:
    with dspy.context(lm=lm, adapter=request.param()):
        yield dspy.Predict(SIGNATURE)


def test_a_prediction(predict: dspy.Predict, llm_server: LLMServer) -> None:
    prediction = predict(conversation="customer: Where is my order?")
    assert prediction.strategy in LABELS
    assert prediction.reply.startswith("Here is the reply")
    assert len(llm_server.requests) == 1
    assert llm_server.requests[0].json["model"] == "test"
    assert llm_server.requests[0].json["temperature"] == 0.0


def test_an_asynchronous_prediction(predict: dspy.Predict) -> None:
    asked = {"conversation": "顾客：我的订单在哪里？"}
    asynchronous = asyncio.run(predict.acall(**asked))
    assert (asynchronous.strategy, asynchronous.reply) == (predict(**asked).strategy, predict(**asked).reply)
    assert "回答" in asynchronous.reply


def test_many_predictions_in_parallel(predict: dspy.Predict) -> None:
    examples = [
        dspy.Example(conversation=f"customer: {number}").with_inputs("conversation") for number in range(40)
    ]
    parallel = dspy.Parallel(num_threads=8, disable_progress_bar=True)
    predictions = parallel([(predict, example) for example in examples])
    assert [each.strategy for each in predictions] == [
        predict(**example.inputs()).strategy for example in examples
    ]


def test_demonstrations_are_sent_before_the_question(predict: dspy.Predict, llm_server: LLMServer) -> None:
    predict.demos = [dspy.Example(conversation="example", strategy="Greeting", reply="Hello")]
    predict(conversation="question")
    roles = [message["role"] for message in llm_server.requests[0].json["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_an_answer_with_prose_around_it_is_read(lm: dspy.LM, llm_server: LLMServer) -> None:
    llm_server.usually(chatters())
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter(use_json_adapter_fallback=False)):
        assert dspy.Predict(SIGNATURE)(conversation="question").strategy in LABELS


def test_a_label_in_another_case_is_what_the_server_can_be_told_to_say(
    lm: dspy.LM, llm_server: LLMServer
) -> None:
    llm_server.usually(respells(str.upper))
    with dspy.context(lm=lm):
        (answer,) = lm(dspy.ChatAdapter().format(SIGNATURE, [], {"conversation": "question"})[-1]["content"])
    assert any(label.upper() in answer for label in LABELS)


def test_json_schemas_are_sent_where_the_server_honours_them(lm: dspy.LM, llm_server: LLMServer) -> None:
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        dspy.Predict(SIGNATURE)(conversation="question")
    schema = llm_server.requests[0].json["response_format"]["json_schema"]["schema"]
    assert set(schema["properties"]["strategy"]["enum"]) == set(LABELS)


def test_json_schemas_are_not_sent_where_it_does_not(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    lm = dspy.LM("test", engine=make_engine(json_schema=False), num_retries=0, cache=False)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        assert dspy.Predict(SIGNATURE)(conversation="question").strategy in LABELS
    assert llm_server.requests[0].json["response_format"] == {"type": "json_object"}


def test_copies_of_programs_share_the_engine(lm: dspy.LM) -> None:
    program = dspy.Predict(SIGNATURE)
    program.set_lm(lm)
    for copied in (copy.deepcopy(program), program.deepcopy(), program.reset_copy()):
        copied.set_lm(lm.copy(temperature=1.0))
        assert copied.lm.engine is lm.engine
    assert copy.deepcopy(program).lm.engine is lm.engine


def test_dspy_does_not_try_again_what_the_engine_gave_up(lm: dspy.LM, llm_server: LLMServer) -> None:
    llm_server.usually(fails(503))
    with pytest.raises(dspy.LMServerError):
        lm("Hello")
    assert len(llm_server.requests) == lm.engine.limits.attempts


def test_usage_reaches_dspy(lm: dspy.LM) -> None:
    with dspy.context(lm=lm, track_usage=True):
        usage = dspy.Predict(SIGNATURE)(conversation="question").get_lm_usage()
    assert usage["openai/test"]["completion_tokens"] > 0


def test_streaming(lm: dspy.LM) -> None:
    async def stream() -> tuple[list[Any], dspy.Prediction]:
        listener = dspy.streaming.StreamListener(signature_field_name="reply")
        program = dspy.streamify(dspy.Predict(SIGNATURE), stream_listeners=[listener])
        chunks, prediction = [], None
        async for item in program(conversation="question"):
            if isinstance(item, dspy.Prediction):
                prediction = item
            else:
                chunks.append(item)
        assert prediction is not None
        return chunks, prediction

    with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
        chunks, prediction = asyncio.run(stream())
    assert len(chunks) > 1
    assert "".join(chunk.chunk for chunk in chunks).strip() == prediction.reply
