"""A training that was killed or interrupted goes on from its last checkpoint, in real processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")

from csc_dspy.exceptions import ConfigError, OutputError
from csc_dspy.finetuning.huggingface import train
from csc_dspy.finetuning.huggingface.run import run_folder
from tests.finetuning.huggingface.material import QUICK

STEPS = 16
OPTIONS = replace(QUICK, full=False, steps=STEPS, save_every=4)
CODE = """
import resource, sys
from pathlib import Path
from csc_dspy.exceptions import CSCError
from csc_dspy.finetuning.huggingface import HFOptions, train
data, base, out, pause, room = sys.argv[1:]
if int(room):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
options = HFOptions(steps=16, batch_size=4, accumulate=1, learning_rate=5e-3, max_length=2_000, save_every=4)
def told(progress):
    print(progress.step, file=sys.__stdout__, flush=True)
    if progress.step == int(pause):
        sys.stdin.read()
try:
    train(Path(data), base, Path(out), options, told=told)
except CSCError as error:
    print(error)
"""


def begun(data: Path, base: Path, out: Path, *, pause: int = 0, room: int = 0) -> subprocess.Popen[str]:
    """A process that trains, and at a step waits for what is to come."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE, data, base, out, str(pause), str(room)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def stopped(process: subprocess.Popen[str], step: int, number: signal.Signals) -> str:
    """Send a signal when that step is done; what was said on stderr."""
    assert process.stdout
    for line in process.stdout:
        if line.strip() == str(step):
            break
    else:
        pytest.fail(process.communicate()[1])
    time.sleep(0.1)
    process.send_signal(number)
    return process.communicate(timeout=60)[1]


def test_after_a_kill_it_ends_as_if_there_had_been_none(data: Path, base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    whole, out = tmp_path / "whole", tmp_path / "out"
    expected = train(data, str(base), whole, OPTIONS)
    stopped(begun(data, base, out, pause=10), 10, signal.SIGKILL)
    assert not out.exists()
    kept = run_folder(out) / "checkpoints"
    assert sorted(path.name for path in kept.glob("checkpoint-*")) == ["checkpoint-4", "checkpoint-8"]
    # As a kill leaves one that it cuts short.
    shutil.copytree(kept / "checkpoint-8", kept / "checkpoint-9")
    (kept / "checkpoint-9" / "trainer_state.json").unlink()
    with pytest.raises(ConfigError, match=r"was not finished \(go on with --resume, or delete .*\.out\.run"):
        train(data, str(base), out, OPTIONS)
    with pytest.raises(ConfigError, match="belongs to a run with another options"):
        train(data, str(base), out, replace(OPTIONS, seed=1), resume=True)
    told: list[int] = []
    trained = train(data, str(base), out, OPTIONS, resume=True, told=lambda each: told.append(each.step))
    assert told == [*range(9, STEPS + 1)]
    assert trained.steps == expected.steps == STEPS
    assert [*trained.losses] == [*expected.losses]
    assert not run_folder(out).exists()
    ours, theirs = (load_file(each / "adapter_model.safetensors") for each in (out, whole))
    for name, weight in ours.items():
        assert weight.allclose(theirs[name], atol=1e-4), name
    # Once more, when it has become a model.
    assert train(data, str(base), out, OPTIONS, resume=True) == trained


def test_an_interrupt_can_be_resumed(data: Path, base: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = stopped(begun(data, base, out, pause=5), 5, signal.SIGINT)
    assert "KeyboardInterrupt" in said
    assert not out.exists()
    told: list[int] = []
    train(data, str(base), out, OPTIONS, resume=True, told=lambda each: told.append(each.step))
    assert told[0] == 5


def test_a_full_disk_leaves_nothing_half_written(data: Path, base: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = begun(data, base, out, room=200_000)
    said, errors = process.communicate(timeout=60)
    *_, line = said.splitlines()
    assert line.startswith(f"{out}: cannot be written: "), errors
    assert line.endswith("(free some space, then go on with --resume)")
    assert not out.exists()


def test_what_cannot_be_written_at_all(data: Path, base: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"cannot be written: Not a directory \(name another folder"):
        train(data, str(base), tmp_path / "file" / "out", OPTIONS)
