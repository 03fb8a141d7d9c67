"""CPU time and memory of finding near-duplicates among as many dialogues as the published dataset has.

Run from the root of the checkout: ``python -m benchmarks.near_duplicates``.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time

from benchmarks.corpus import PUBLISHED, generate
from csc_dspy.conversations import Conversation
from csc_dspy.data.near_duplicates import NearDuplicates


def main() -> None:
    """Measure, and print a few lines or JSON."""
    parser = argparse.ArgumentParser(description="CPU time and memory of finding near-duplicates.")
    parser.add_argument("--count", type=int, default=PUBLISHED, help=f"dialogues (default: {PUBLISHED})")
    parser.add_argument("--seed", type=int, default=0, help="seed of the generated dialogues (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    result = measure(options.count, options.seed)
    print(json.dumps(result, indent=2) if options.json else "\n".join(f"{k}: {v}" for k, v in result.items()))


def measure(count: int, seed: int) -> dict[str, float]:
    """CPU time of taking the dialogues in, finding the groups and one query, and memory in MiB."""
    found, turns, adding = NearDuplicates(), 0, 0.0
    last = None
    before = peak_memory()
    for row in generate(count, seed):
        last = Conversation.model_validate(row)
        turns += len(last.dialogue)
        start = time.process_time()
        found.add(last)
        adding += time.process_time() - start
    start = time.process_time()
    groups = found.groups()
    grouping = time.process_time() - start
    start = time.process_time()
    if last is not None:
        found.like(last)
    return {
        "dialogues": count,
        "turns": turns,
        "CPU seconds to add": round(adding, 2),
        "CPU seconds to group": round(grouping, 2),
        "CPU milliseconds a query": round((time.process_time() - start) * 1000, 2),
        "groups": len(groups),
        "MiB more at the peak": round(peak_memory() - before, 1),
    }


def peak_memory() -> float:
    """The most memory this process has held so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
