"""How fast dialogues are played, beside the paper's way of playing them, and what they take of memory.

A server in a process of its own answers every call after a fixed latency, so that ``in flight / latency``
calls a second are ideal. In turns within one run, the same number of dialogues is played by this package
(rules, journal, checks, corpus and all), and as the paper's code plays them: a thread for each dialogue, in
which every prompt is put together from a template and the lines so far, sent by ``requests.post``, and its
answer read by regular expressions. The peer's templates are the prompts that this package has sent for a
dialogue of that length; it keeps no rules, no journal and checks nothing.

``--memory`` plays many short dialogues instead, and shows what the process holds after 500, 1,000, … of them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from csc_dspy.roleplay import Models, Plan, Rules, Synthesis
from csc_dspy.taxonomy import load_taxonomy
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer, running

ROOT = Path(__file__).resolve().parents[1]
SENTENCE = "I looked that up for the order that you named, and this is how it stands at the moment."
ANSWER = "".join(
    f"[[ ## {name} ## ]]\n{text}\n\n"
    for name, text in {
        "scene": SENTENCE,
        "goal": SENTENCE,
        "response": SENTENCE,
        "direction": SENTENCE,
        "utterance": SENTENCE,
        "over": "no",
    }.items()
)
FIELD = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\Z)", re.DOTALL)
LINES = re.compile(r"(?<=\[\[ ## conversation ## \]\]\n).*?(?=\n\n\[\[ ## )", re.DOTALL)


@dataclass(frozen=True)
class Load:
    """What is played."""

    url: str
    latency: float
    in_flight: int
    dialogues: int
    turns: int
    fast: bool


@dataclass(frozen=True)
class Figures:
    """What was measured of one way."""

    in_flight: int
    name: str
    calls: int
    calls_per_second: float
    share_of_ideal: float
    cpu_ms_per_call: float


def main() -> None:
    """Measure, and print a table or JSON."""
    options = _options()
    if options.serve:
        asyncio.run(_serve(options.latency))
        return
    os.environ.pop("OPENAI_API_BASE", None)
    if options.memory:
        with _server(0.0) as url:
            rows: list[Any] = list(_memory(url, options.memory))
    else:
        with _server(options.latency) as url:
            rows = [each for in_flight in options.in_flight for each in _compared(options, url, in_flight)]
    if options.json:
        print(json.dumps({"latency": options.latency, "rows": rows}, indent=2))
        return
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Role play beside the paper's way of playing.")
    parser.add_argument(
        "--in-flight", default="128,256", help="dialogues at the same time (default: 128,256)"
    )
    parser.add_argument("--waves", type=int, default=3, help="dialogues for each place (default: 3)")
    parser.add_argument("--turns", type=int, default=14, help="utterances in each (default: 14)")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds the server takes (default: 0.2)")
    parser.add_argument("--repeat", type=int, default=3, help="measurements; the median counts (default: 3)")
    parser.add_argument("--fast", action="store_true", help="one call a side")
    parser.add_argument("--memory", type=int, metavar="N", help="play so many short dialogues instead")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.in_flight = [int(number) for number in options.in_flight.split(",")]
    return options


def _answer(body: bytes) -> bytes:
    """The body of an answer: the strategies go round, by the length of the question."""
    _, found, rest = body.rpartition(b"[[ ## allowed ## ]]\\n")
    text = ANSWER
    if found:
        names = rest.partition(b"\\n")[0].decode().split(", ")
        # Nobody takes leave before the length makes them.
        chosen = names[body.count(b"\\n") % (len(names) - 2 or 1)]
        text = f"{ANSWER}[[ ## strategy ## ]]\n{chosen}\n\n"
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": len(body) // 4, "completion_tokens": 60, "total_tokens": len(body) // 4 + 60}
    return json.dumps({"id": "x", "model": "benchmark", "choices": [choice], "usage": usage}).encode()


class _Connection(asyncio.Protocol):
    """The least of HTTP that both ways need: the server shares the machine with them."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if not found or length is None or len(rest) < int(length[1]):
            return
        self._received = b""
        asyncio.get_running_loop().call_later(self._latency, self._send, rest)

    def _send(self, body: bytes) -> None:
        if self._transport.is_closing():
            return
        answer = _answer(body)
        head = f"Content-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
        self._transport.write(b"HTTP/1.1 200 OK\r\n" + head.encode() + answer)


