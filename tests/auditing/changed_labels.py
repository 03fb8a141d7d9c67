"""Corpora with labels changed at random, and small ones."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.taxonomy import load_taxonomy

CHANGED = 0.10


def with_changed_labels(
    conversations: Iterable[Conversation], seed: int
) -> tuple[list[Conversation], set[tuple[str, int]]]:
    """One label in ten replaced by any other strategy, and where that is."""
    draw = random.Random(seed)
    dialogues = [*conversations]
    places = [(number, index) for number, each in enumerate(dialogues) for index, _ in each.supporter_turns()]
    chosen = draw.sample(places, round(CHANGED * len(places)))
    for number, index in chosen:
        dialogue = dialogues[number]
        turns = [*dialogue.dialogue]
        others = [each for each in dialogue.taxonomy.strategies if each != turns[index].strategy]
        turns[index] = turns[index].model_copy(update={"strategy": draw.choice(others)})
        dialogues[number] = dialogue.with_turns(turns)
    return dialogues, {(str(dialogues[number].id), index) for number, index in chosen}


def talk(name: str | None, *turns: tuple[str, str], stages: Sequence[str] = ()) -> Conversation:
    """A conversation of (label, text); turns without a label are the customer's, "-" is no label yet."""
    taxonomy = load_taxonomy()
    given = iter(stages)
    made = [
        Turn(
            speaker="supporter" if label else "customer",
            text=text,
            strategy=taxonomy.strategy(label) if label not in {"", "-"} else None,
            stage=taxonomy.stage(next(given)) if label and stages else None,
        )
        for label, text in turns
    ]
    return Conversation(id=name, dialogue=tuple(made), taxonomy=taxonomy)
