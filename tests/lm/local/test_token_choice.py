"""How tokens are chosen, and what each of them writes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("transformers", reason="the extra train is not installed")

import torch

from csc_dspy.lm.local.steering import Steering
from csc_dspy.lm.local.token_bytes import TokenBytes
from csc_dspy.lm.local.wishes import Wish

PROBABILITIES = (0.5, 0.3, 0.15, 0.05)


def drawn(count: int, *, temperature: float = 0.0, top_p: float = 1.0) -> list[float]:
    """How often each token is chosen."""
    wishes = [
        Wish(prompt=[0], most=1, seed=seed, temperature=temperature, top_p=top_p) for seed in range(count)
    ]
    steering = Steering(wishes, tokenizer=None, ends=frozenset(), is_over=lambda: False)
    scores = torch.tensor(PROBABILITIES).log().repeat(count, 1)
    chosen = steering.choose(torch.zeros(count, 1), scores).argmax(-1)
    return [float((chosen == token).float().mean()) for token in range(len(PROBABILITIES))]


def test_tokens_come_as_often_as_their_probability_says() -> None:
    # Four standard errors of a share of one half in 4,000.
    assert drawn(4_000, temperature=1.0) == pytest.approx(PROBABILITIES, abs=0.032)


def test_temperature_sharpens() -> None:
    squares = [share**2 for share in PROBABILITIES]
    expected = [square / sum(squares) for square in squares]
    assert drawn(4_000, temperature=0.5) == pytest.approx(expected, abs=0.032)


def test_only_the_likeliest_of_a_share_are_chosen() -> None:
    expected = [0.5 / 0.8, 0.3 / 0.8, 0, 0]
    assert drawn(4_000, temperature=1.0, top_p=0.8) == pytest.approx(expected, abs=0.032)
    assert drawn(50, temperature=1.0, top_p=0.0) == [1, 0, 0, 0]
    assert drawn(50) == [1, 0, 0, 0]


def test_the_bytes_of_tokens_are_those_of_the_text(chat_model: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(chat_model)
    spelled = TokenBytes(tokenizer)
    text = "Where, 我的包裹 ▁ 😀\n\t<tag> é?"
    tokens = tokenizer(text)["input_ids"]
    assert b"".join(spelled[token] for token in tokens) == text.encode()
    assert spelled[0] == b"<|endoftext|>"


def test_pieces_with_marked_spaces_and_bytes() -> None:
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    pieces = ["<unk>", "▁您好", "hello", "<0xE5>", "<0xA5>", "<0xBD>"]
    made = Tokenizer(
        models.WordLevel({piece: place for place, piece in enumerate(pieces)}, unk_token="<unk>")
    )
    made.decoder = decoders.Metaspace()
    spelled = TokenBytes(PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>"))
    assert [spelled[token] for token in range(1, 3)] == [" 您好".encode(), b"hello"]
    assert b"".join(spelled[token] for token in range(3, 6)).decode() == "好"
