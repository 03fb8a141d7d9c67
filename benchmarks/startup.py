"""How long starting takes: the bare interpreter, ``import csc_dspy``, and ``csc-dspy --help``.

Wall time of fresh processes, the median of several runs, taken in turns so that a slow moment of the machine
meets all of them alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "import csc_dspy": ("-c", "import csc_dspy"),
    "csc-dspy --help": ("-m", "csc_dspy", "--help"),
}
PEER = "python -c pass"


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description="How long starting takes.")
    parser.add_argument("--runs", type=int, default=10, help="runs of each command (default: 10)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    medians = measure(options.runs)
    table = {
        name: {"milliseconds": round(seconds * 1000, 1), "ratio": round(seconds / medians[PEER], 2)}
        for name, seconds in medians.items()
    }
    if options.json:
        print(json.dumps({"runs": options.runs, "peer": PEER, "commands": table}, indent=2))
        return
    print(f"{'command':<18}{'median':>10}{'ratio':>8}   ({options.runs} runs)")
    for name, row in table.items():
        print(f"{name:<18}{row['milliseconds']:>7.1f} ms{row['ratio']:>8.2f}")


def measure(runs: int) -> dict[str, float]:
    """Median seconds of each command, after one run that fills the caches."""
    for arguments in COMMANDS.values():
        seconds_of(arguments)
    rounds = [{name: seconds_of(arguments) for name, arguments in COMMANDS.items()} for _ in range(runs)]
    return {name: statistics.median(each[name] for each in rounds) for name in COMMANDS}


def seconds_of(arguments: tuple[str, ...]) -> float:
    """Wall time of one process, which has to succeed."""
    start = time.perf_counter()
    subprocess.run((sys.executable, *arguments), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
