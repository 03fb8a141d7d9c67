"""ROUGE-L has the numbers of rouge_score, given the same tokens, and those worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from rouge_score.rouge_scorer import RougeScorer

from csc_dspy.metrics import metric
from csc_dspy.metrics.text import rouge_l, rouge_l_paper, words
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.metrics.by_hand import value_of
from tests.metrics.text.texts import LANGUAGES, PAIRS, Pair, answered, sample_pairs


class Words:
    """Our tokens for their scorer."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


USUAL = RougeScorer(["rougeL"])
BY_WORDS = RougeScorer(["rougeL"], tokenizer=Words())


def theirs(scorer: RougeScorer, response: str, reference: str) -> float:
    return 100 * float(scorer.score(reference, response)["rougeL"].fmeasure)


@given(PAIRS)
@settings(max_examples=300)
def test_any_pair(pair: Pair) -> None:
    assert rouge_l(*pair) == pytest.approx(theirs(BY_WORDS, *pair), abs=1e-9)
    assert rouge_l_paper(*pair) == pytest.approx(theirs(USUAL, *pair), abs=1e-9)


@pytest.mark.parametrize("language", LANGUAGES)
def test_samples(language: Language) -> None:
    pairs = sample_pairs(language)
    for name, scorer in (("R-L", BY_WORDS), ("rouge-l-paper", USUAL)):
        expected = sum(theirs(scorer, *pair) for pair in pairs) / len(pairs)
        scored_by = metric(name, load_taxonomy())
        assert value_of(scored_by, [answered(pairs, language)]) == pytest.approx(expected, abs=1e-9)


def test_plain_english_is_scored_as_usual() -> None:
    for response, reference in sample_pairs("en"):
        if response.isascii() and reference.isascii():
            assert rouge_l(response, reference) == pytest.approx(theirs(USUAL, response, reference))


def test_words() -> None:
    assert words("I'll e-mail Zoë at 9:30_PM!") == ["i", "ll", "e", "mail", "zoë", "at", "9", "30", "pm"]
    assert words("您的VIP卡，尾号1234。𠮷") == [*"您的", "vip", *"卡尾号", "1234", "𠮷"]
    assert words("…😀 \u3000") == []


def test_by_hand() -> None:
    # 您 的 in order: 2 of 4 characters, 2 of 3.
    assert rouge_l("您好我的", "您的卡") == pytest.approx(100 * 2 * 2 / (4 + 3))
    # "your card is" of 4 words and of 5.
    assert rouge_l("Your card: is LOST", "your new card is here") == pytest.approx(100 * 2 * 3 / (4 + 5))
    # An account's digits are one token, right or wrong.
    assert rouge_l("尾号1234", "尾号1235") == pytest.approx(100 * 2 * 2 / (3 + 3))


def test_the_usual_scorer_throws_chinese_away() -> None:
    assert rouge_l_paper("您好，请讲。", "您好，请讲。") == 0
    assert rouge_l_paper("您的VIP卡", "我的 vip 账户") == pytest.approx(100)


@pytest.mark.parametrize("text", ["您好，请讲。", "Hello there!", "好"])
def test_identical_and_empty(text: str) -> None:
    assert rouge_l(text, text) == pytest.approx(100)
    for nothing in ("", "  ", "……", "！😀"):
        assert rouge_l(nothing, text) == rouge_l(text, nothing) == rouge_l(nothing, nothing) == 0
