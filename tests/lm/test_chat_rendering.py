"""What is sent is what ``dspy.ChatAdapter`` would send, byte for byte, however often it is asked for."""

from __future__ import annotations

from typing import Any

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.lm.adapter import Adapter
from csc_dspy.signatures import (
    classify_strategy,
    predict_strategy,
    support_turn,
    track_stage,
    write_response,
)
from csc_dspy.taxonomy import load_taxonomy

SIGNATURES = [
    task(load_taxonomy(taxonomy), language)
    for task in (track_stage, classify_strategy, predict_strategy, write_response, support_turn)
    for taxonomy in ("copc", "esconv")
    for language in ("en", "zh")
]
ADAPTER = Adapter()
texts = st.text(st.characters(codec="utf-8"), max_size=60)
values = (
    texts
    | st.none()
    | st.integers()
    | st.lists(texts, max_size=2)
    | st.dictionaries(texts, texts, max_size=2)
)


@given(st.data())
def test_bytes_are_those_of_dspys_chat_adapter(data: st.DataObject) -> None:
    signature = data.draw(st.sampled_from(SIGNATURES))
    fields = list(signature.fields)
    demo = st.dictionaries(st.sampled_from([*fields, "augmented"]), values)
    demos = data.draw(st.lists(demo, max_size=4))
    inputs = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(signature.input_fields, values)))
    expected = dspy.ChatAdapter().format(signature, demos, inputs)
    assert ADAPTER.format(signature, demos, inputs) == expected
    assert ADAPTER.format(signature, demos, inputs) == expected


def test_changed_demonstrations_are_rendered_anew() -> None:
    signature = predict_strategy(load_taxonomy("copc"), "en")
    demos: list[dict[str, Any]] = [{"conversation": "Customer: hi", "strategy": "Greeting"}]
    first = ADAPTER.format(signature, demos, {"conversation": "x"})
    demos[0]["strategy"] = "Others"
    second = ADAPTER.format(signature, demos, {"conversation": "x"})
    assert first != second
    assert second == dspy.ChatAdapter().format(signature, demos, {"conversation": "x"})


def test_examples_serve_as_demonstrations() -> None:
    signature = predict_strategy(load_taxonomy("copc"), "en")
    demos = [dspy.Example(conversation="Customer: hi", strategy="Greeting", augmented=True)]
    expected = dspy.ChatAdapter().format(signature, demos, {"conversation": "x"})
    assert ADAPTER.format(signature, demos, {"conversation": "x"}) == expected


@pytest.mark.parametrize("signature", SIGNATURES[:4], ids=range(4))
def test_finetuning_rows_hold_the_prompt_that_is_sent(signature: type[dspy.Signature]) -> None:
    outputs = dict.fromkeys(signature.output_fields, "Connecting")
    row = ADAPTER.format_finetune_data(signature, [], {"conversation": "Customer: hi"}, outputs)
    assert row["messages"][:-1] == ADAPTER.format(signature, [], {"conversation": "Customer: hi"})
