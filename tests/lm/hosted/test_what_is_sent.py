"""What goes to the server for a request, and what comes back from its answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dspy import lm15

from tests.support.behaviours import Behaviour, says, sends, stops_short
from tests.support.engines import MakeEngine, new_request
from tests.support.openai_server import LLMServer

SCHEMA = {"type": "object", "properties": {"strategy": {"enum": ["Greeting", "Others"]}}}


def sent(server: LLMServer) -> dict[str, Any]:
    """The body of the last request."""
    return server.requests[-1].json


def test_messages_keep_their_order_and_text(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    request = lm15.Request(
        model="test",
        system="系统提示",
        messages=(
            lm15.Message.user("example\n问"),
            lm15.Message.assistant("answer"),
            lm15.Message.user('real "question" 😀'),
        ),
    )
    make_engine().complete(request)
    assert sent(llm_server) == {
        "model": "test",
        "messages": [
            {"role": "system", "content": "系统提示"},
            {"role": "user", "content": "example\n问"},
            {"role": "assistant", "content": "answer"},
            {"role": "user", "content": 'real "question" 😀'},
        ],
    }


@pytest.mark.parametrize(
    ("config", "body"),
    [
        ({"temperature": 0.0}, {"temperature": 0.0}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"max_tokens": 7}, {"max_tokens": 7}),
        ({"stop": ("a", "b")}, {"stop": ["a", "b"]}),
        ({"seed": 42}, {"seed": 42}),
        ({"frequency_penalty": 0.5}, {"frequency_penalty": 0.5}),
        ({"presence_penalty": -1.0}, {"presence_penalty": -1.0}),
        ({"logprobs": 0}, {"logprobs": True}),
        ({"logprobs": 5}, {"logprobs": True, "top_logprobs": 5}),
        ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
        (
            {"response_format": {"type": "json_schema", "schema": SCHEMA, "name": "label", "strict": True}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "label", "schema": SCHEMA, "strict": True},
                }
            },
        ),
        ({"extensions": {"top_k": 3, "min_p": 0.1}}, {"top_k": 3, "min_p": 0.1}),
        ({"reasoning": lm15.Reasoning(effort="low")}, {"reasoning_effort": "low"}),
    ],
)
def test_settings_arrive(
    make_engine: MakeEngine,
    llm_server: LLMServer,
    config: dict[str, Any],
    body: dict[str, Any],
) -> None:
    make_engine().complete(new_request(**config))
    assert {key: value for key, value in sent(llm_server).items() if key not in {"model", "messages"}} == body


def test_openai_wants_another_name_for_the_limit(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    make_engine(dialect="openai").complete(new_request(max_tokens=7))
    assert sent(llm_server)["max_completion_tokens"] == 7
    assert "max_tokens" not in sent(llm_server)


def test_the_key_and_the_model_name(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.key, llm_server.models = "sk-right", frozenset({"qwen"})
    response = make_engine(key="sk-right", prefix="hosted_vllm/").complete(
        new_request(model="hosted_vllm/qwen")
    )
    assert response.model == "qwen"
    assert llm_server.requests[0].headers["Authorization"] == "Bearer sk-right"


def test_without_a_key_none_is_sent(
    make_engine: MakeEngine, llm_server: LLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-someone-else")
    make_engine().complete(new_request())
    assert "Authorization" not in llm_server.requests[0].headers


def test_what_an_engine_does_not_decide_is_refused(make_engine: MakeEngine) -> None:
    with pytest.raises(ValueError, match="num_retries"):
        make_engine().complete(new_request(extensions={"num_retries": 3}))


def test_text_usage_and_identity_come_back(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 64},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    llm_server.script(Behaviour(text="您好！\nHow can I help?", usage=usage))
    response = make_engine().complete(new_request())
    assert response.text == "您好！\nHow can I help?"
    assert (response.id, response.model, response.finish_reason) == ("chatcmpl-test", "test", "stop")
    counted = response.usage
    assert (counted.input_tokens, counted.output_tokens, counted.total_tokens) == (100, 20, 120)
    assert (counted.cache_read_tokens, counted.reasoning_tokens) == (64, 5)


def test_reasoning_is_kept_apart_from_text(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    message = {"role": "assistant", "content": "Hello.", "reasoning_content": "They greet."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    llm_server.script(sends(json.dumps({"model": "test", "choices": [choice]}).encode()))
    response = make_engine().complete(new_request())
    assert response.text == "Hello."
    assert [part.text for part in response.message.parts_of(lm15.ThinkingPart)] == ["They greet."]
    assert response.usage == lm15.Usage()


def test_a_truncated_answer_says_so(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.script(stops_short(8))
    response = make_engine().complete(new_request())
    assert len(response.text or "") == 8
    assert response.finish_reason == "length"


def test_an_empty_answer_is_an_answer(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.script(says(""))
    assert make_engine().complete(new_request()).text == ""


def test_log_probabilities_come_back(make_engine: MakeEngine) -> None:
    prompt = (
        "Respond with the corresponding output fields, starting with the field `[[ ## strategy ## ]]` "
        "(must be formatted as a valid Python Literal['Greeting', 'Others']), and then ending with "
        "the marker for `[[ ## completed ## ]]`."
    )
    response = make_engine().complete(new_request(prompt, logprobs=2))
    assert response.logprobs is not None
    assert "".join(token.token for token in response.logprobs) == response.text
    (doubt,) = [token for token in response.logprobs if len(token.top) == 2]
    assert {top.token for top in doubt.top} == {"Gree", "Othe"}
    assert doubt.top[0].logprob == doubt.logprob > doubt.top[1].logprob
