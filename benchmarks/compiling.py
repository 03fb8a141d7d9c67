"""What compiling takes beside the language model: our random search next to DSPy's, called by hand.

Both draw as many sets of as many demonstrations for the strategy predictor, with the same seed, from the same
turns, and score as many sets on the same dev turns. The language model answers in no time, so what is
measured is all the rest: rendering, reading, scoring, bookkeeping. DSPy runs as its documentation has it,
with a plain ``dspy.LM`` and ``ChatAdapter``, and once more on one thread, because threads do not help where
nothing waits. Its examples are as it wants them: with the fields of the predictor, as text.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import statistics
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, Usage, response_to_events

from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.lm import Adapter, Budget
from csc_dspy.lm.metered import MeteredEngine, Terms
from csc_dspy.optimizers import Bench, optimizer
from csc_dspy.optimizers.objective import objective
from csc_dspy.optimizers.trials import Trials
from csc_dspy.programs import Options, Program, create
from csc_dspy.programs.teaching import lessons, training_examples
from csc_dspy.taxonomy import LANGUAGES, Language

MODEL = "openai/instant"


class Instant:
    """Knows every answer, and how often it was asked."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.calls = 0
        self.asynchronous = InstantAsync(self)
        self._answers = answers
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        """The right answer."""
        with self._lock:
            self.calls += 1
        question = request.messages[-1].text
        label = self._answers[question.partition("\n\nRespond with ")[0]]
        return Response(
            id=None,
            model=MODEL,
            message=Message.assistant(f"[[ ## strategy ## ]]\n{label}\n\n[[ ## completed ## ]]"),
            finish_reason="stop",
            usage=Usage(input_tokens=0, output_tokens=0),
        )

    def stream(self, request: Request) -> Generator[Any, None, None]:
        """The right answer, as it comes."""
        yield from response_to_events(self.complete(request))

    def close(self) -> None:
        """Nothing is open."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Instant:
        return self


class InstantAsync:
    """The same for event loops."""

    def __init__(self, engine: Instant) -> None:
        self._engine = engine

    async def complete(self, request: Request) -> Response:
        """The right answer."""
        return self._engine.complete(request)

    async def stream(self, request: Request) -> AsyncGenerator[Any, None]:
        """The right answer, as it comes."""
        for event in response_to_events(self._engine.complete(request)):
            yield event

    async def aclose(self) -> None:
        """Nothing is open."""

    def __deepcopy__(self, memo: dict[int, Any]) -> InstantAsync:
        return self


class Data:
    """The samples, as turns."""

    def __init__(self, language: Language, dialogues: int) -> None:
        self.program: Program = create("strategy-predictor", Options(language=language))
        self.conversations: list[Conversation] = list(read("csconv-sample", split="dev", language=language))[
            :dialogues
        ]
        self.train = list(training_examples(self.program, read("rolecs-sample", language=language)))[:64]
        self.dev = list(training_examples(self.program, self.conversations))

    def with_fields(self, examples: Sequence[dspy.Example]) -> list[dspy.Example]:
        """The examples with the fields of the predictor as text, so that DSPy can show them."""
        found = []
        for example in examples:
            [lesson] = lessons(self.program, example)
            fields = {"history": example.history, "right": example, **lesson.inputs, **lesson.outputs}
            found.append(dspy.Example(**fields).with_inputs("history"))
        return found

    def engine(self) -> Instant:
        """One that knows every other answer, so that there is something to search for."""
        adapter = Adapter()
        signature = self.program.predictors()[0].signature
        names = [
            each.name[self.program.options.language] for each in self.program.options.taxonomy.strategies
        ]
        answers = {}
        for place, example in enumerate([*self.train, *self.dev]):
            [lesson] = lessons(self.program, example)
            question = adapter.format_user_message_content(signature, dict(lesson.inputs))
            answers[question] = names[0] if place % 2 else lesson.outputs["strategy"]
        return Instant(answers)


def ours(data: Data, sets: int) -> int:
    """Our random search; the number of calls."""
    engine = data.engine()
    metered = MeteredEngine(engine, Terms(MODEL, Budget(), None))
    lm = dspy.LM(
        MODEL,
        cache=False,
        num_retries=0,
        temperature=0.0,
        engine=metered,
        async_engine=metered.asynchronous,
    )
    wish = objective("accuracy", data.program)
    trials = Trials(data.conversations, wish, concurrency=16)
    bench = Bench(train=data.train, dev=data.dev, objective=wish, trials=trials, concurrency=16)
    with dspy.context(lm=lm, adapter=Adapter()):
        optimizer("random-search", candidates=sets + 1, bootstrapped=4, labelled=12).optimize(
            data.program, bench
        )
    return engine.calls


def by_hand(data: Data, sets: int, threads: int) -> int:
    """DSPy's random search; the number of calls."""
    engine = data.engine()
    lm = dspy.LM(
        MODEL,
        cache=False,
        num_retries=0,
        temperature=0.0,
        engine=engine,
        async_engine=engine.asynchronous,
    )
    composite = objective("accuracy", data.program).composite

    def metric(example: dspy.Example, said: dspy.Prediction, trace: object = None) -> float | bool:
        return composite(example.right, said, trace)

    with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
        search = dspy.BootstrapFewShotWithRandomSearch(
            metric=metric,
            max_bootstrapped_demos=4,
            max_labeled_demos=12,
            num_candidate_programs=sets,
            num_threads=threads,
        )
        search.compile(data.program, trainset=data.with_fields(data.train), valset=data.with_fields(data.dev))
    return engine.calls


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds and calls."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        begun = time.perf_counter()
        calls = work()
        return time.perf_counter() - begun, calls


def measured(language: Language, sets: int, dialogues: int, rounds: int) -> dict[str, Any]:
    """The medians over some rounds, in which both take turns."""
    data = Data(language, dialogues)
    ways: dict[str, Callable[[], int]] = {
        "ours": lambda: ours(data, sets),
        "dspy": lambda: by_hand(data, sets, 16),
        "dspy, one thread": lambda: by_hand(data, sets, 1),
    }
    results: dict[str, list[tuple[float, int]]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, work in ways.items():
            results[name].append(timed(work))
    row: dict[str, Any] = {"language": language, "dev turns": len(data.dev)}
    for name, runs in results.items():
        # The first one loads what is loaded once.
        seconds, calls = statistics.median(seconds for seconds, _ in runs[1:]), runs[-1][1]
        row[name] = {
            "seconds": round(seconds, 3),
            "calls": calls,
            "ms a call": round(1000 * seconds / calls, 3),
        }
    best = min(row["dspy"]["ms a call"], row["dspy, one thread"]["ms a call"])
    row["ratio of seconds"] = round(
        row["ours"]["seconds"] / min(row["dspy"]["seconds"], row["dspy, one thread"]["seconds"]), 3
    )
    row["ratio of ms a call"] = round(row["ours"]["ms a call"] / best, 3)
    return row


def main() -> None:
    """Print one line of JSON for each language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=4, help="sets of demonstrations (default: 4)")
    parser.add_argument("--dialogues", type=int, default=4, help="dialogues to score on (default: 4)")
    parser.add_argument("--rounds", type=int, default=1, help="rounds after the first (default: 1)")
    options = parser.parse_args()
    logging.getLogger("dspy").setLevel(logging.CRITICAL)
    for language in LANGUAGES:
        row = measured(language, options.sets, options.dialogues, options.rounds)
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
