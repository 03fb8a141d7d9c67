"""A dry run says what a training takes, and loads nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")

from csc_dspy.finetuning.huggingface import HFOptions, dry_run
from csc_dspy.finetuning.huggingface.estimate import memory, steps
from csc_dspy.finetuning.huggingface.sizes import Sizes
from csc_dspy.finetuning.huggingface.tokens import Lengths
from tests.finetuning.huggingface.conftest import Made
from tests.finetuning.huggingface.material import QUICK


def test_it_counts_what_a_training_has(learned: Made, base: Path, data: Path) -> None:
    from safetensors.torch import load_file

    found = dry_run(data, str(base), QUICK)
    numbers = sum(weight.numel() for weight in load_file(base / "model.safetensors").values())
    assert found.parameters == found.trainable == numbers
    assert (found.lengths.rows, found.lengths.total) == (learned.trained.rows, learned.trained.tokens)
    assert found.steps == learned.trained.steps
    assert found.fits
    assert json.loads(json.dumps(found.to_dict()))["rows"] == 10


def test_an_adapter_is_counted_apart_and_weights_need_not_be_there(
    base: Path, data: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in base.iterdir():
        if file.suffix != ".safetensors":
            (bare / file.name).write_bytes(file.read_bytes())
    whole = dry_run(data, str(bare), QUICK).parameters
    found = dry_run(data, str(bare), replace(QUICK, full=False, rank=4))
    # Of each layer: what reads and writes 64 and 32 for attention, and 128 between.
    shapes = [(64, 64), (64, 32), (64, 32), (64, 64), (64, 128), (64, 128), (128, 64)]
    assert found.trainable == 2 * sum(4 * (wide + narrow) for wide, narrow in shapes)
    assert found.parameters == whole + found.trainable
    assert found.memory["optimizer"] == 8 * found.trainable


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        (100, HFOptions(batch_size=4, accumulate=4, epochs=1), 7),
        (100, HFOptions(batch_size=4, accumulate=4, epochs=3), 21),
        (1, HFOptions(epochs=0.5), 1),
        (100, HFOptions(steps=5), 5),
    ],
)
def test_steps(rows: int, options: HFOptions, expected: int) -> None:
    assert steps(rows, options) == expected


def test_memory_by_hand() -> None:
    lengths = Lengths(rows=9, pairs=False, left_out=0, total=90, learned=9, min=5, median=10, p95=10, max=10)
    sizes = Sizes(parameters=1_000, trainable=100, layers=2, width=8, words=50)
    options = HFOptions(batch_size=2)
    found = memory(lengths, sizes, options, halves=True)
    assert found == {
        "weights": 900 * 2 + 100 * 4,
        "gradients": 400,
        "optimizer": 800,
        "activations": 20 * (2 * 8 * 24 * 2 + 50 * 3 * 4),
    }
    less = memory(lengths, sizes, replace(options, gradient_checkpointing=True), halves=True)
    assert less["activations"] < found["activations"]
    pairs = memory(replace(lengths, pairs=True), sizes, options, halves=True)
    assert pairs["activations"] == 2 * found["activations"]
