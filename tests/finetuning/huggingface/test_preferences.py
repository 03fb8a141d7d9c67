"""Pairs of answers: after training the better one is likelier than the worse one, more than before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")

from csc_dspy.finetuning.huggingface import train
from csc_dspy.lm import using
from csc_dspy.programs import Options, create
from tests.finetuning.huggingface.conftest import Made
from tests.finetuning.huggingface.material import QUICK, Taught, rotated, write


def test_the_better_answer_wins(learned: Made, taught: list[Taught], tmp_path: Path) -> None:
    rows = [
        {
            "input": {"messages": each.row["messages"][:-1]},
            "preferred_output": other.row["messages"][-1:],
            "non_preferred_output": each.row["messages"][-1:],
        }
        for each, other in zip(taught, rotated(taught), strict=True)
    ]
    data = write(tmp_path / "pairs.jsonl", rows)
    options = replace(QUICK, full=False, steps=30, learning_rate=1e-2)
    trained = train(data, str(learned.trained.out), tmp_path / "out", options)
    losses = [*trained.losses.values()]
    # A coin's, before anything is learned.
    assert losses[0] == pytest.approx(0.6931, abs=0.01)
    assert losses[-1] < 0.3
    before, after = likely(learned.trained.model, taught), likely(trained.model, taught)
    for each, first, then in zip(taught, before, after, strict=True):
        assert then[each.strategy] < first[each.strategy]


def likely(model: str, taught: list[Taught]) -> list[dict[str, float]]:
    with using(model, cache=False, logprobs=True):
        return [
            create("strategy-predictor", Options(language=each.language))(  # type: ignore[arg-type]
                **each.inputs
            ).strategy_probabilities
            for each in taught
        ]
