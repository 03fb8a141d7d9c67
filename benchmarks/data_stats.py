"""How long ``csc-dspy data stats`` takes and how much memory, for each form of a corpus.

The corpus has the size of the published dataset. The peer is what one would write by hand: load the file with
``json`` (or pyarrow), validate each dialogue with plain pydantic models, count the strategies in a Counter.
Every measurement is a fresh process, the two in turns, so that a slow moment of the machine meets both.
For JSON Lines and Parquet the same is done with a corpus four times as large: memory should not follow.

Run from the root of the checkout: ``python -m benchmarks.data_stats``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from benchmarks.corpus import PUBLISHED, Row, generate

FORMS: Final = ("json", "jsonl", "jsonl.gz", "parquet")
GROWING: Final = ("jsonl", "parquet")
TIMES: Final = 4


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    seconds: float
    megabytes: float


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description="How long `csc-dspy data stats` takes, and how much memory.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command (default: 3)")
    parser.add_argument("--count", type=int, default=PUBLISHED, help=f"dialogues (default: {PUBLISHED})")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--peer", metavar="FILE", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        print(json.dumps(peer(options.peer), ensure_ascii=False))
        return
    with tempfile.TemporaryDirectory(prefix="csc-dspy-bench-") as folder:
        result = measure(Path(folder), options.count, options.runs)
    print(json.dumps(result, indent=2) if options.json else table(result))


def measure(folder: Path, count: int, runs: int) -> dict[str, Any]:
    """Median costs for each form, and memory beside that for a larger corpus."""
    turns = in_a_process_of_its_own(folder, count)
    forms = {}
    for form in FORMS:
        rounds = [(cost(stats(folder, form)), cost(by_hand(folder, form))) for _ in range(runs)]
        ours, theirs = (median(costs) for costs in zip(*rounds, strict=True))
        forms[form] = {
            "bytes": (folder / f"corpus.{form}").stat().st_size,
            "seconds": round(ours.seconds, 2),
            "megabytes": round(ours.megabytes, 1),
            "turns_per_second": round(turns / ours.seconds),
            "peer_seconds": round(theirs.seconds, 2),
            "peer_megabytes": round(theirs.megabytes, 1),
            "seconds_ratio": round(ours.seconds / theirs.seconds, 2),
            "megabytes_ratio": round(ours.megabytes / theirs.megabytes, 2),
        }
    growth = {}
    for form in GROWING:
        large = cost(stats(folder, form, "large"))
        growth[form] = {
            "megabytes": forms[form]["megabytes"],
            f"megabytes_at_{TIMES}_times_the_size": round(large.megabytes, 1),
            f"seconds_at_{TIMES}_times_the_size": round(large.seconds, 2),
        }
    return {"runs": runs, "turns": turns, "forms": forms, "growth": growth}


def stats(folder: Path, form: str, name: str = "corpus") -> tuple[str, ...]:
    """The command that is measured."""
    return ("-m", "csc_dspy", "data", "stats", str(folder / f"{name}.{form}"), "--json", "--quiet")


def by_hand(folder: Path, form: str) -> tuple[str, ...]:
    """The command it is held against."""
    return ("-m", "benchmarks.data_stats", "--peer", str(folder / f"corpus.{form}"))


def cost(arguments: tuple[str, ...]) -> Cost:
    """Wall time and peak memory of one process, which has to succeed."""
    start = time.perf_counter()
    with subprocess.Popen((sys.executable, *arguments), stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with exit code {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(seconds, usage.ru_maxrss * unit / 2**20)


def median(costs: Iterable[Cost]) -> Cost:
    """Medians of both, each by itself."""
    costs = tuple(costs)
    return Cost(
        statistics.median(each.seconds for each in costs), statistics.median(each.megabytes for each in costs)
    )


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    heads = ("seconds", "peer", "ratio", "MB", "peer", "ratio", "turns/s")
    keys = (
        *("seconds", "peer_seconds", "seconds_ratio"),
        *("megabytes", "peer_megabytes", "megabytes_ratio"),
        "turns_per_second",
    )
    text = [
        f"{result['turns']} turns, medians of {result['runs']} runs; peer: json or pyarrow, and pydantic",
        line("", heads),
        *(line(form, [row[key] for key in keys]) for form, row in result["forms"].items()),
        "",
        line("", ("MB", f"MB at {TIMES}×", f"s at {TIMES}×")),
        *(line(form, row.values()) for form, row in result["growth"].items()),
    ]
    return "\n".join(text)


def line(name: str, cells: Iterable[object]) -> str:
    """A line of the table."""
    return f"{name:<10}" + "".join(f"{cell:>10}" for cell in cells)


# ---------------------------------------------------------------- the corpora


def in_a_process_of_its_own(folder: Path, count: int) -> int:
    """Write all corpora and return the number of turns of the smaller.

    A child's peak counts from its parent's memory when it was started, so this process must stay small.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(write_all, (folder, count))


def write_all(folder: Path, count: int) -> int:
    """Write the corpus in all forms and the larger one in those that are to show growth."""
    for form in FORMS:
        write(folder / f"corpus.{form}", generate(count))
    for form in GROWING:
        write(folder / f"large.{form}", generate(count * TIMES, seed=1))
    return sum(len(row["dialogue"]) for row in generate(count))


def write(path: Path, rows: Iterator[Row]) -> None:
    """Write rows in the form that the name of the file tells."""
    if path.suffix == ".parquet":
        write_parquet(path, rows)
        return
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as stream:
        if path.suffix == ".json":
            json.dump(list(rows), stream, ensure_ascii=False)
        else:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_parquet(path: Path, rows: Iterator[Row]) -> None:
    """Write rows in groups of a thousand, as the hub does."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    group = list(islice(rows, 1000))
    first = pa.Table.from_pylist(group)
    with pq.ParquetWriter(path, first.schema) as writer:
        while group:
            writer.write_table(pa.Table.from_pylist(group, schema=first.schema))
            group = list(islice(rows, 1000))


# ---------------------------------------------------------------- the peer


def peer(path: Path) -> dict[str, int]:
    """Count strategies the way one would by hand."""
    from pydantic import BaseModel

    class Turn(BaseModel):
        speaker: str
        text: str
        strategy: str | None = None

    class Dialogue(BaseModel):
        dialogue: list[Turn]

    counts: Counter[str] = Counter()
    for row in rows_by_hand(path):
        counts.update(turn.strategy for turn in Dialogue.model_validate(row).dialogue if turn.strategy)
    return counts


def rows_by_hand(path: Path) -> Iterable[Row]:
    """The rows of a file: at once where the library does it so, else line by line."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        rows: list[Row] = pq.read_table(path).to_pylist()
        return rows
    if path.suffix == ".json":
        loaded: list[Row] = json.loads(path.read_text(encoding="utf-8"))
        return loaded
    return map(json.loads, lines(path))


def lines(path: Path) -> Iterator[str]:
    """The lines of a file, packed or not."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        yield from stream


if __name__ == "__main__":
    main()
