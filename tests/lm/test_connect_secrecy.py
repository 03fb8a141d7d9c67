"""A planted key reaches the server it is for, and nothing else: no error, log, cache, state or output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.behaviours import fails
from tests.support.openai_server import LLMServer, running

ROOT = Path(__file__).parents[2]
KEY = "Planted-0123456789-secret"

PROGRAM = """
import asyncio, copy, pickle, sys, traceback
from pathlib import Path
import cloudpickle, dspy
from csc_dspy import logs
from csc_dspy.lm import CallError, connect, using

good, bad, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
file = Path(sys.argv[4]) if sys.argv[4] else None
logs.configure(2, folder / "log", log_content=True)

with using("openai/small", api_base=good, api_key_file=file, trace=True) as lm:
    program = dspy.Predict("turn -> reply")
    print(program(turn="Where is my parcel?"))
    print(lm("hello"), asyncio.run(lm.acall("bye")))
    program.save(folder / "program.json")
    print(repr(lm), vars(lm), repr(lm.engine), vars(lm.engine), vars(lm.engine.asynchronous))
    print([vars(layer) for layer in (lm.engine._inner, lm.engine._inner._inner)], lm.engine._inner._terms)
    print(lm.history, lm.inspect_history(n=5), lm.engine.budget.usage)
    lm.dump = [copy.deepcopy(lm), lm.copy(rollout_id=1)]
    program.set_lm(lm)
    stores = {
        "pickle": lambda: pickle.dumps(lm),
        "cloudpickle": lambda: cloudpickle.dumps(lm),
        "state": lambda: lm.dump_state(),
        "program": lambda: program.save(folder / "with-lm.json"),
    }
    for name, store in stores.items():
        try:
            stored = store()
        except Exception:
            traceback.print_exc()
        else:
            (folder / f"stored-{name}").write_bytes(repr(stored).encode())

for ask in (lambda lm: lm("hello"), lambda lm: asyncio.run(lm.acall("hello"))):
    with using("openai/small", api_base=bad, api_key_file=file) as lm:
        try:
            ask(lm)
        except Exception as error:
            traceback.print_exc()
            logs.logger.opt(exception=error).error("failed: {} {!r} {}", error, error, vars(error))
print("done")
"""


@pytest.mark.parametrize("from_file", [False, True])
def test_a_planted_key_is_found_nowhere(
    home: Path, llm_server: LLMServer, tmp_path: Path, from_file: bool
) -> None:
    llm_server.key = KEY
    (tmp_path / "out").mkdir()
    file = tmp_path / "key"
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    if from_file:
        file.write_text(f"{KEY}\n", encoding="utf-8")
    else:
        environ["OPENAI_API_KEY"] = KEY
    with running(LLMServer()) as refusing:
        refusing.usually(fails(401, f"Incorrect API key provided: {KEY}", "invalid_api_key"))
        ran = subprocess.run(
            [
                *(sys.executable, "-c", PROGRAM, llm_server.url, refusing.url),
                *(str(tmp_path / "out"), str(file) if from_file else ""),
            ],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
    assert ran.stdout.endswith("done\n"), ran.stderr
    assert {asked.headers["Authorization"] for asked in llm_server.requests} == {f"Bearer {KEY}"}
    written = [path for folder in (home, tmp_path / "out") for path in folder.rglob("*") if path.is_file()]
    assert {"log", "program.json"} <= {path.name for path in written}
    assert any(path.name == "cache.db" for path in written)
    seen = [ran.stdout.encode(), ran.stderr.encode(), *(path.read_bytes() for path in written)]
    assert not any(KEY.encode() in content for content in seen)
