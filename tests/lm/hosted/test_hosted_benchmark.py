"""The benchmark of calls to hosted language models runs, and measures every way of calling."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_every_way_of_calling_is_measured(checkout: Path) -> None:
    small = ("--in-flight", "2,4", "--calls", "8", "--latency", "0.01", "--repeat", "1", "--no-litellm")
    process = subprocess.run(
        [sys.executable, "benchmarks/hosted.py", *small, "--json"],
        cwd=checkout,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)
    rows = report["rows"]
    assert {row["in_flight"] for row in rows} == {2, 4}
    names = [row["name"] for row in rows if row["in_flight"] == 2]
    assert {"bare aiohttp", "this engine, async", "this engine + DSPy, threads", "plain DSPy"} <= set(names)
    assert all(0 < row["share_of_ideal"] < 1.1 and row["cpu_ms_per_call"] > 0 for row in rows)
