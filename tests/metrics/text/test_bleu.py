"""BLEU has the numbers of sacrebleu, of single responses and of corpora."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from csc_dspy.metrics.text import CorpusBleu, SentenceBleu, bleu_tokens, sentence_bleu
from csc_dspy.taxonomy import Language
from tests.metrics.by_hand import value_of
from tests.metrics.text.texts import LANGUAGES, PAIRS, Pair, answered, sample_pairs

TOKENIZERS = {"zh": "zh", "en": "13a"}
ORDERS = [1, 2, 3, 4]


def theirs(response: str, reference: str, language: Language, order: int) -> float:
    bleu = BLEU(tokenize=TOKENIZERS[language], max_ngram_order=order, effective_order=True)
    return bleu.sentence_score(response, [reference]).score


def theirs_of_corpus(pairs: list[Pair], tokenizer: str, order: int) -> float:
    responses, references = zip(*pairs, strict=True)
    return BLEU(tokenize=tokenizer, max_ngram_order=order).corpus_score(responses, [references]).score


@given(PAIRS, st.sampled_from(LANGUAGES), st.sampled_from(ORDERS))
@settings(max_examples=300)
def test_any_pair(pair: Pair, language: Language, order: int) -> None:
    ours = sentence_bleu(*pair, language, order)
    assert ours == pytest.approx(theirs(*pair, language, order), abs=1e-9)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("language", LANGUAGES)
def test_samples(language: Language, order: int) -> None:
    pairs = sample_pairs(language)
    expected = [theirs(*pair, language, order) for pair in pairs]
    assert len({round(score) for score in expected}) > 20
    assert [sentence_bleu(*pair, language, order) for pair in pairs] == pytest.approx(expected, abs=1e-9)
    assert value_of(SentenceBleu(order), [answered(pairs, language)]) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("language", LANGUAGES)
def test_corpus(language: Language, order: int) -> None:
    pairs = sample_pairs(language)
    dialogues = [answered(pairs[:5], language), answered(pairs[5:6], language), answered(pairs[6:], language)]
    expected = theirs_of_corpus(pairs, TOKENIZERS[language], order)
    assert value_of(CorpusBleu(order), dialogues) == pytest.approx(expected, abs=1e-9)


_CORPORA = st.lists(PAIRS.filter(lambda pair: bool(pair[1].strip())), min_size=1, max_size=4)


@given(_CORPORA, st.sampled_from(LANGUAGES), st.sampled_from(ORDERS))
@settings(max_examples=200)
def test_any_corpus(pairs: list[Pair], language: Language, order: int) -> None:
    expected = theirs_of_corpus(pairs, TOKENIZERS[language], order)
    assert value_of(CorpusBleu(order), [answered(pairs, language)]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("order", [2, 4])
def test_corpus_of_both_languages(order: int) -> None:
    pairs: dict[Language, list[Pair]] = {language: sample_pairs(language) for language in LANGUAGES}
    split = [
        (" ".join(bleu_tokens(response, language)), " ".join(bleu_tokens(reference, language)))
        for language in LANGUAGES
        for response, reference in pairs[language]
    ]
    dialogues = [answered(pairs[language], language) for language in LANGUAGES]
    expected = theirs_of_corpus(split, "none", order)
    assert value_of(CorpusBleu(order), dialogues) == pytest.approx(expected, abs=1e-9)


def test_by_hand() -> None:
    # 4 of 5 words and 2 of 4 pairs match, and the reference is a word longer.
    once = sentence_bleu("the cat sat on mats", "the cat sat upon on the mats", "en", 2)
    assert once == pytest.approx(100 * math.exp(1 - 7 / 5) * math.sqrt(1.0 * 2 / 4))
    # 您 is there once, so it counts once: 1 of 3 characters, and no pair, which halves 1 of 2.
    assert sentence_bleu("您您您", "您好", "zh", 2) == pytest.approx(100 * math.sqrt(1 / 3 * 1 / 4))
    # No pairs at all in the response: by characters alone.
    assert sentence_bleu("好", "您好", "zh", 4) == pytest.approx(100 * math.exp(1 - 2 / 1))


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize(("text", "language"), [("您好，请讲。", "zh"), ("Hello there!", "en"), ("好", "zh")])
def test_identical_and_empty(text: str, language: Language, order: int) -> None:
    assert sentence_bleu(text, text, language, order) == pytest.approx(100)
    for nothing in ("", " ", "\n\u3000"):
        assert sentence_bleu(nothing, text, language, order) == 0
        assert sentence_bleu(text, nothing, language, order) == 0
        assert sentence_bleu(nothing, nothing, language, order) == 0


def test_what_is_missing_scores_nothing() -> None:
    dialogue = answered([("您好，请讲。", "您好，请讲。"), (None, "请您稍等。")], "zh")
    assert value_of(SentenceBleu(2), [dialogue]) == pytest.approx(50)
    # Everything said is right, and half of what there was to say is missing: 6 tokens of 11.
    assert value_of(CorpusBleu(2), [dialogue]) == pytest.approx(100 * math.exp(1 - 11 / 6))


def test_a_corpus_too_short_for_its_order_scores_nothing() -> None:
    dialogue = answered([("您好", "您好")], "zh")
    assert value_of(CorpusBleu(2), [dialogue]) == pytest.approx(100)
    assert value_of(CorpusBleu(4), [dialogue]) == 0
    assert value_of(SentenceBleu(4), [dialogue]) == pytest.approx(100)
