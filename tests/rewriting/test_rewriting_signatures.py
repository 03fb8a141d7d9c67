"""The questions of the construction: both languages, any taxonomy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import pytest

from csc_dspy.signatures import (
    OUTCOME_CRITERIA,
    PREFILTER_CRITERIA,
    Criterion,
    Wanted,
    compare_outcome,
    prefilter_call,
    rewrite_call,
    rewrite_call_again,
)
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def in_its_language(signature: Any, language: Language) -> bool:  # noqa: ANN401  a signature class
    texts = [signature.instructions, *(f.json_schema_extra["desc"] for f in signature.fields.values())]
    return all(bool(CHINESE.search(text)) == (language == "zh") for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("task", "criteria", "inputs"),
    [
        (prefilter_call, PREFILTER_CRITERIA, ["conversation"]),
        (compare_outcome, OUTCOME_CRITERIA, ["original", "rewriting"]),
    ],
)
def test_verdicts_come_behind_their_reasons(
    task: Callable[..., Any],
    criteria: tuple[Criterion, ...],
    inputs: list[str],
    language: Language,
) -> None:
    signature = task(language)
    assert in_its_language(signature, language)
    assert list(signature.input_fields) == inputs
    assert list(signature.output_fields) == [name for each in criteria for name in (each.reason, each.id)]
    for each in criteria:
        assert get_args(signature.output_fields[each.id].annotation) == (
            ("是", "否") if language == "zh" else ("yes", "no")
        )
        assert each.question[language] in signature.instructions


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["copc", "esconv"])
def test_rewriting_shows_the_standard(name: str, language: Language) -> None:
    taxonomy = load_taxonomy(name)
    wanted = Wanted(7, 33, (taxonomy.strategies[0], taxonomy.strategies[3]))
    first, again = (make(taxonomy, language, wanted) for make in (rewrite_call, rewrite_call_again))
    assert list(first.input_fields) == ["conversation"]
    assert list(again.input_fields) == ["conversation", "draft", "flaws"]
    assert list(first.output_fields) == list(again.output_fields) == ["rewriting"]
    assert again.instructions.startswith(first.instructions)
    for signature in (first, again):
        assert in_its_language(signature, language)
        assert all(each.definition[language] in signature.instructions for each in taxonomy.strategies)
    names = [each.name[language] for each in wanted.required]
    assert ("、" if language == "zh" else ", ").join(names) in first.instructions
    assert re.search(r"7\D{1,5}33", first.instructions)
    without = rewrite_call(taxonomy, language, Wanted(7, 33))
    assert len(without.instructions) < len(first.instructions)
