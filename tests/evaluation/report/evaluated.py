"""An evaluation of the packaged sample: predictions by a seeded rule, scored by the metrics themselves."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import csc_dspy
from csc_dspy.conversations import Conversation, TurnExample, turn_examples
from csc_dspy.metrics import METRICS, Attempt, BreakdownCount, Predicted, metric
from csc_dspy.taxonomy import Stage, Strategy, Taxonomy

Dialogue = tuple[Conversation, Mapping[str, Sequence[Attempt]]]
NASTY = (
    "</script></style></title><script>window.broken=1</script><img src=x onerror='window.broken=1'>\"&amp;"
)
"""A text that would do harm if it were markup."""
OF_PROBABILITIES = ("top_2", "top_3", "brier", "ece")


@dataclass(frozen=True)
class Evaluated:
    scores: dict[str, Any]
    dialogues: list[Dialogue]

    def stream(self) -> Iterator[Dialogue]:
        return iter(self.dialogues)


def sample() -> list[Conversation]:
    return [*iter(csc_dspy.read("csconv-sample", split="test"))]


def evaluated(
    conversations: Sequence[Conversation],
    contexts: Sequence[str] = ("reference", "generated"),
    *,
    probabilities: bool = True,
    response: str | None = None,
) -> Evaluated:
    """Answers that are right two times of three; ``response`` is what they say, or else what is expected."""
    chance = random.Random(7)
    dialogues: list[Dialogue] = []
    for conversation in conversations:
        attempts = {
            context: [
                Attempt(example, _predicted(example, chance, response, probabilities=probabilities))
                for example in turn_examples([conversation])
            ]
            for context in contexts
        }
        dialogues.append((conversation, attempts))
    taxonomy = conversations[0].taxonomy
    names = [name for name in METRICS if probabilities or name not in OF_PROBABILITIES]
    scores = {
        context: _scores([attempts[context] for _, attempts in dialogues], names, taxonomy)
        for context in contexts
    }
    return Evaluated({"format": 1, "about": _about(taxonomy), **scores}, dialogues)


def _predicted(
    example: TurnExample, chance: random.Random, response: str | None, *, probabilities: bool
) -> Predicted:
    if chance.random() < 0.02:
        return Predicted(error="timed out")
    taxonomy, gold = example.conversation.taxonomy, example.turn.strategy
    said = gold if gold and chance.random() < 0.7 else chance.choice(taxonomy.strategies)
    stage = example.stage if chance.random() < 0.8 else chance.choice(taxonomy.stages)
    weights = {strategy.id: chance.random() / 20 for strategy in taxonomy.strategies}
    chances = weights | {said.id: 1 - sum(weights.values()) + weights[said.id]}
    return Predicted(stage, said, response or example.turn.text, chances if probabilities else None)


def _about(taxonomy: Taxonomy) -> dict[str, Any]:
    def named(member: Stage | Strategy) -> dict[str, Any]:
        return {
            "id": member.id,
            "number": member.number,
            "name": {"en": member.name.en, "zh": member.name.zh},
        }

    return {
        "program": "support-agent",
        "data": "csconv-sample:test",
        "data_fingerprint": "9c1f04d2a7b35e86",
        "lm": "embedded",
        "seed": 0,
        "languages": ["en", "zh"],
        "versions": {"csc-dspy": "0.1.0"},
        "taxonomy": {
            "id": taxonomy.id,
            "name": {"en": taxonomy.name.en, "zh": taxonomy.name.zh},
            "stages": [named(stage) for stage in taxonomy.stages],
            "strategies": [
                named(each)
                | {"abbreviation": each.abbreviation, "stage": each.stage.id if each.stage else None}
                for each in taxonomy.strategies
            ],
        },
    }


def _scores(
    dialogues: Sequence[Sequence[Attempt]], names: Sequence[str], taxonomy: Taxonomy
) -> dict[str, Any]:
    counted = BreakdownCount(taxonomy)
    for dialogue in dialogues:
        counted.add(dialogue)
    languages = {
        language: of
        for language in ("zh", "en")
        if (of := [dialogue for dialogue in dialogues if dialogue[0].example.language == language])
    }
    whole = _part(dialogues, names, taxonomy)
    return {
        **whole,
        "failure_reasons": {"timed out": whole["failures"]},
        "languages": {language: _part(of, names, taxonomy) for language, of in languages.items()},
        **counted.result().to_dict(),
        "cost": {
            "calls": 750,
            "input_tokens": 412345,
            "output_tokens": 30412,
            "cached_tokens": 0,
            "usd": 0.0123,
        },
        "seconds": 12.3,
        "latency": {"median": 0.2, "p90": 0.5, "p99": 1.5, "max": 60.0},
    }


def _part(dialogues: Sequence[Sequence[Attempt]], names: Sequence[str], taxonomy: Taxonomy) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        one = metric(name, taxonomy)
        value = float(one.value(one.tallies(dialogues).sum(0)))
        known = not math.isnan(value)
        found[name] = {
            "value": value if known else None,
            "low": value * 0.95 if known else None,
            "high": value * 1.05 if known else None,
        }
    return found | {
        "turns": sum(map(len, dialogues)),
        "dialogues": len(dialogues),
        "failures": sum(each.predicted.error is not None for dialogue in dialogues for each in dialogue),
    }


def nasty() -> Evaluated:
    conversation = Conversation.model_validate(
        {
            "id": NASTY,
            "topic": NASTY,
            "dialogue": [
                {"speaker": "supporter", "strategy": "Greeting", "text": NASTY},
                {"speaker": "customer", "text": f"{NASTY} 你好\x00\x1b"},
                {"speaker": "supporter", "strategy": "Others", "text": "Bye."},
            ],
        }
    )
    found = evaluated([conversation], response=NASTY)
    found.scores["about"] |= {"program": NASTY, "lm": NASTY, "versions": {NASTY: NASTY}}
    found.scores["reference"]["failure_reasons"] = {NASTY: 1}
    for name in found.scores["about"]["taxonomy"]["strategies"]:
        name["name"] = {"en": f"{NASTY} $x$", "zh": NASTY}
    return found
