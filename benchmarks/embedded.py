"""How good and how quick the embedded engine is: without demonstrations, with them, and fine-tuned.

Accuracy is that on the dev half of csconv-sample; demonstrations and fine-tuning rows are from rolecs-sample.
The test half is not looked at. What fine-tuning costs is measured on as many turns as ``--turns`` says, made
from the samples by repeating them in other words.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from csc_dspy.conversations import Conversation, TurnExample, render, turn_examples
from csc_dspy.data import read
from csc_dspy.lm.embedded import EmbeddedEngine
from csc_dspy.lm.embedded.chat_rows import Row
from csc_dspy.lm.embedded.fine_tuned import FineTuned, fine_tune
from csc_dspy.lm.structured import Task
from csc_dspy.lm.tasks import task_of
from csc_dspy.programs import Options, Program, create
from csc_dspy.programs.teaching import lessons, training_examples
from csc_dspy.signatures import classify_strategy, predict_strategy, track_stage
from csc_dspy.taxonomy import LANGUAGES, Language, Stage, load_taxonomy

PER_LABEL = 4
FINE_TUNED = {
    "strategy-predictor": "strategy",
    "strategy-classifier": "strategy",
    "stage-tracker": "stage",
    "response-writer": "response",
}
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
                "stage_so_far": stage_before(example).name[language],
                "turn": example.turn.text,
                "strategy": strategy.name[language],
                "stage": example.stage.name[language],
            }
        )
    return found


def stage_before(example: TurnExample) -> Stage:
    """The stage of the turn before; the first if there is none."""
    stages = example.conversation.stages()
    return stages[example.index - 1] if example.index else example.conversation.taxonomy.stages[0]


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
            task = task_of(signature(load_taxonomy(), language))  # type: ignore[arg-type]  # see above
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


@dataclass(frozen=True)
class Tuned:
    """One line of the table of fine-tuning."""

    task: str
    turns: int
    zh: float | None
    """Accuracy; None for responses."""
    en: float | None
    milliseconds: float
    """Median time of a call."""
    fit_seconds: float


def tuned(turns: int) -> Iterator[Tuned]:
    """Every task fine-tuned on the samples of both languages, or on ``turns`` turns made from them."""
    conversations = repeated(turns)
    count = sum(1 for _ in turn_examples(conversations))
    for name, output in FINE_TUNED.items():
        programs = {language: create(name, Options(language=language)) for language in LANGUAGES}
        begun = time.perf_counter()
        model = fine_tune(
            Row(lesson.inputs, lesson.outputs)
            for program in programs.values()
            for example in training_examples(program, conversations)
            for lesson in lessons(program, example)
        )
        seconds = time.perf_counter() - begun
        found = {language: right(programs[language], model, output) for language in LANGUAGES}
        yield Tuned(
            name,
            count,
            None if output == "response" else found["zh"][0],
            None if output == "response" else found["en"][0],
            statistics.median([*found["zh"][1], *found["en"][1]]) * 1000,
            seconds,
        )


def right(program: Program, model: FineTuned, output: str) -> tuple[float, list[float]]:
    """How often a fine-tuned model is right on dev, and the seconds of each call."""
    engine = EmbeddedEngine({"tuned": model})
    task = task_of(program.predictors()[0].signature)
    examples = training_examples(program, read("csconv-sample:dev"))
    hits, seconds = [], []
    for lesson in (lesson for example in examples for lesson in lessons(program, example)):
        begun = time.perf_counter()
        answer = engine.answer("embedded/tuned", task, [], lesson.inputs)
        seconds.append(time.perf_counter() - begun)
        hits.append(answer.values[output] == lesson.outputs[output])
    return statistics.mean(hits), seconds


def repeated(turns: int) -> list[Conversation]:
    """The samples, again and again with other words in them, until there are so many supporter turns."""
    samples = list(read("rolecs-sample"))
    found: list[Conversation] = []
    count = 0
    for number in itertools.count():
        for sample in samples:
            if count >= turns and number:
                return found
            found.append(sample if number == 0 else varied(sample, number))
            count += sum(1 for _ in sample.supporter_turns())
    return found


def varied(conversation: Conversation, number: int) -> Conversation:
    """The same conversation with a word more in every turn, another one each time."""
    turns = [
        turn.model_copy(update={"text": f"{turn.text} w{number * 31 + place}"})
        for place, turn in enumerate(conversation.dialogue)
    ]
    return conversation.with_turns(turns)


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5, help="draws of demonstrations")
    parser.add_argument(
        "--turns", type=int, default=10_000, help="turns to fine-tune on, besides the samples"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = list(measure(options.draws))
    fine_tuned = [*tuned(0), *tuned(options.turns)]
    if options.json:
        print(json.dumps([*map(asdict, results), *map(asdict, fine_tuned)], indent=2))
        return
    print("| task | language | no demonstrations | with demonstrations | lowest–highest | ms a call |")
    print("|---|---|---|---|---|---|")
    for each in results:
        print(
            f"| {each.task} | {each.language} | {each.without:.2f} | {each.mean:.2f} ({each.demonstrations}) "
            f"| {each.lowest:.2f}–{each.highest:.2f} | {each.milliseconds:.1f} |"
        )
    print()
    print("| fine-tuned | turns | zh | en | ms a call | seconds to fit |")
    print("|---|---|---|---|---|---|")
    for row in fine_tuned:
        zh, en = ("–" if value is None else f"{value:.2f}" for value in (row.zh, row.en))
        print(f"| {row.task} | {row.turns} | {zh} | {en} | {row.milliseconds:.1f} | {row.fit_seconds:.0f} |")


if __name__ == "__main__":
    main()
