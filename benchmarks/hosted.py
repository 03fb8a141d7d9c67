"""How many calls a second reach a hosted language model, and what each costs in CPU time on our side.

A server in a process of its own answers every call after a fixed latency, so that ``in flight / latency``
calls a second are ideal. All ways of calling it are measured in turns within one run, each after a warm-up,
on dialogue-shaped prompts. CPU time is that of the calling process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import contextvars
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import dspy
import orjson
from dspy import lm15

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
    calls: int
    in_flight: int

    def engine(self) -> HostedEngine:
        """An engine that may use all of it."""
        endpoint = Endpoint(api_base=self.url, key=KEY, prefix="openai/")
        return HostedEngine(endpoint, Limits(concurrency=self.in_flight))


def main() -> None:
    """Measure, and print a table or JSON."""
    options = _options()
    # Set, it would make DSPy choose litellm.
    os.environ.pop("OPENAI_API_BASE", None)
    dspy.configure(disable_history=True, max_trace_size=0)
    contenders = [name for name in CONTENDERS if options.litellm or name != LITELLM]
    rows: list[Figures] = []
    with _server(options.latency) as url:
        for in_flight in options.in_flight:
            # Whole rounds: a last one with fewer calls would count as slowness.
            load = Load(url, math.ceil(options.calls / in_flight) * in_flight, in_flight)
            runs = [
                {name: _measured(name, load, options.latency) for name in contenders}
                for _ in range(options.repeat)
            ]
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
    command = [
        sys.executable,
        "-m",
        "tests.support.openai_server",
        "--latency",
        str(latency),
        "--text",
        ANSWER,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        # Leaving closes its standard input, which ends it.
        yield process.stdout.readline().strip()


def _measured(name: str, load: Load, latency: float) -> Figures:
    seconds, cpu = CONTENDERS[name](load)
    rate = load.calls / seconds
    return Figures(load.in_flight, name, rate, rate * latency / load.in_flight, cpu / load.calls * 1000)


def _median(runs: list[Figures]) -> Figures:
    def median(field: str) -> float:
        return float(statistics.median(getattr(run, field) for run in runs))

    rate, share, cpu = map(median, ("calls_per_second", "share_of_ideal", "cpu_ms_per_call"))
    return Figures(runs[0].in_flight, runs[0].name, rate, share, cpu)


async def _pooled(call: AsyncCall, calls: int, in_flight: int) -> tuple[float, float]:
    """Wall and CPU seconds of so many calls by as many workers as there may be calls in flight."""
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            await call(number)

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return time.perf_counter() - start, time.process_time() - cpu


async def _warmed(call: AsyncCall, load: Load) -> tuple[float, float]:
    await _pooled(call, 2 * load.in_flight, load.in_flight)
    return await _pooled(call, load.calls, load.in_flight)


def _threaded(call: Call, load: Load) -> tuple[float, float]:
    with ThreadPoolExecutor(load.in_flight) as pool:

        def run(calls: int) -> tuple[float, float]:
            start, cpu = time.perf_counter(), time.process_time()
            # Threads do not take over dspy.context by themselves.
            jobs = [pool.submit(contextvars.copy_context().run, call, number) for number in range(calls)]
            for job in jobs:
                job.result()
            return time.perf_counter() - start, time.process_time() - cpu

        run(2 * load.in_flight)
        return run(load.calls)


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


def bare_aiohttp(load: Load) -> tuple[float, float]:
    """The least that HTTP costs: one session, ready-made bytes, the answer read."""
    messages = [{"role": "system", "content": REQUEST.system}, {"role": "user", "content": HISTORY}]
    body = orjson.dumps({"model": "benchmark", "messages": messages, "temperature": 0.0, "max_tokens": 200})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}

    async def run() -> tuple[float, float]:
        connector = aiohttp.TCPConnector(limit=load.in_flight)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def call(_: int) -> None:
                async with session.post(f"{load.url}/chat/completions", data=body) as response:
                    orjson.loads(await response.read())

            return await _warmed(call, load)

    return asyncio.run(run())


def engine_async(load: Load) -> tuple[float, float]:
    """This engine alone, from one event loop."""
    engine = load.engine()
    figures = asyncio.run(_warmed(lambda _: engine.asynchronous.complete(REQUEST), load))
    engine.close()
    return figures


def engine_threads(load: Load) -> tuple[float, float]:
    """This engine alone, from as many threads as calls."""
    engine = load.engine()
    figures = _threaded(lambda _: engine.complete(REQUEST), load)
    engine.close()
    return figures


@contextlib.contextmanager
def _predicting(**settings: object) -> Iterator[dspy.Predict]:
    lm = dspy.LM(MODEL, temperature=0.0, max_tokens=200, cache=False, num_retries=0, **settings)
    adapter = dspy.ChatAdapter(use_json_adapter_fallback=False)
    with dspy.context(lm=lm, adapter=adapter):
        yield dspy.Predict(CLASSIFY)


@contextlib.contextmanager
def _predicting_by_engine(load: Load) -> Iterator[dspy.Predict]:
    engine = load.engine()
    with _predicting(engine=engine, async_engine=engine.asynchronous) as predict:
        yield predict
    engine.close()


def predict_async(load: Load) -> tuple[float, float]:
    """This engine under dspy.LM, ChatAdapter and Predict, from one event loop."""
    with _predicting_by_engine(load) as predict:
        return asyncio.run(_warmed(lambda number: predict.acall(conversation=_conversation(number)), load))


def predict_threads(load: Load) -> tuple[float, float]:
    """The same from as many threads as calls."""
    with _predicting_by_engine(load) as predict:
        return _threaded(lambda number: predict(conversation=_conversation(number)), load)


class InlineExecutor(ThreadPoolExecutor):
    """Does at once what others hand to a thread."""

    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        """Run ``fn`` here and now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  an executor passes on whatever its task raises
            future.set_exception(error)
        return future


def predict_async_inline(load: Load) -> tuple[float, float]:
    """The same from one event loop which does by itself what DSPy hands to threads."""

    async def run(predict: dspy.Predict) -> tuple[float, float]:
        asyncio.get_running_loop().set_default_executor(InlineExecutor())
        return await _warmed(lambda number: predict.acall(conversation=_conversation(number)), load)

    with _predicting_by_engine(load) as predict:
        return asyncio.run(run(predict))


def dspy_default(load: Load) -> tuple[float, float]:
    """DSPy as it comes, from one event loop."""
    with _predicting(engine="lm15", api_base=load.url, api_key=KEY) as predict:
        return asyncio.run(_warmed(lambda number: predict.acall(conversation=_conversation(number)), load))


def dspy_litellm(load: Load) -> tuple[float, float]:
    """DSPy over litellm, from one event loop."""
    with _predicting(engine="litellm", api_base=load.url, api_key=KEY) as predict:
        return asyncio.run(_warmed(lambda number: predict.acall(conversation=_conversation(number)), load))


LITELLM = "plain DSPy, litellm"
CONTENDERS: dict[str, Callable[[Load], tuple[float, float]]] = {
    "bare aiohttp": bare_aiohttp,
    "this engine, async": engine_async,
    "this engine, threads": engine_threads,
    "this engine + DSPy, async": predict_async,
    "this engine + DSPy, async, inline": predict_async_inline,
    "this engine + DSPy, threads": predict_threads,
    "plain DSPy": dspy_default,
    LITELLM: dspy_litellm,
}

if __name__ == "__main__":
    main()
