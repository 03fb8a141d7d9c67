"""``docs/hugging-face.md`` shows what works."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")

from csc_dspy.finetuning.huggingface import HFOptions
from csc_dspy.lm.local.engine import MOST_TOKENS

MANUAL = (Path(__file__).parents[3] / "docs" / "hugging-face.md").read_text(encoding="utf-8")


def test_the_example_trains(
    base: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    (tmp_path / "rows").symlink_to(data)
    monkeypatch.chdir(tmp_path)
    exec(code.replace("Qwen/Qwen3-0.6B", str(base)), {})
    estimate, model = capsys.readouterr().out.splitlines()
    assert "'rows': 10" in estimate
    assert model == re.findall(r"print\(trained\.model\)  # (.*)", code)[0]
    assert (tmp_path / "agent" / "adapter_model.safetensors").is_file()


def test_every_option_is_there_with_its_default() -> None:
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", MANUAL, re.MULTILINE)
    named = {name for names, _ in rows for name in re.findall(r"`(\w+)`", names)}
    assert {field.name for field in fields(HFOptions)} - {"chat_template"} <= named
    defaults = dict(rows)
    options = HFOptions()
    assert defaults["`max_length`"] == f"{options.max_length:,}"
    assert defaults["`rank`"] == str(options.rank)
    assert defaults["`learning_rate`"] == "2e-4, `full` 2e-5"
    assert defaults["`schedule`, `warmup`"] == f"`{options.schedule}`, {options.warmup}"
    assert defaults["`batch_size`, `accumulate`"] == f"{options.batch_size}, {options.accumulate}"
    assert f"at most {MOST_TOKENS:,} tokens" in MANUAL
