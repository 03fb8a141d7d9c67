"""A role play against a bad server, killed again and again, beside one that nothing happens to.

The server throttles, fails, answers nonsense and hangs; what it says otherwise follows from the question.
The process is killed (SIGKILL) at random moments and gone on with by ``--resume``. In the end the corpus has
to be the same to the last byte.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.roleplay.playing_pupil import PlayingPupil
from tests.support.behaviours import Behaviour, Mixture, fails, hangs, says, throttles
from tests.support.openai_server import LLMServer, running

ROOT = Path(__file__).resolve().parents[1]
FAULTS: list[tuple[Behaviour, float]] = [
    (throttles("0"), 0.10),
    (fails(500), 0.05),
    # Without any marker it could be taken for what somebody says.
    (says("[[ ## nothing ## ]]\nI cannot tell."), 0.05),
    (hangs(), 0.02),
]


def main() -> None:
    """Play it both ways, and compare."""
    options = _options()
    rng = random.Random(options.seed)
    pupil = PlayingPupil(leaves_after=options.turns)
    with running(LLMServer(record=False)) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server.usually(pupil.behaviour())
        calm = _finished(_begun(server, folder / "calm", options.dialogues))
        server.usually(Mixture([*FAULTS, (pupil.behaviour(latency=0.02), 1.0)], options.seed))
        journal = folder / ".killed.journal"
        kills = 0
        while kills < options.kills:
            process = _begun(server, folder / "killed", options.dialogues)
            grown = _size(journal)
            time.sleep(0.5)
            while process.poll() is None and _size(journal) - grown < rng.randrange(20_000, 120_000):
                time.sleep(0.01)
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            kills += 1
        killed = _finished(_begun(server, folder / "killed", options.dialogues))
        same = all(
            (folder / "calm" / file).read_bytes() == (folder / "killed" / file).read_bytes()
            for file in ("roleplay.jsonl", "rejected.jsonl", "failed.jsonl")
        )
    print(json.dumps({"kills": kills, "same": same, "undisturbed": calm, "killed": killed}, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A role play that is killed again and again.")
    parser.add_argument("--dialogues", type=int, default=200, help="dialogues (default: 200)")
    parser.add_argument(
        "--turns", type=int, default=12, help="turns after which customers leave (default: 12)"
    )
    parser.add_argument("--kills", type=int, default=20, help="kills (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="of kills and faults (default: 0)")
    return parser.parse_args()


def _begun(server: LLMServer, out: Path, dialogues: int) -> subprocess.Popen[str]:
    asked = ("--count", str(dialogues), "--language", "en", "--fast", "--out", str(out), "--resume")
    at = ("--lm", "openai/test", "--api-base", server.url, "--no-cache", "--timeout", "1")
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "csc_dspy",
            "roleplay",
            *asked,
            *at,
            "--concurrency",
            "64",
            "--json",
            "--quiet",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "OPENAI_API_KEY": "none"},
    )


def _finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, said = process.communicate()
    if not out:
        raise SystemExit(said)
    told = json.loads(out)
    return {key: told[key] for key in ("made", "kept", "rejected", "failed", "calls", "seconds")}


def _size(journal: Path) -> int:
    return journal.stat().st_size if journal.exists() else 0


if __name__ == "__main__":
    main()
