"""Chat JSONL, and that our own fine-tuning reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csc_dspy.conversations import Turn, render
from csc_dspy.finetuning._base import Row
from csc_dspy.lm import Adapter
from csc_dspy.lm.embedded.chat_rows import read_rows
from csc_dspy.signatures import classify_strategy
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.finetuning.format_rows import ANSWER, ASKED, SHOWN, SYSTEM, WORSE, lines, row, said, write


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_end_with_the_answer(language: Language, tmp_path: Path) -> None:
    folder = write("openai", tmp_path, [row(1, language), row(2, language, shown=False)])
    question, answer = SHOWN[language]
    assert lines(folder / "train.jsonl") == [
        {
            "messages": [
                said("system", SYSTEM[language]),
                said("user", question),
                said("assistant", answer),
                said("user", f"{ASKED[language]}1"),
                said("assistant", ANSWER[language]),
            ]
        },
        {
            "messages": [
                said("system", SYSTEM[language]),
                said("user", f"{ASKED[language]}2"),
                said("assistant", ANSWER[language]),
            ]
        },
    ]


def test_pairs_in_the_form_of_preference_fine_tuning(tmp_path: Path) -> None:
    pair = row(3, "en", shown=False, pair=True)
    assert lines(write("openai", tmp_path, [pair], pairs=True) / "train.jsonl") == [
        {
            "input": {"messages": [said("system", SYSTEM["en"]), said("user", f"{ASKED['en']}3")]},
            "preferred_output": [said("assistant", ANSWER["en"])],
            "non_preferred_output": [said("assistant", WORSE["en"])],
        }
    ]


TALKS = {
    "zh": (
        Turn(speaker="customer", text="我现在就要退款！"),
        {"turn": "非常抱歉。", "strategy": "情感管理"},
    ),
    "en": (
        Turn(speaker="customer", text="I want a refund now!"),
        {"turn": "I am so sorry.", "strategy": "Emotional Management"},
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_embedded_engine_reads_it(language: Language, tmp_path: Path) -> None:
    turn, told = TALKS[language]
    signature = classify_strategy(load_taxonomy(), language)
    inputs = {"conversation": render([turn], language), "turn": told["turn"]}
    outputs = {"strategy": told["strategy"]}
    made = Adapter().format_finetune_data(signature, [], inputs, outputs)["messages"]
    asked = row(1, language, messages=made[:-1], answer=made[-1]["content"])
    read = [*read_rows(lines(write("openai", tmp_path, [asked]) / "train.jsonl"))]
    assert [(each.inputs, each.outputs) for each in read] == [(inputs, outputs)]


def test_the_bytes_are_those_of_the_messages(tmp_path: Path) -> None:
    asked: Row = row(4, "en")
    (line,) = (write("openai", tmp_path, [asked]) / "train.jsonl").read_bytes().splitlines()
    messages = [*asked.messages, said("assistant", asked.answer)]
    assert line == json.dumps({"messages": messages}, ensure_ascii=False, separators=(",", ":")).encode()
