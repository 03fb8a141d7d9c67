"""What a call costs besides the language model: our adapter beside DSPy's, with 0, 16 and 48 demonstrations.

The engine answers at once, so what is measured is rendering the prompt, the layers around the engine, and
reading the answer. CPU time of one thread, both adapters in turn, several rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import dspy
from dspy.lm15 import Message, Request, Response, Usage

from csc_dspy.data import read
from csc_dspy.lm import Adapter
from csc_dspy.programs import create
from csc_dspy.programs.teaching import lessons, training_examples

DEMONSTRATIONS: Final = (0, 16, 48)
ANSWER: Final = "[[ ## strategy ## ]]\nProblem Refinement\n\n[[ ## completed ## ]]"


class AtOnce:
    """Answers everything in the same way; takes direct calls, as our hosted engine does."""

    direct = True

    def __init__(self) -> None:
        self.asynchronous = self

    def __deepcopy__(self, memo: dict[int, Any]) -> AtOnce:
        return self

    def complete(self, request: Request) -> Response:
        """The answer."""
        return Response(
            id="0",
            model=request.model,
            message=Message.assistant(ANSWER),
            finish_reason="stop",
            usage=Usage(input_tokens=1, output_tokens=1),
        )


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    demonstrations: int
    ours: float
    """CPU milliseconds a call, the median of the rounds."""
    plain: float
    """The same with ``dspy.ChatAdapter``."""


def measure(calls: int, rounds: int) -> Iterator[Result]:
    """Both adapters with each number of demonstrations."""
    program = create("strategy-predictor")
    examples = list(training_examples(program, read("rolecs-sample", language="en")))
    solved = [lesson for example in examples for lesson in lessons(program, example)]
    asked = [lesson.inputs for lesson in solved[100 : 100 + calls]]
    lm = dspy.LM("openai/at-once", engine=AtOnce(), cache=False, num_retries=0)
    for count in DEMONSTRATIONS:
        predict = dspy.Predict(program.predict.signature)
        predict.demos = [lesson.demonstration() for lesson in solved[:count]]
        taken: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(rounds):
            for name, adapter in (("ours", Adapter()), ("plain", dspy.ChatAdapter())):
                with dspy.context(lm=lm, adapter=adapter, disable_history=True, max_trace_size=0):
                    taken[name].append(_per_call(predict, asked))
        yield Result(count, statistics.median(taken["ours"]), statistics.median(taken["plain"]))


def _per_call(predict: dspy.Predict, asked: list[Any]) -> float:
    predict(**asked[0])
    begun = time.process_time()
    for inputs in asked:
        predict(**inputs)
    return (time.process_time() - begun) / len(asked) * 1000


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300, help="calls in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = list(measure(options.calls, options.rounds))
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
        return
    print("| demonstrations | ours, ms CPU a call | dspy.ChatAdapter | ratio |")
    print("|---|---|---|---|")
    for each in results:
        print(
            f"| {each.demonstrations} | {each.ours:.2f} | {each.plain:.2f} | {each.plain / each.ours:.1f} |"
        )


if __name__ == "__main__":
    main()
