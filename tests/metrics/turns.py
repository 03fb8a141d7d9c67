"""Supporter turns to score, as optimizers hand them over."""

from __future__ import annotations

from typing import Any

import dspy

from csc_dspy.conversations import Conversation, TurnExample
from csc_dspy.programs import SupportPrediction
from csc_dspy.taxonomy import Language, load_taxonomy

SAID: dict[Language, tuple[str, str, str]] = {
    "zh": ("您好，请问有什么可以帮您？", "我的卡被吞了！", "请问您的手机号是[手机号码]吗？"),
    "en": ("Hello, how can I help?", "My card was swallowed!", "Is your number still [PHONE NUMBER]?"),
}


def as_example(turn: TurnExample) -> dspy.Example:
    """A turn of a conversation, as optimizers get it."""
    return dspy.Example(
        history=turn.conversation.with_turns(turn.history),
        strategy=turn.turn.strategy,
        stage=turn.stage,
        response=turn.turn.text,
    ).with_inputs("history")


def example(language: Language = "en", taxonomy: str = "copc", **fields: Any) -> dspy.Example:  # noqa: ANN401  each has its own type
    """The third turn of a short conversation; the fourth strategy and the second stage unless given."""
    framework = load_taxonomy(taxonomy)
    hello, problem, response = SAID[language]
    turns = [
        {"speaker": "supporter", "text": hello, "strategy": framework.strategies[0].id},
        {"speaker": "customer", "text": problem},
    ]
    usual = {
        "history": Conversation.model_validate({"dialogue": turns}, context=framework),
        "strategy": framework.strategies[3],
        "stage": framework.stages[1],
        "response": response,
    }
    return dspy.Example(**usual | fields).with_inputs("history")


def right(gold: dspy.Example, **fields: Any) -> SupportPrediction:  # noqa: ANN401  see above
    """What ``gold`` says, as a program that is asked for everything answers; some fields other."""
    usual = {name: gold[name] for name in ("strategy", "stage", "response")}
    return SupportPrediction(**{**usual, "stage_proposed": gold.stage, **fields})
