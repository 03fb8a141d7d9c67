"""Exporting fine-tuning data: rows a second on one core, and memory, beside DSPy's own rendering of rows.

Run from the root of the checkout: ``python -m benchmarks.export``. The corpus is of the size of RoleCS
(11,232 dialogues, about 140,000 turns of the supporter), half Chinese and half English, in a JSON Lines file.
What is timed is everything from reading it to the folder that is complete. Next to it, in the same run, plain
``dspy.ChatAdapter().format_finetune_data`` renders questions that were made ready before, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import dspy

from benchmarks.corpus import generate
from csc_dspy.data import read
from csc_dspy.finetuning import export
from csc_dspy.programs import Options, create
from csc_dspy.programs.teaching import lessons, training_examples

ROLECS: Final = 11_232
WAYS: Final[dict[str, dict[str, Any]]] = {
    "as it is": {},
    "balance sqrt": {"balance": "sqrt"},
    "validation 0.05": {"validation": 0.05},
    "pairs of strategies": {"pairs": "other-strategy"},
}


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    way: str
    program: str
    rows: int
    seconds: float
    """CPU seconds of the process, which has one thread."""
    rows_per_second: float
    most_memory_mb: int
    """The highest of the process until then."""


def write_corpus(path: Path, count: int) -> None:
    """Dialogues for training alone, in the published form."""
    rows = (row for row in generate(count * 2) if row["id"].startswith("rolecs"))
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in islice(rows, count))


def measure(data: Path, folder: Path) -> Iterator[Result]:
    """Each way to export."""
    for way, options in WAYS.items():
        program = "response-writer" if "pairs" in options else "strategy-predictor"
        begun = time.process_time()
        made = export(program, train=data, out=folder / "out", **options)
        seconds = time.process_time() - begun
        rows = sum(made.rows.values())
        yield Result(way, program, rows, round(seconds, 2), round(rows / seconds), _memory())


def plain(data: Path, count: int) -> Result:
    """DSPy's own rendering of the rows of one language, and nothing else."""
    program = create("strategy-predictor", Options(language="zh"))
    examples = training_examples(program, islice(read(data, language="zh"), count))
    asked = [lesson for example in islice(examples, count) for lesson in lessons(program, example)]
    adapter, signature = dspy.ChatAdapter(), program.predict.signature
    begun = time.process_time()
    for each in asked:
        adapter.format_finetune_data(signature, [], dict(each.inputs), dict(each.outputs))
    seconds = time.process_time() - begun
    name = "dspy.ChatAdapter, rendering alone"
    return Result(name, program.name, len(asked), round(seconds, 2), round(len(asked) / seconds), _memory())


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dialogues", type=int, default=ROLECS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "learn.jsonl"
        write_corpus(data, options.dialogues)
        results = [*measure(data, Path(folder)), plain(data, 5000)]
    if options.json:
        print(json.dumps([asdict(each) for each in results], indent=2))
        return
    print("| way | program | rows | CPU s | rows/s | of DSPy's rendering | memory, MB |")
    print("|---|---|---|---|---|---|---|")
    for each in results:
        ratio = each.rows_per_second / results[-1].rows_per_second
        print(
            f"| {each.way} | {each.program} | {each.rows:,} | {each.seconds:.1f} "
            f"| {each.rows_per_second:,} | {ratio:.2f} | {each.most_memory_mb} |"
        )


if __name__ == "__main__":
    main()
