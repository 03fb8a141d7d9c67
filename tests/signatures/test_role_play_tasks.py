"""The roles of a role play: both languages, any taxonomy, and no label for those who may not see one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import dspy
import pytest

from csc_dspy.signatures import (
    direct_customer,
    direct_supporter,
    labels_of,
    plan_scene,
    play_customer,
    play_customer_side,
    play_supporter,
    play_supporter_side,
    verdict_of,
)
from csc_dspy.taxonomy import LANGUAGES, Language, Taxonomy, load_taxonomy

Signature = type[dspy.Signature]
TAXONOMIES = [load_taxonomy("copc"), load_taxonomy("esconv")]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SUPPORTERS: dict[Any, tuple[list[str], list[str]]] = {
    direct_supporter: (["desk", "conversation", "stage_so_far", "happening", "allowed"], ["strategy"]),
    play_supporter: (["desk", "conversation", "happening", "strategy"], ["response"]),
    play_supporter_side: (
        ["desk", "conversation", "stage_so_far", "happening", "allowed"],
        ["strategy", "response"],
    ),
}
OTHERS: dict[Any, tuple[list[str], list[str]]] = {
    plan_scene: (
        ["industry", "topic", "difficulty", "profile", "events", "occasions"],
        ["scene", "goal"],
    ),
    direct_customer: (["profile", "scene", "goal", "conversation", "happening"], ["direction"]),
    play_customer: (["profile", "scene", "goal", "conversation", "direction"], ["utterance", "over"]),
    play_customer_side: (
        ["profile", "scene", "goal", "conversation", "happening"],
        ["direction", "utterance", "over"],
    ),
}


def made(task: Callable[..., Signature], taxonomy: Taxonomy, language: Language) -> Signature:
    return task(taxonomy, language) if task in SUPPORTERS else task(language)


@pytest.mark.parametrize("task", [*SUPPORTERS, *OTHERS], ids=lambda each: each.__name__)
@pytest.mark.parametrize("language", LANGUAGES)
def test_fields_and_languages(task: Callable[..., Signature], language: Language) -> None:
    for taxonomy in TAXONOMIES:
        signature = made(task, taxonomy, language)
        fields = (list(signature.input_fields), list(signature.output_fields))
        assert fields == {**SUPPORTERS, **OTHERS}[task]
        told = [field.json_schema_extra["desc"] for field in signature.fields.values()]
        lines = [line for line in signature.instructions.splitlines() if line.strip()]
        assert all(bool(CHINESE.search(text)) == (language == "zh") for text in [*told, *lines])


@pytest.mark.parametrize("task", SUPPORTERS, ids=lambda each: each.__name__)
def test_supporters_know_every_strategy(task: Callable[..., Signature]) -> None:
    for taxonomy in TAXONOMIES:
        for language in LANGUAGES:
            signature = task(taxonomy, language)
            for strategy in taxonomy.strategies:
                assert strategy.definition[language] in signature.instructions
            if "strategy" in signature.output_fields:
                labels = labels_of(signature.output_fields["strategy"])
                assert labels is not None
                assert labels.names == tuple(each.name[language] for each in taxonomy.strategies)


@pytest.mark.parametrize("task", OTHERS, ids=lambda each: each.__name__)
def test_customers_and_planners_know_none(task: Callable[..., Signature]) -> None:
    for language in LANGUAGES:
        signature = task(language)
        told = [signature.instructions, *(str(each.json_schema_extra) for each in signature.fields.values())]
        for taxonomy in TAXONOMIES:
            named = [each.name[language] for each in taxonomy.strategies]
            named += [each.name[language] for each in taxonomy.stages]
            # Questions and facts have everyday names in ESConv.
            named = [
                name
                for name in named
                if name not in {"Others", "Question", "Information", "提问", "其他", "其它"}
            ]
            assert not [name for name in named if any(name in text for text in told)]
        assert "strateg" not in signature.instructions.casefold()
        assert "策略" not in signature.instructions


def test_the_end_of_the_talk_is_a_verdict() -> None:
    for task in (play_customer, play_customer_side):
        for language, spelled in (("en", ("yes", "no")), ("zh", ("是", "否"))):
            over = task(language).output_fields["over"]
            assert verdict_of(over) is not None
            assert get_args(over.annotation) == spelled
