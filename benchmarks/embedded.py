"""How good and how quick the embedded engine is, with and without demonstrations.

Accuracy is that on the dev half of csconv-sample; demonstrations are drawn from rolecs-sample. The test half
is not looked at.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from csc_dspy.conversations import render, turn_examples
from csc_dspy.data import read
from csc_dspy.lm.embedded import EmbeddedEngine
from csc_dspy.lm.structured import Task
from csc_dspy.lm.tasks import task_of
from csc_dspy.signatures import classify_strategy, predict_strategy, track_stage
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy

PER_LABEL = 4
TASKS = {
    "predict the strategy": (predict_strategy, "strategy"),
    "classify a turn": (classify_strategy, "strategy"),
    "track the stage": (track_stage, "stage"),
}
Example = dict[str, str]


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    task: str
    language: Language
    without: float
    """Accuracy without demonstrations."""
    mean: float
    lowest: float
    highest: float
    demonstrations: int
    milliseconds: float
    """Median time of a call with demonstrations, once they are learned."""


def examples(source: str, language: Language) -> list[Example]:
    """Turns as the engine sees them."""
    found = []
    for example in turn_examples(read(source, language=language)):
        strategy = example.turn.strategy
        assert strategy is not None
        found.append(
            {
                "conversation": render(example.history, language),
                "turn": example.turn.text,
                "strategy": strategy.name[language],
                "stage": example.stage.name[language],
            }
        )
    return found


def draw(pool: list[Example], output: str, seed: int) -> list[Example]:
    """Demonstrations, as many for each label."""
    chance = random.Random(seed)
    drawn = []
    for label in sorted({each[output] for each in pool}):
        fitting = [each for each in pool if each[output] == label]
        drawn += chance.sample(fitting, min(PER_LABEL, len(fitting)))
    chance.shuffle(drawn)
    return drawn


def accuracy(
    task: Task, output: str, demos: list[Example], turns: list[Example]
) -> tuple[float, list[float]]:
    """How often the engine is right, and the seconds of each call."""
    engine, right, seconds = EmbeddedEngine(), 0, []
    for turn in turns:
        begun = time.perf_counter()
        answer = engine.answer("embedded", task, demos, turn)
        seconds.append(time.perf_counter() - begun)
        right += answer.values[output] == turn[output]
    return right / len(turns), seconds


def measure(draws: int) -> Iterator[Result]:
    """Every task in both languages."""
    for language in LANGUAGES:
        pool, turns = examples("rolecs-sample", language), examples("csconv-sample:dev", language)
        for name, (signature, output) in TASKS.items():
            # mypy takes a class of type Any for unhashable.
            task = task_of(signature(load_taxonomy(), language))  # type: ignore[arg-type]
            without, _ = accuracy(task, output, [], turns)
            demos = [draw(pool, output, seed) for seed in range(draws)]
            runs = [accuracy(task, output, each, turns) for each in demos]
            found = [right for right, _ in runs]
            yield Result(
                name,
                language,
                without,
                statistics.mean(found),
                min(found),
                max(found),
                len(demos[0]),
                statistics.median(second for _, seconds in runs for second in seconds) * 1000,
            )


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5, help="draws of demonstrations")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = list(measure(options.draws))
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
        return
    print("| task | language | no demonstrations | with demonstrations | lowest–highest | ms a call |")
    print("|---|---|---|---|---|---|")
    for each in results:
        print(
            f"| {each.task} | {each.language} | {each.without:.2f} | {each.mean:.2f} ({each.demonstrations}) "
            f"| {each.lowest:.2f}–{each.highest:.2f} | {each.milliseconds:.1f} |"
        )


if __name__ == "__main__":
    main()
