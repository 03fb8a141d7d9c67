"""The test server answers whatever programs ask for, validly and always the same."""

from __future__ import annotations

from typing import Literal

import dspy
import pydantic
import pytest

from tests.support.answers import answer, tokens
from tests.support.engines import MakeEngine


class Turn(pydantic.BaseModel):
    speaker: Literal["customer", "supporter"]
    text: str
    stage: int | None = None


SIGNATURE = dspy.Signature(
    {
        "conversation": (str, dspy.InputField()),
        "resolved": (bool, dspy.OutputField()),
        "strategy": (Literal["Greeting", "Say 'no', politely", "其他"], dspy.OutputField(desc="the label")),
        "score": (float, dspy.OutputField()),
        "count": (int, dspy.OutputField()),
        "turns": (list[Turn], dspy.OutputField()),
        "note": (str, dspy.OutputField()),
    },
    "Say all about it.",
)


@pytest.mark.parametrize("adapter", [dspy.ChatAdapter(), dspy.JSONAdapter()], ids=["chat", "json"])
@pytest.mark.parametrize("json_schema", [False, True])
@pytest.mark.parametrize("conversation", ["customer: Hello.", "顾客：你好。"])
def test_every_kind_of_field_is_filled_in(
    make_engine: MakeEngine, adapter: dspy.Adapter, json_schema: bool, conversation: str
) -> None:
    lm = dspy.LM("test", engine=make_engine(json_schema=json_schema), num_retries=0, cache=False)
    with dspy.context(lm=lm, adapter=adapter):
        first, second = (dspy.Predict(SIGNATURE)(conversation=conversation) for _ in range(2))
    assert first.toDict() == second.toDict()
    assert first.strategy in {"Greeting", "Say 'no', politely", "其他"}
    assert isinstance(first.resolved, bool)
    assert isinstance(first.score, float)
    assert isinstance(first.count, int)
    assert all(isinstance(turn, Turn) for turn in first.turns)
    assert ("好的" in first.note) is conversation.startswith("顾客")


def test_answers_depend_on_question_and_seed() -> None:
    asked = [
        {"messages": [{"role": "user", "content": text}], "seed": seed}
        for text in "ab"
        for seed in (None, 1, 2)
    ]
    assert len({answer(body).text for body in asked}) == 6
    assert [answer(body) for body in asked] == [answer(body) for body in asked]


def test_tokens_make_up_the_answer() -> None:
    written = answer({"messages": [{"role": "user", "content": "你好 there"}]})
    assert "".join(piece for piece, _ in tokens(written)) == written.text
