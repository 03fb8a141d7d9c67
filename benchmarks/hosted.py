"""How many calls a second reach a hosted language model, and what each costs in CPU time on our side.

A server in a process of its own answers every call after a fixed latency, so that ``in flight / latency``
calls a second are ideal. All ways of calling it are measured in turns within one run, on dialogue-shaped
prompts. Callers begin one after the other, as answers of language models do not come all at once, and are
measured once all are at work. CPU time is that of the calling process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import contextvars
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
import dspy
import orjson
from dspy import lm15

from csc_dspy.lm.adapter import Adapter
from csc_dspy.lm.hosted import Endpoint, HostedEngine, Limits

ROOT = Path(__file__).resolve().parents[1]
KEY = "sk-benchmark"
MODEL = "openai/benchmark"
ANSWER = "[[ ## strategy ## ]]\nEmotional Management\n\n[[ ## completed ## ]]"
HISTORY = "\n".join(f"customer: line {turn} of what I want to tell you about my order" for turn in range(19))

CLASSIFY = dspy.Signature(
    "conversation -> strategy: Literal['Greeting', 'Emotional Management', 'Problem Refinement', 'Others']",
    "Name the strategy of the last turn.",
)

AsyncCall = Callable[[int], Awaitable[object]]
Call = Callable[[int], object]


@dataclass(frozen=True)
class Figures:
    """What was measured of one way of calling."""

    in_flight: int
    name: str
    calls_per_second: float
    share_of_ideal: float
    cpu_ms_per_call: float


@dataclass(frozen=True)
class Load:
    """What is measured: so many calls, so many of them at the same time."""

    url: str
    latency: float
    calls: int
    in_flight: int

    def delay(self, caller: int) -> float:
        """Seconds after which a caller begins."""
        return self.latency * caller / self.in_flight

    def engine(self) -> HostedEngine:
        """An engine that may use all of it."""
        endpoint = Endpoint(api_base=self.url, key=KEY, prefix="openai/")
        return HostedEngine(endpoint, Limits(concurrency=self.in_flight))


def main() -> None:
    """Measure, and print a table or JSON."""
    options = _options()
    # Set, it would make DSPy choose litellm.
    os.environ.pop("OPENAI_API_BASE", None)
    # litellm would fetch its price list first, offline in vain and for long.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    dspy.configure(disable_history=True, max_trace_size=0)
    contenders = [name for name in CONTENDERS if options.litellm or name != LITELLM]
    rows: list[Figures] = []
    with _server(options.latency) as url:
        for in_flight in options.in_flight:
            load = Load(url, options.latency, max(options.calls, in_flight), in_flight)
            runs = [{name: _measured(name, load) for name in contenders} for _ in range(options.repeat)]
            rows += [_median([run[name] for run in runs]) for name in contenders]
    if options.json:
        print(json.dumps({"latency": options.latency, "rows": [asdict(row) for row in rows]}, indent=2))
        return
    print(f"{'in flight':>9}  {'way of calling':<36}{'calls/s':>9}{'of ideal':>10}{'CPU ms':>9}")
    for row in rows:
        rate, share, cpu = f"{row.calls_per_second:.0f}", f"{row.share_of_ideal:.0%}", row.cpu_ms_per_call
        print(f"{row.in_flight:>9}  {row.name:<36}{rate:>9}{share:>10}{cpu:>9.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Calls a second to a hosted language model.")
    parser.add_argument(
        "--in-flight", default="32,128,256", help="calls at the same time (default: 32,128,256)"
    )
    parser.add_argument("--calls", type=int, default=1500, help="calls in each measurement (default: 1500)")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds the server takes (default: 0.2)")
    parser.add_argument("--repeat", type=int, default=3, help="measurements; the median counts (default: 3)")
    parser.add_argument("--no-litellm", dest="litellm", action="store_false", help="leave litellm out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    options.in_flight = [int(number) for number in options.in_flight.split(",")]
    return options


@contextlib.contextmanager
def _server(latency: float) -> Iterator[str]:
    options = ("--latency", str(latency), "--text", ANSWER)
    command = (sys.executable, "-m", "tests.support.openai_server", *options)
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        # Leaving closes its standard input, which ends it.
        yield process.stdout.readline().strip()


def _measured(name: str, load: Load) -> Figures:
    course = CONTENDERS[name](load)
    rate = load.calls / course.seconds
    share = rate * load.latency / load.in_flight
    return Figures(load.in_flight, name, rate, share, course.cpu / load.calls * 1000)


def _median(runs: list[Figures]) -> Figures:
    def median(field: str) -> float:
        return float(statistics.median(getattr(run, field) for run in runs))

    rate, share, cpu = map(median, ("calls_per_second", "share_of_ideal", "cpu_ms_per_call"))
    return Figures(runs[0].in_flight, runs[0].name, rate, share, cpu)


class Course:
    """Numbers the calls, and clocks those after the first two rounds, while all callers are at work."""

    def __init__(self, load: Load) -> None:
        self._first = 2 * load.in_flight
        self._behind = self._first + load.calls
        self._numbers = itertools.count()
        self.seconds = self.cpu = 0.0

    def __iter__(self) -> Iterator[int]:
        for number in self._numbers:
            if number == self._first:
                self.seconds, self.cpu = -time.perf_counter(), -time.process_time()
            elif number == self._behind:
                self.seconds += time.perf_counter()
                self.cpu += time.process_time()
            if number >= self._behind:
                return
            yield number


async def _by_tasks(call: AsyncCall, load: Load) -> Course:
    course = Course(load)

    async def caller(place: int) -> None:
        await asyncio.sleep(load.delay(place))
        for number in course:
            await call(number)

    await asyncio.gather(*map(caller, range(load.in_flight)))
    return course


def _by_threads(call: Call, load: Load) -> Course:
    course = Course(load)

    def caller(place: int) -> None:
        time.sleep(load.delay(place))
        for number in course:
            call(number)

    with ThreadPoolExecutor(load.in_flight) as pool:
        # Threads do not take over dspy.context by themselves.
        callers = [
            pool.submit(contextvars.copy_context().run, caller, place) for place in range(load.in_flight)
        ]
        for each in callers:
            each.result()
    return course


def _conversation(number: int) -> str:
    return f"{HISTORY}\nsupporter: reply number {number}"


def _request(number: int) -> lm15.Request:
    system, user = dspy.ChatAdapter().format(CLASSIFY, [], {"conversation": ""})
    text = user["content"].replace("\n\n", f"\n{_conversation(number)}\n\n", 1)
    config = lm15.Config(temperature=0.0, max_tokens=200)
    return lm15.Request(
        model=MODEL, system=system["content"], messages=(lm15.Message.user(text),), config=config
    )


REQUEST = _request(0)


def bare_aiohttp(load: Load) -> Course:
    """The least that HTTP costs: one session, ready-made bytes, the answer read."""
    messages = [{"role": "system", "content": REQUEST.system}, {"role": "user", "content": HISTORY}]
    body = orjson.dumps({"model": "benchmark", "messages": messages, "temperature": 0.0, "max_tokens": 200})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}

    async def run() -> Course:
        connector = aiohttp.TCPConnector(limit=load.in_flight)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def call(_: int) -> None:
                async with session.post(f"{load.url}/chat/completions", data=body) as response:
                    orjson.loads(await response.read())

            return await _by_tasks(call, load)

    return asyncio.run(run())


def engine_async(load: Load) -> Course:
    """This engine alone, from one event loop."""
    engine = load.engine()
    course = asyncio.run(_by_tasks(lambda _: engine.asynchronous.complete(REQUEST), load))
    engine.close()
    return course


def engine_threads(load: Load) -> Course:
    """This engine alone, from as many threads as calls."""
    engine = load.engine()
    course = _by_threads(lambda _: engine.complete(REQUEST), load)
    engine.close()
    return course


@contextlib.contextmanager
def _predicting(adapter: dspy.Adapter | None = None, **settings: object) -> Iterator[dspy.Predict]:
    lm = dspy.LM(MODEL, temperature=0.0, max_tokens=200, cache=False, num_retries=0, **settings)
    with dspy.context(lm=lm, adapter=adapter or dspy.ChatAdapter(use_json_adapter_fallback=False)):
        yield dspy.Predict(CLASSIFY)


@contextlib.contextmanager
def _predicting_by_engine(load: Load, adapter: dspy.Adapter | None = None) -> Iterator[dspy.Predict]:
    engine = load.engine()
    with _predicting(adapter, engine=engine, async_engine=engine.asynchronous) as predict:
        yield predict
    engine.close()


def predict_async(load: Load) -> Course:
    """This engine under dspy.LM, ChatAdapter and Predict, from one event loop."""
    with _predicting_by_engine(load) as predict:
        return asyncio.run(_by_tasks(lambda number: predict.acall(conversation=_conversation(number)), load))


def predict_threads(load: Load) -> Course:
    """The same from as many threads as calls."""
    with _predicting_by_engine(load) as predict:
        return _by_threads(lambda number: predict(conversation=_conversation(number)), load)


def adapter_async(load: Load) -> Course:
    """This engine under this package's adapter, which calls it without DSPy's layer, from one event loop."""
    with _predicting_by_engine(load, Adapter()) as predict:
        return asyncio.run(_by_tasks(lambda number: predict.acall(conversation=_conversation(number)), load))


def adapter_threads(load: Load) -> Course:
    """The same from as many threads as calls."""
    with _predicting_by_engine(load, Adapter()) as predict:
        return _by_threads(lambda number: predict(conversation=_conversation(number)), load)


def dspy_default(load: Load) -> Course:
    """DSPy as it comes, from one event loop."""
    with _predicting(engine="lm15", api_base=load.url, api_key=KEY) as predict:
        return asyncio.run(_by_tasks(lambda number: predict.acall(conversation=_conversation(number)), load))


def dspy_litellm(load: Load) -> Course:
    """DSPy over litellm, from one event loop."""
    with _predicting(engine="litellm", api_base=load.url, api_key=KEY) as predict:
        return asyncio.run(_by_tasks(lambda number: predict.acall(conversation=_conversation(number)), load))


LITELLM = "plain DSPy, litellm"
CONTENDERS: dict[str, Callable[[Load], Course]] = {
    "bare aiohttp": bare_aiohttp,
    "this engine, async": engine_async,
    "this engine, threads": engine_threads,
    "this engine + DSPy, async": predict_async,
    "this engine + DSPy, threads": predict_threads,
    "this engine + our adapter, async": adapter_async,
    "this engine + our adapter, threads": adapter_threads,
    "plain DSPy": dspy_default,
    LITELLM: dspy_litellm,
}

if __name__ == "__main__":
    main()
