"""A tiny model, and the same one when it has learned a few rows by heart; each made once a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from csc_dspy.finetuning.huggingface import Progress, Trained, train
from tests.finetuning.huggingface.material import QUICK, Taught, turns, write


@dataclass(frozen=True)
class Made:
    """A training that was done, and what was told of it."""

    trained: Trained
    told: list[Progress]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def taught() -> list[Taught]:
    return turns()


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, taught: list[Taught]) -> Path:
    """A Llama with random weights, whose tokenizer knows the prompts of the rows."""
    # Made before a test's own fixtures could skip it.
    torch = pytest.importorskip("torch", reason="the extra train is not installed")
    pytest.importorskip("trl", reason="the extra train is not installed")

    from tests.lm.local.tiny_models import save_chat_model

    # On processors that others use too, a second thread mostly waits.
    torch.set_num_threads(1)
    texts = [message["content"] for each in taught for message in each.row["messages"]]
    return save_chat_model(tmp_path_factory.mktemp("base") / "llama", texts)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, taught: list[Taught]) -> Path:
    """A folder as exports have it; what it is measured on is what it learns."""
    folder = tmp_path_factory.mktemp("data") / "export"
    write(folder / "train.jsonl", [each.row for each in taught])
    write(folder / "validation.jsonl", [each.row for each in taught[:3]])
    write(folder / "manifest.json", [{"program": "strategy-predictor", "fingerprint": "0a1b", "source": "x"}])
    return folder


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory, base: Path, data: Path) -> Made:
    """The model with all weights trained on the rows."""
    told: list[Progress] = []
    out = tmp_path_factory.mktemp("learned") / "agent"
    return Made(train(data, str(base), out, QUICK, told=told.append), told)
