"""How much an evaluation costs beside the calls that it makes.

A server in a process of its own answers every call after a fixed latency. The same prompts reach it in two
ways, in turns within one run: by the bare layer under an evaluation (predictor, adapter, engine), from as
many tasks as may be in flight; and by `Plan.carry_out`, which builds the histories, keeps a journal, writes
predictions and a report, and computes all metrics with their intervals.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from csc_dspy.conversations import Conversation, turn_examples
from csc_dspy.evaluation.contexts import Context, as_contexts
from csc_dspy.evaluation.evaluating import as_system
from csc_dspy.evaluation.output import open_journal
from csc_dspy.evaluation.plan import plan
from csc_dspy.lm import using
from csc_dspy.programs import Options, Program, Situation, create

ROOT = Path(__file__).resolve().parents[1]
STRATEGIES = ("GT", "IV", "RP", "PR", "EM", "PS", "ID", "RI", "FR", "RC", "AC")


@dataclass(frozen=True)
class Load:
    """Where to send what, and how much of it at once."""

    url: str
    in_flight: int
    conversations: list[Conversation]
    contexts: tuple[Context, ...]


@dataclass(frozen=True)
class Figures:
    """What was measured of one way."""

    name: str
    calls: int
    calls_per_second: float
    share_of_bare: float
    cpu_ms_per_call: float


def main() -> None:
    """Measure, and print a table or JSON."""
    options = _options()
    os.environ.pop("OPENAI_API_BASE", None)
    conversations = [_conversation(number, options.turns) for number in range(options.dialogues)]
    with _server(options.latency) as url:
        load = Load(url, options.in_flight, conversations, as_contexts(options.contexts.split(",")))
        runs = [{name: _measured(way, load) for name, way in WAYS.items()} for _ in range(options.repeat)]
    rows = _figures(runs, load)
    if options.json:
        print(json.dumps({"latency": options.latency, "rows": [asdict(row) for row in rows]}, indent=2))
        return
    print(f"{'way':<14}{'calls':>8}{'calls/s':>10}{'of bare':>10}{'CPU ms a call':>15}")
    for row in rows:
        print(
            f"{row.name:<14}{row.calls:>8}{row.calls_per_second:>10.0f}{row.share_of_bare:>10.0%}"
            f"{row.cpu_ms_per_call:>15.2f}"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="An evaluation beside the bare calls that it makes.")
    parser.add_argument("--in-flight", type=int, default=256, help="calls at the same time (default: 256)")
    parser.add_argument("--dialogues", type=int, default=400, help="dialogues (default: 400)")
    parser.add_argument("--turns", type=int, default=13, help="supporter turns in each (default: 13)")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds the server takes (default: 0.2)")
    parser.add_argument("--contexts", default="reference,generated", help="contexts (default: both)")
    parser.add_argument("--repeat", type=int, default=3, help="measurements; the median counts (default: 3)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _conversation(number: int, turns: int) -> Conversation:
    dialogue = []
    for turn in range(turns):
        strategy = STRATEGIES[turn * len(STRATEGIES) // turns]
        said = f"This is what the supporter says in turn {turn} of dialogue {number} about the parcel."
        asked = f"And this is what the customer answers to turn {turn} of dialogue {number}."
        dialogue += [
            {"speaker": "supporter", "strategy": strategy, "text": said},
            {"speaker": "customer", "text": asked},
        ]
    return Conversation.model_validate({"id": str(number), "dialogue": dialogue})


@contextlib.contextmanager
def _server(latency: float) -> Iterator[str]:
    command = (sys.executable, "-m", "tests.support.openai_server", "--latency", str(latency))
    answer = "[[ ## strategy ## ]]\nEmotional Management\n\n[[ ## completed ## ]]"
    with subprocess.Popen(
        (*command, "--text", answer),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        # Leaving closes its standard input, which ends it.
        yield process.stdout.readline().strip()


def _program() -> Program:
    """One that asks once for each turn."""
    return create("strategy-predictor", Options(language="en"))


def bare(load: Load) -> None:
    """The same calls, with all prompts ready."""
    program = _program()
    asked = [
        next(program.steps(Situation(example.conversation.with_turns(example.history), "en")))
        for _ in load.contexts
        for example in turn_examples(load.conversations)
    ]
    waiting = iter(asked)

    async def caller() -> None:
        for ask in waiting:
            await ask.predictor.acall(**ask.inputs)

    async def everybody() -> None:
        await asyncio.gather(*(caller() for _ in range(load.in_flight)))

    asyncio.run(everybody())


def evaluation(load: Load) -> None:
    """An evaluation with everything that belongs to it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        made = plan(as_system(_program()), load.conversations, contexts=load.contexts)
        with open_journal(out, {}, resume=False, told=print) as journal:
            made.carry_out(concurrency=load.in_flight, lm="openai/benchmark", out=out, journal=journal)


WAYS: dict[str, Callable[[Load], None]] = {"bare": bare, "evaluation": evaluation}


def _measured(way: Callable[[Load], None], load: Load) -> tuple[float, float]:
    """Seconds by the clock, and of CPU."""
    with using("openai/benchmark", api_base=load.url, cache=False, concurrency=load.in_flight):
        clock, cpu = time.perf_counter(), time.process_time()
        way(load)
        return time.perf_counter() - clock, time.process_time() - cpu


def _figures(runs: list[dict[str, tuple[float, float]]], load: Load) -> list[Figures]:
    calls = len(load.contexts) * sum(1 for _ in turn_examples(load.conversations))
    seconds = {name: statistics.median(run[name][0] for run in runs) for name in WAYS}
    cpu = {name: statistics.median(run[name][1] for run in runs) for name in WAYS}
    return [
        Figures(name, calls, calls / seconds[name], seconds["bare"] / seconds[name], cpu[name] / calls * 1000)
        for name in WAYS
    ]


if __name__ == "__main__":
    main()