async def _serve(latency: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(latency), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1\n")
    sys.stdout.flush()
    # Until whoever began it closes its standard input.
    await asyncio.to_thread(sys.stdin.read)


@contextlib.contextmanager
def _server(latency: float) -> Iterator[str]:
    command = (sys.executable, "-m", "benchmarks.roleplay", "--serve", "--latency", str(latency))
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        # Leaving closes its standard input, which ends it.
        yield process.stdout.readline().strip()


def _synthesis(url: str, in_flight: int, count: int, turns: int, *, fast: bool) -> Synthesis:
    return Synthesis(
        plan=Plan(count=count, language="en", events=0.0),
        rules=Rules(load_taxonomy(), turns, turns),
        models=Models(
            lm="openai/benchmark",
            options={"api_base": url, "cache": False, "concurrency": in_flight, "timeout": 60.0},
        ),
        fast=fast,
        judge=False,
    )


@dataclass
class _Clock:
    """Notes when the last dialogue is settled; what comes behind is the report."""

    seconds: float = 0.0
    cpu: float = 0.0
    _begun: float = field(default_factory=time.perf_counter)
    _cpu_begun: float = field(default_factory=time.process_time)

    def __call__(self, n: int = 1, **_: object) -> None:
        del n
        self.seconds = time.perf_counter() - self._begun
        self.cpu = time.process_time() - self._cpu_begun


@dataclass(frozen=True)
class Template:
    """One request of a dialogue, without the lines so far."""

    system: str
    before: str
    after: str
    speaks: str | None
    """The field of the answer that is spoken, if one is."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Template:
        """From a request that was sent."""
        system, asked = (message["content"] for message in body["messages"])
        lines = LINES.search(asked)
        start, end = lines.span() if lines else (len(asked), len(asked))
        spoken = (name for name in ("response", "utterance") if f"[[ ## {name} ## ]]" in system)
        return cls(system, asked[:start], asked[end:], next(spoken, None))


def ours(load: Load, _: Sequence[Template]) -> tuple[int, float, float]:
    """Calls, seconds and CPU seconds of a synthesis."""
    made = _synthesis(load.url, load.in_flight, load.dialogues, load.turns, fast=load.fast)
    with tempfile.TemporaryDirectory() as folder:
        clock = _Clock()
        outcome = made.carry_out(Path(folder) / "out", concurrency=load.in_flight, told=clock)
    assert outcome.failed == 0
    return int(outcome.counts["calls"]), clock.seconds, clock.cpu


def papers(load: Load, templates: Sequence[Template]) -> tuple[int, float, float]:
    """The same for threads that fill in templates and post them."""
    import requests

    headers = {"Authorization": "Bearer none"}

    def dialogue(_: int) -> list[str]:
        lines: list[str] = []
        for each in templates:
            system = {"role": "system", "content": each.system}
            asked = {"role": "user", "content": "".join((each.before, "\n".join(lines), each.after))}
            body: dict[str, Any] = {"model": "benchmark", "messages": [system, asked], "temperature": 0.8}
            response = requests.post(f"{load.url}/chat/completions", json=body, headers=headers, timeout=60)
            found = dict(FIELD.findall(response.json()["choices"][0]["message"]["content"]))
            if each.speaks is not None:
                lines.append(f"{each.speaks}: {found[each.speaks]}")
        return lines

    clock = _Clock()
    with ThreadPoolExecutor(load.in_flight) as pool:
        played = list(pool.map(dialogue, range(load.dialogues)))
    clock()
    assert all(len(lines) == sum(each.speaks is not None for each in templates) for lines in played)
    return len(templates) * load.dialogues, clock.seconds, clock.cpu


WAYS: dict[str, Callable[[Load, Sequence[Template]], tuple[int, float, float]]] = {
    "this package": ours,
    "threads and requests": papers,
}


def _templates(turns: int, *, fast: bool) -> list[Template]:
    """Every request of one dialogue."""
    with running(LLMServer()) as server, tempfile.TemporaryDirectory() as folder:
        server.usually(Behaviour(reply=_reply))
        _synthesis(server.url, 1, 1, turns, fast=fast).carry_out(Path(folder) / "out", concurrency=1)
        return [Template.of(each.json) for each in server.requests]


def _reply(asked: Mapping[str, Any]) -> str:
    answered = json.loads(_answer(json.dumps(asked, ensure_ascii=False).encode()))
    return str(answered["choices"][0]["message"]["content"])


def _compared(options: argparse.Namespace, url: str, in_flight: int) -> Iterator[dict[str, Any]]:
    load = Load(url, options.latency, in_flight, in_flight * options.waves, options.turns, options.fast)
    templates = _templates(options.turns, fast=options.fast)
    runs = [{name: way(load, templates) for name, way in WAYS.items()} for _ in range(options.repeat)]
    for name in WAYS:
        calls = runs[0][name][0]
        rate = statistics.median(run[name][0] / run[name][1] for run in runs)
        cpu = statistics.median(run[name][2] / run[name][0] for run in runs)
        share = rate * load.latency / in_flight
        figures = Figures(in_flight, name, calls, round(rate, 1), round(share, 3), round(cpu * 1000, 2))
        yield asdict(figures)


def _memory(url: str, count: int) -> Iterator[dict[str, Any]]:
    """Resident megabytes after so many dialogues are done."""
    seen: list[dict[str, Any]] = []
    done = 0

    def told(n: int = 1, **_: object) -> None:
        nonlocal done
        done += n
        if done in {500, 1000, 2000, 4000, 8000}:
            seen.append({"done": done, "resident_mb": round(_resident(), 1)})

    made = _synthesis(url, 64, count, 7, fast=True)
    with tempfile.TemporaryDirectory() as folder:
        made.carry_out(Path(folder) / "out", concurrency=64, told=told)
    yield from seen
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield {"done": done, "peak_mb": round(peak, 1), "threads": threading.active_count()}


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
