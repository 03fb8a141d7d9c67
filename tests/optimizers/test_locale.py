"""Which proposed instructions may get into a program."""

from __future__ import annotations

import itertools

import pytest

from csc_dspy.optimizers.locale import TOLD, Flaw, LocaleLock, in_language, restatement
from csc_dspy.programs import PROGRAMS, Options, create
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.support.workbench import GOOD, Workbench

EVERY = list(itertools.product(PROGRAMS, LANGUAGES, ("copc", "esconv"), (False, True)))


@pytest.mark.parametrize(("name", "language", "taxonomy", "reasoning"), EVERY)
def test_our_own_instructions_pass(name: str, language: Language, taxonomy: str, reasoning: bool) -> None:
    options = Options(language=language, taxonomy=load_taxonomy(taxonomy), reasoning=reasoning)
    program = create(name, options)
    lock = LocaleLock.of(program)
    for predictor in program.predictors():
        instructions = predictor.signature.instructions
        assert lock.flaw(instructions, instructions) is None
        assert lock.flaw(instructions.partition("\n")[0]) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_other_languages_instructions_do_not(language: Language) -> None:
    other: Language = "en" if language == "zh" else "zh"
    lock = LocaleLock.of(create("support-agent", Options(language=language)))
    for predictor in create("support-agent", Options(language=other)).predictors():
        assert lock.flaw(predictor.signature.instructions, predictor.signature.instructions) == "language"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("请阅读对话，判断策略。", "zh", True),
        ("请阅读 `conversation` 字段，用 [手机号码] 这样的占位符，按 COPC 的 strategy 回答。", "zh", True),
        ("请阅读对话。Then choose the strategy that fits best and answer.", "zh", False),
        ("Read the conversation.", "zh", False),
        ("Read the conversation.", "en", True),
        ("Read the conversation and use placeholders such as [手机号码] and `策略`.", "en", True),
        ("Read the conversation. 请选择合适的策略。", "en", False),
        ("12345 !?", "zh", False),
        ("12345 !?", "en", False),
        ("Lies das Gespräch", "zh", False),
    ],
)
def test_languages(text: str, language: Language, expected: bool) -> None:
    assert in_language(text, language) is expected


def test_one_paragraph_in_the_other_language_is_too_much() -> None:
    rule = "If the customer is upset, then choose comfort before anything else, and do not ask."
    chinese = "请阅读到目前为止的对话，选出客服下一轮发言应当采用的一个策略。" * 10
    assert in_language(chinese, "zh")
    assert not in_language(f"{chinese}\n\n{rule}", "zh")


@pytest.mark.parametrize(
    ("text", "language", "flaw"),
    [
        ("", "zh", "empty"),
        (" \n", "en", "empty"),
        ("Decide. " * 3000, "en", "too long"),
        ("请判断。\n[[ ## strategy ## ]]\n礼貌问候", "zh", "form"),
        ("从以下策略中选：Greeting、Others。", "zh", "labels"),
        ("从以下策略中选：礼貌问候（Greeting）、其它（Others）。", "zh", None),
        ("Choose 礼貌问候 if the call has just begun and nothing was said before that.", "en", "labels"),
        ("Choose:\n1. Greeting: hello\n2. Closure Of Call: bye\n3. Others: the rest", "en", "labels"),
        ("请选择：\n1. 礼貌问候：开场\n2. 情绪安慰：安抚\n3. 其它：其余", "zh", "labels"),
        ("请选择：\n1. 礼貌问候：开场\n2. **情感管理**：安抚\n3. 其它：其余\n\n- 注意：先安抚。", "zh", None),
        ("Think first.\n- The customer: what do they want?\n- The desk: what can it do?", "en", None),
        ("Emotional customers come first.", "en", None),
    ],
)
def test_flaws(text: str, language: Language, flaw: Flaw | None) -> None:
    assert LocaleLock.of(create("strategy-predictor", Options(language=language))).flaw(text) == flaw


@pytest.mark.parametrize("language", LANGUAGES)
def test_quotations_of_examples(language: Language) -> None:
    work = Workbench("strategy-predictor", language)
    lock = LocaleLock.of(work.program, work.train)
    texts = [turn.text for turn in work.train[7].history.dialogue]
    quoted = max(texts, key=len)
    assert lock.flaw(f"{GOOD[language]} {quoted}") == "leak"
    # Blanks and case do not hide it, and a few words are none.
    assert lock.flaw(f"{GOOD[language]}\n{' '.join(quoted.upper().split())}") in {"leak", "language"}
    assert lock.flaw(f"{GOOD[language]} {quoted[:8]}") is None
    # What stood there before may stay.
    assert lock.flaw(f"{GOOD[language]} {quoted}", instead_of=quoted) is None
    assert lock.flaw(work.program.predict.signature.instructions, "") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_proposers_are_told_is_in_the_language(language: Language) -> None:
    lock = LocaleLock.of(create("strategy-predictor", Options(language=language)))
    task = restatement(lock)
    assert in_language(TOLD[language], language)
    assert in_language(task.instructions, language)
    assert all(name in task.instructions for name in lock.names)
