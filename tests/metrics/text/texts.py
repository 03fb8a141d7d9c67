"""Texts to compare: of both languages, out of the samples and drawn at random."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import strategies as st

import csc_dspy
from csc_dspy.conversations import Conversation, TurnExample, turn_examples
from csc_dspy.metrics import Attempt, Predicted
from csc_dspy.taxonomy import Language

Pair = tuple[str, str]
"""A response and its reference."""

LANGUAGES: list[Language] = ["zh", "en"]

_PIECES = [
    *"ab15.,.,-'\"!;&<>@_ \n\t\u3000\u2028好您。，（Ａ〇é٣ß😀👍🏽\u200b",
    *("<skipped>", "&amp;", "&quot;", "-\n", "1,234.5", "Your ", "card ", "the ", "您的", "手机号码", "..."),
]
TEXTS = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join) | st.text(max_size=20)
"""Mixed scripts, marks beside numbers, emoji, spaces of all kinds, nothing at all; words come again."""

PAIRS = st.tuples(TEXTS, TEXTS) | TEXTS.map(lambda text: (text, text))


def sample_turns(language: Language) -> list[TurnExample]:
    """The supporter turns of a few sample dialogues."""
    conversations = [each for each in csc_dspy.read("csconv-sample") if each.spoken_language == language]
    return list(turn_examples(conversations[:6]))


def sample_pairs(language: Language) -> list[Pair]:
    """Turns of the samples with responses that share more or less with them."""
    draw = random.Random(7)
    spoken = [example.turn.text for example in sample_turns(language)]
    return [(_mixed(draw.choice(spoken), text, draw), text) for text in spoken]


def answered(pairs: Sequence[tuple[str | None, str]], language: Language) -> list[Attempt]:
    """A dialogue in which the supporter ought to say the references, and what was said instead."""
    turns = [{"speaker": "客服", "strategy": "GT", "text": reference} for _, reference in pairs]
    examples = turn_examples([Conversation.model_validate({"dialogue": turns, "language": language})])
    return [
        Attempt(example, Predicted(response=response))
        for example, (response, _) in zip(examples, pairs, strict=True)
    ]


def _mixed(one: str, other: str, draw: random.Random) -> str:
    cut = draw.random()
    return one[: int(cut * len(one))] + other[int(cut * len(other)) :]
