"""The judging tasks: both languages, any taxonomy, verdicts read as they are meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import dspy
import pytest

from csc_dspy.exceptions import LabelError
from csc_dspy.lm import Adapter
from csc_dspy.signatures import (
    QUALITY_CRITERIA,
    ROLE_PLAY_CRITERIA,
    Criterion,
    Verdict,
    judge_quality,
    judge_role_play,
    parse_verdict,
    verdict_of,
)
from csc_dspy.taxonomy import LANGUAGES, load_taxonomy

TASKS = [
    pytest.param(judge_role_play, ROLE_PLAY_CRITERIA, ["situation", "conversation"], id="role play"),
    pytest.param(judge_quality, QUALITY_CRITERIA, ["conversation"], id="quality"),
]
TAXONOMIES = [load_taxonomy("copc"), load_taxonomy("esconv")]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
Task = Callable[..., Any]


@pytest.mark.parametrize(("task", "criteria", "inputs"), TASKS)
def test_each_criterion_has_a_reason_before_its_verdict(
    task: Task, criteria: tuple[Criterion, ...], inputs: list[str]
) -> None:
    for taxonomy in TAXONOMIES:
        for language, names in (("en", ("yes", "no")), ("zh", ("是", "否"))):
            signature = task(taxonomy, language)
            assert list(signature.input_fields) == inputs
            assert list(signature.output_fields) == [
                field for each in criteria for field in (f"{each.id}_reason", each.id)
            ]
            for each in criteria:
                assert signature.output_fields[each.reason].annotation is str
                assert get_args(signature.output_fields[each.id].annotation) == names


def test_the_five_criteria_of_role_play() -> None:
    assert [each.id for each in ROLE_PLAY_CRITERIA] == [
        "strategy_adherence",
        "unreasonable_needs",
        "naturalness",
        "variety",
        "role_consistency",
    ]


@pytest.mark.parametrize(("task", "criteria", "inputs"), TASKS)
def test_prompts_keep_to_their_language_and_taxonomy(
    task: Task, criteria: tuple[Criterion, ...], inputs: list[str]
) -> None:
    for taxonomy in TAXONOMIES:
        for language in LANGUAGES:
            signature = task(taxonomy, language)
            texts = [
                signature.instructions,
                *(f.json_schema_extra["desc"] for f in signature.fields.values()),
            ]
            assert all(bool(CHINESE.search(text)) == (language == "zh") for text in texts)
            for strategy in taxonomy.strategies:
                assert strategy.definition[language] in signature.instructions
            for criterion in criteria:
                assert criterion.question[language] in signature.instructions
    assert len(inputs) == len(task(TAXONOMIES[0], "zh").input_fields)


YES = (
    "yes|Yes.|YES|true|True|1|1.0|1/1|1分|１|pass|**yes**|Verdict: yes|yes, turn 3|Yes - fine|[1]"
    "|是|是的。|满足：全程|√"
)
NO = (
    "no|No.|NO|false|False|\"false\"|'False'|0|0.0|0/1|0分|fail|not met|no, turn 3|No: x\ny|No (turn 2)"
    "|否|不是|不满足，第2轮|判断：否|×|❌"
)
NEITHER = (
    "|5|5/5|1/5|0/5|2|1. First|yes/no|yes or no|是否|是/否|是或否|N/A|null|none|no problems were found"
    "|maybe|没有|不清楚"
)


@pytest.mark.parametrize(("texts", "verdict"), [(YES, True), (NO, False)], ids=["yes", "no"])
def test_spellings(texts: str, verdict: bool) -> None:
    assert {text: parse_verdict(text) for text in texts.split("|")} == dict.fromkeys(
        texts.split("|"), verdict
    )


@pytest.mark.parametrize("text", NEITHER.split("|"))
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(LabelError, match="neither yes nor no"):
        parse_verdict(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_adapter_reads_verdicts_in_either_language(language: Any) -> None:  # noqa: ANN401  a literal
    signature = judge_quality(TAXONOMIES[0], language)
    spellings = dict(
        zip((each.id for each in QUALITY_CRITERIA), ("否，第2轮", '"false"', "1", "Yes."), strict=True)
    )
    text = "\n".join(
        f"[[ ## {name}_reason ## ]]\nso\n[[ ## {name} ## ]]\n{spelling}"
        for name, spelling in spellings.items()
    )
    values = Adapter().parse(signature, text)
    yes, no = Verdict(language).names
    assert [values[each.id] for each in QUALITY_CRITERIA] == [no, no, yes, yes]


def test_verdicts_survive_what_optimizers_do_to_a_signature() -> None:
    signature = judge_quality(TAXONOMIES[1], "zh")
    for changed in (
        signature.with_instructions("改写过的说明"),
        signature.with_updated_fields("complete", desc="另一种说法"),
        dspy.ChainOfThought(signature).predict.signature,
    ):
        assert verdict_of(changed.output_fields["complete"]) == Verdict("zh")
        assert verdict_of(changed.output_fields["complete_reason"]) is None


@pytest.mark.parametrize("task", [judge_role_play, judge_quality])
def test_the_same_arguments_give_the_same_class(task: Task) -> None:
    assert task(load_taxonomy("copc"), "en") is task(load_taxonomy("copc"), "en")
