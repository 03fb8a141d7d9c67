"""The five tasks as signatures: both languages, any taxonomy, labels that survive an optimizer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import dspy
import pytest

from csc_dspy.signatures import (
    Shown,
    classify_strategy,
    labels_of,
    predict_strategy,
    support_turn,
    track_stage,
    write_response,
)
from csc_dspy.taxonomy import Language, load_taxonomy

TASKS: list[Callable[..., Any]] = [
    track_stage,
    classify_strategy,
    predict_strategy,
    write_response,
    support_turn,
]
FIELDS: dict[Any, tuple[list[str], list[str]]] = {
    track_stage: (["conversation", "stage_so_far"], ["stage"]),
    classify_strategy: (["conversation", "turn"], ["strategy"]),
    predict_strategy: (["conversation", "stage_so_far"], ["strategy"]),
    write_response: (["conversation", "strategy"], ["response"]),
    support_turn: (["conversation", "stage_so_far"], ["stage", "strategy", "response"]),
}
TAXONOMIES = [load_taxonomy("copc"), load_taxonomy("esconv")]
LANGUAGES: list[Language] = ["en", "zh"]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(params=TASKS, ids=lambda task: task.__name__)
def task(request: pytest.FixtureRequest) -> Callable[..., Any]:
    made: Callable[..., Any] = request.param
    return made


def test_fields(task: Callable[..., Any]) -> None:
    for taxonomy in TAXONOMIES:
        for language in LANGUAGES:
            signature = task(taxonomy, language)
            assert (list(signature.input_fields), list(signature.output_fields)) == FIELDS[task]


def test_each_language_keeps_to_itself(task: Callable[..., Any]) -> None:
    for taxonomy in TAXONOMIES:
        english, chinese = task(taxonomy, "en"), task(taxonomy, "zh")
        assert not CHINESE.search(english.instructions)
        described = [field.json_schema_extra["desc"] for field in english.fields.values()]
        # The one Chinese sign in English prompts would be a bracket; there is none.
        assert not any(CHINESE.search(text) for text in described)
        assert all(CHINESE.search(field.json_schema_extra["desc"]) for field in chinese.fields.values())
        lines = [line for line in chinese.instructions.splitlines() if line.strip()]
        assert all(CHINESE.search(line) for line in lines)


def test_definitions_and_distinctions_come_from_the_taxonomy() -> None:
    for taxonomy in TAXONOMIES:
        for language in LANGUAGES:
            full = predict_strategy(taxonomy, language).instructions
            bare = predict_strategy(
                taxonomy, language, Shown(definitions=False, distinctions=False)
            ).instructions
            for strategy in taxonomy.strategies:
                assert strategy.definition[language] in full
                assert strategy.distinction[language] in full
                assert strategy.definition[language] not in bare
                assert strategy.distinction[language] not in bare
                assert strategy.name[language] in bare


def test_outputs_are_literals_in_the_language_of_the_prompt() -> None:
    for taxonomy in TAXONOMIES:
        for language in LANGUAGES:
            outputs = support_turn(taxonomy, language).output_fields
            strategies = tuple(each.name[language] for each in taxonomy.strategies)
            assert get_args(outputs["strategy"].annotation) == strategies
            assert get_args(outputs["stage"].annotation) == tuple(s.name[language] for s in taxonomy.stages)


def test_optional_inputs_follow_the_conversation() -> None:
    shown = Shown(stage=True, hint=True)
    assert list(predict_strategy(TAXONOMIES[0], "zh", shown).input_fields) == [
        "conversation",
        "stage_so_far",
        "stage",
        "hint",
    ]
    assert list(write_response(TAXONOMIES[0], "en", shown).input_fields) == [
        "conversation",
        "stage",
        "strategy",
    ]
    assert list(support_turn(TAXONOMIES[0], "en", shown).input_fields) == [
        "conversation",
        "stage_so_far",
        "hint",
    ]


def test_what_is_constant_comes_first_in_the_prompt() -> None:
    signature = predict_strategy(TAXONOMIES[0], "en")
    adapter = dspy.ChatAdapter()
    prompts = [
        adapter.format(signature, [{"conversation": "a", "strategy": "Greeting"}], {"conversation": text})
        for text in ("Customer: hello", "Customer: goodbye")
    ]
    assert prompts[0][:-1] == prompts[1][:-1]
    assert prompts[0][-1]["content"].startswith("[[ ## conversation ## ]]\nCustomer: hello")


def test_labels_survive_what_optimizers_do_to_a_signature() -> None:
    signature = predict_strategy(TAXONOMIES[1], "zh")
    derived = [
        signature.with_instructions("改写过的说明"),
        signature.with_updated_fields("strategy", desc="另一种说法"),
        signature.append("extra", dspy.OutputField(desc="x"), type_=str),
        dspy.ChainOfThought(signature).predict.signature,
    ]
    for each in derived:
        labels = labels_of(each.output_fields["strategy"])
        assert labels is not None
        assert labels == labels_of(signature.output_fields["strategy"])
        assert labels.normalise("Q: Question".removeprefix("Q: ")) == "提问"


def test_the_same_arguments_give_the_same_class(task: Callable[..., Any]) -> None:
    assert task(load_taxonomy("copc"), "en") is task(load_taxonomy("copc"), "en")
