"""When a Ray cluster pays: the same dialogues played in this process, and by workers of a cluster.

Run from the root of the checkout: ``python -m benchmarks.roleplay_ray``. The server is that of
`benchmarks.roleplay`: every answer after a fixed latency. Time and CPU count from the first step in the
journal to the last, so starting is left out; it is told apart. The CPU is that of all processes together but
the server's: driver, workers and Ray's own. All of them share this machine, so workers here show what a
cluster costs, and not what more machines bring.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from csc_dspy.concurrency import in_order
from csc_dspy.journal import Journal
from csc_dspy.roleplay import Models, Plan, Played, Rules, Settled, Task
from csc_dspy.roleplay.spreading import Cluster, spread
from csc_dspy.roleplay.troupe import Troupe
from csc_dspy.taxonomy import load_taxonomy

ROOT: Final = Path(__file__).resolve().parents[1]
Settler = Callable[[Task], Awaitable[Settled]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one way."""

    name: str
    calls: int
    calls_per_second: float
    share_of_ideal: float
    cpu_ms_per_call: float
    of_it_driver: float
    """What is done in this process, which no other machine can take over."""
    seconds_to_start: float


def main() -> None:
    """Measure, and print a table or JSON."""
    options = _options()
    os.environ.setdefault("OPENAI_API_KEY", "none")
    with _server(options.latency) as (url, server):
        rows = [_measured(workers, url, server, options) for workers in options.workers]
    if options.json:
        print(json.dumps({"latency": options.latency, "rows": [asdict(row) for row in rows]}, indent=2))
        return
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in asdict(row).items()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Role play here and on a Ray cluster.")
    parser.add_argument("--workers", default="0,1,2", help="0 is without Ray (default: 0,1,2)")
    parser.add_argument("--in-flight", type=int, default=128, help="dialogues at a time (default: 128)")
    parser.add_argument("--waves", type=int, default=2, help="dialogues for each place (default: 2)")
    parser.add_argument("--turns", type=int, default=14, help="utterances in each (default: 14)")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds the server takes (default: 0.2)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    options.workers = [int(number) for number in options.workers.split(",")]
    return options


class _ClockedJournal(Journal):
    """Knows when its first and its last entry came, and what CPU was taken between them."""

    def __init__(self, path: Path, server: int) -> None:
        super().__init__(path, {}, resume=False)
        self._server = server
        self.begun = self.ended = 0.0
        self._cpu_begun = self._driver_begun = 0.0

    def record(self, key: str, entry: object, *, instead_of: Iterable[str] = ()) -> None:
        """Append an entry, and look at the clock."""
        if not self.begun:
            self.begun, self._cpu_begun = time.perf_counter(), _cpu(self._server)
            self._driver_begun = time.process_time()
        super().record(key, entry, instead_of=instead_of)
        self.ended = time.perf_counter()

    def cpu(self) -> tuple[float, float]:
        """CPU seconds since the first entry: in all, and of this process."""
        return _cpu(self._server) - self._cpu_begun, time.process_time() - self._driver_begun


def _measured(workers: int, url: str, server: int, options: argparse.Namespace) -> Figures:
    players = Troupe(
        rules=Rules(load_taxonomy(), options.turns, options.turns),
        models=Models(
            lm="openai/benchmark",
            options={"api_base": url, "cache": False, "concurrency": options.in_flight, "timeout": 60.0},
        ),
    )
    tasks = Plan(count=options.in_flight * options.waves, language="en", events=0.0).tasks()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        journal = _ClockedJournal(Path(folder) / "journal", server)
        with journal, _settling(workers, players, journal, options.in_flight) as settler:
            calls = _played(in_order(tasks, settler, options.in_flight))
            cpu, driver = journal.cpu()
    rate = calls / (journal.ended - journal.begun)
    return Figures(
        f"{workers} Ray workers" if workers else "without Ray",
        calls,
        round(rate, 1),
        round(rate * options.latency / options.in_flight, 3),
        round(cpu / calls * 1000, 2),
        round(driver / calls * 1000, 2),
        round(journal.begun - begun, 1),
    )


def _played(dialogues: Generator[Settled, None, None]) -> int:
    """How many calls they took."""
    calls = 0
    with closing(dialogues) as results:
        for settled in results:
            assert isinstance(settled.result, Played)
            calls += settled.result.calls
    return calls


@contextmanager
def _here(players: Troupe, journal: Journal) -> Iterator[Settler]:
    with players.at_work() as company:
        yield lambda task: company.settle(task, journal)


def _settling(
    workers: int, players: Troupe, journal: Journal, in_flight: int
) -> AbstractContextManager[Settler]:
    if not workers:
        return _here(players, journal)
    cluster = Cluster(address="local", workers=workers, dialogues=-(-in_flight // workers))
    return spread(players, journal, cluster=cluster, concurrency=in_flight)


@contextmanager
def _server(latency: float) -> Iterator[tuple[str, int]]:
    command = (sys.executable, "-m", "benchmarks.roleplay", "--serve", "--latency", str(latency))
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        # Leaving closes its standard input, which ends it.
        yield process.stdout.readline().strip(), process.pid


def _cpu(without: int) -> float:
    """CPU seconds of this process and all below it but one, as Linux tells them."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            # It has ended in the meantime.
            continue
        parents[int(path.parent.name)] = int(fields[1])
        ticks[int(path.parent.name)] = int(fields[11]) + int(fields[12])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours and pid != without} - ours:
        ours |= more
    return sum(ticks[pid] for pid in ours) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
