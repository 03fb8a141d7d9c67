"""How many wrong labels an audit finds, and what auditing many turns costs.

Run from the root of the checkout: ``python -m benchmarks.auditing``.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Iterable, Iterator

from benchmarks.corpus import generate
from csc_dspy.auditing import audit
from csc_dspy.auditing.examining import SHARE
from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.taxonomy import LANGUAGES

CHANGED = 0.10


def main() -> None:
    """Measure, and print a few lines or JSON."""
    parser = argparse.ArgumentParser(description="Wrong labels found, time and memory of an audit.")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds of changed labels (default: 5)")
    parser.add_argument("--count", type=int, default=0, help="generated dialogues to audit (default: none)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    result: dict[str, object] = {}
    for language in LANGUAGES:
        conversations = [*iter(read("csconv-sample", language=language))]
        for name, used in (("", conversations), (" without stages", [*map(without_stages, conversations)])):
            shares = [share_found(used, seed) for seed in range(options.seeds)]
            result[f"{language}{name}: share found"] = round(statistics.median(shares), 3)
            result[f"{language}{name}: lowest share"] = round(min(shares), 3)
    if options.count:
        result |= cost(options.count)
    print(json.dumps(result, indent=2) if options.json else "\n".join(f"{k}: {v}" for k, v in result.items()))


def share_found(conversations: Iterable[Conversation], seed: int) -> float:
    """Of the labels changed at random, the share in the top 15 % of the ranking."""
    changed, places = with_changed_labels(conversations, seed)
    suspects = {(each.dialogue, each.turn) for each in audit(changed).suspects}
    return len(suspects & places) / len(places)


def with_changed_labels(
    conversations: Iterable[Conversation], seed: int
) -> tuple[list[Conversation], set[tuple[str, int]]]:
    """The conversations with another strategy, drawn at random, at one labelled turn in ten; and where."""
    draw = random.Random(seed)
    dialogues = [*conversations]
    labelled = [
        (number, index)
        for number, each in enumerate(dialogues)
        for index, turn in each.supporter_turns()
        if turn.strategy
    ]
    chosen = sorted(draw.sample(labelled, round(CHANGED * len(labelled))))
    for number, index in chosen:
        dialogue = dialogues[number]
        turns = [*dialogue.dialogue]
        others = [each for each in dialogue.taxonomy.strategies if each != turns[index].strategy]
        turns[index] = turns[index].model_copy(update={"strategy": draw.choice(others)})
        dialogues[number] = dialogue.with_turns(turns)
    return dialogues, {(dialogues[number].id or "", index) for number, index in chosen}


def without_stages(conversation: Conversation) -> Conversation:
    """The conversation as the published data has it, with strategies alone."""
    return conversation.with_turns(
        [turn.model_copy(update={"stage": None}) for turn in conversation.dialogue]
    )


class Generated:
    """So many dialogues like those of the samples, made anew each time."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[Conversation]:
        return map(Conversation.model_validate, generate(self.count, 0))


def cost(count: int) -> dict[str, object]:
    """Time and memory of auditing generated dialogues."""
    before, start = peak_memory(), time.perf_counter()
    busy = time.process_time()
    found = audit(Generated(count))
    return {
        "turns with labels": found.labelled,
        "seconds": round(time.perf_counter() - start, 1),
        "CPU seconds": round(time.process_time() - busy, 1),
        "MiB more at the peak": round(peak_memory() - before, 1),
        "suspects": len(found.suspects),
        "top share": SHARE,
    }


def peak_memory() -> float:
    """The most memory this process has held so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
