"""chrF has the numbers of sacrebleu."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from sacrebleu.metrics.chrf import CHRF

from csc_dspy.metrics import metric
from csc_dspy.metrics.text import chrf
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.metrics.by_hand import value_of
from tests.metrics.text.texts import LANGUAGES, PAIRS, Pair, answered, sample_pairs

REFERENCE = CHRF(char_order=6, word_order=0, beta=2)


def theirs(response: str, reference: str) -> float:
    return REFERENCE.sentence_score(response, [reference]).score


@given(PAIRS)
@settings(max_examples=300)
def test_any_pair(pair: Pair) -> None:
    assert chrf(*pair) == pytest.approx(theirs(*pair), abs=1e-9)


@pytest.mark.parametrize("language", LANGUAGES)
def test_samples(language: Language) -> None:
    pairs = sample_pairs(language)
    expected = [theirs(*pair) for pair in pairs]
    assert [chrf(*pair) for pair in pairs] == pytest.approx(expected, abs=1e-9)
    mean = value_of(metric("chrF", load_taxonomy()), [answered(pairs, language)])
    assert mean == pytest.approx(sum(expected) / len(expected))


def test_by_hand() -> None:
    # 1 of 2 characters and none of 1 pair; 1 of 3 characters and none of 2 pairs.
    precision, recall = (1 / 2 + 0) / 2, (1 / 3 + 0) / 2
    assert chrf("您好", "您请讲") == pytest.approx(100 * 5 * precision * recall / (4 * precision + recall))


@pytest.mark.parametrize("text", ["您好，请讲。", "Hello there!", "好"])
def test_identical_and_empty(text: str) -> None:
    assert chrf(text, text) == pytest.approx(100)
    for nothing in ("", " ", "\n\u3000"):
        assert chrf(nothing, text) == chrf(text, nothing) == chrf(nothing, nothing) == 0
