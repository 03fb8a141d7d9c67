"""Tokens for BLEU are those of sacrebleu."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from sacrebleu.metrics.bleu import BLEU

from csc_dspy.metrics.text import bleu_tokens
from csc_dspy.taxonomy import Language
from tests.metrics.text.texts import LANGUAGES, TEXTS, sample_turns

TOKENIZERS = {"zh": BLEU(tokenize="zh").tokenizer, "en": BLEU(tokenize="13a").tokenizer}


def theirs(text: str, language: Language) -> list[str]:
    # BLEU strips the end of a text before it hands it to a tokenizer.
    tokens: list[str] = TOKENIZERS[language](text.rstrip()).split()
    return tokens


@given(TEXTS)
@example("")
@example(" \u3000\n")
@example(".5 1.5 5. a.5 a..5 1..5 1...5 ,.,5 5-3 5--3 a-b -5")
@example("5-\n")
@settings(max_examples=300)
def test_of_any_text(text: str) -> None:
    assert bleu_tokens(text, "zh") == theirs(text, "zh")
    assert bleu_tokens(text, "en") == theirs(text, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_every_character(language: Language) -> None:
    for start in range(0, 0x110000, 512):
        text = "1".join(map(chr, range(start, start + 512)))
        assert bleu_tokens(text, language) == theirs(text, language), hex(start)


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_samples(language: Language) -> None:
    for turn in sample_turns(language):
        assert bleu_tokens(turn.turn.text, language) == theirs(turn.turn.text, language)


def test_by_hand() -> None:
    assert bleu_tokens("您的VIP卡，尾号1234。", "zh") == [*"您的", "VIP", *"卡，尾号", "1234", "。"]
    assert bleu_tokens("It's $1,234.50, isn't it?", "en") == [
        *("It's", "$", "1,234.50", ",", "isn't", "it", "?")
    ]
