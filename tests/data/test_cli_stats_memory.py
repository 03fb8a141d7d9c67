"""``csc-dspy data stats`` needs no more memory for a larger corpus."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

DIALOGUES = 1500
MEGABYTES = 25


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Dialogues of 24 turns and about 3 kB, all of them different."""
    for number in range(count):
        turns = [
            {"speaker": "客服", "strategy": "策略7 信息传达", "text": f"编号{number}的第{turn}条说明，" * 6}
            if turn % 2 == 0
            else {"speaker": "客户", "strategy": "", "text": f"Question {turn} of {number}, please?"}
            for turn in range(24)
        ]
        yield {"source": "made", "topic": f"topic {number}", "dialogue": turns}


def write_json_lines(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(count))


def write_parquet(path: Path, count: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(list(rows(count)))
    pq.write_table(table, path, row_group_size=500)


MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
assert status == 0, status
print(usage.ru_maxrss)
"""


def peak_megabytes(source: Path) -> float:
    """The peak memory of a process that counts a file.

    A small process stands between, as a process begins with the peak of the one that starts it.
    """
    command = (sys.executable, "-m", "csc_dspy", "data", "stats", str(source), "--json")
    measured = (sys.executable, "-c", MEASURE, *command)
    done = subprocess.run(measured, check=True, capture_output=True, encoding="utf-8")
    return int(done.stdout) / (2**20 if sys.platform == "darwin" else 2**10)


@pytest.mark.parametrize("write", [write_json_lines, write_parquet])
def test_memory_does_not_grow(tmp_path: Path, write: Callable[[Path, int], None]) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    write(small, DIALOGUES)
    write(large, 4 * DIALOGUES)
    assert large.stat().st_size > 3 * small.stat().st_size
    assert peak_megabytes(large) - peak_megabytes(small) < MEGABYTES
