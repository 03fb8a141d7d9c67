"""A model that cannot be had is told in one line, and pickled weights are not touched."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.taxonomy import LANGUAGES

pytest.importorskip("torch", reason="the extra neural is not installed")
pytest.importorskip("transformers", reason="the extra neural is not installed")

from csc_dspy.metrics.neural import BertScore, Encoder, neural_metrics


@pytest.fixture
def copy(encoder: Path, tmp_path: Path) -> Path:
    """A model to take something away from."""
    return Path(shutil.copytree(encoder, tmp_path / "copy"))


def problem(model: str | Path) -> str:
    with pytest.raises(ConfigError) as caught:
        BertScore(dict.fromkeys(LANGUAGES, Encoder(str(model)))).prepare(["zh"])
    message = str(caught.value)
    assert message.startswith(f"{model}: ")
    assert "\n" not in message
    return message


class Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return Path.mkdir, (self.trace,)  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt"])
def test_pickled_weights_are_refused(copy: Path, tmp_path: Path, name: str) -> None:
    (copy / "model.safetensors").unlink()
    (copy / name).write_bytes(pickle.dumps(Trap(tmp_path / "trace")))
    message = problem(copy)
    assert "its weights are pickled, and loading those could run code" in message
    assert (
        "set CSC_DSPY_BERTSCORE_MODEL_ZH to a folder, or a revision on the hub, with weights as s" in message
    )
    assert not (tmp_path / "trace").exists()


def test_pickled_weights_beside_others_are_not_read(copy: Path, tmp_path: Path) -> None:
    (copy / "pytorch_model.bin").write_bytes(pickle.dumps(Trap(tmp_path / "trace")))
    BertScore(dict.fromkeys(LANGUAGES, Encoder(str(copy)))).prepare()
    assert not (tmp_path / "trace").exists()


def test_code_beside_a_model_is_not_run(copy: Path, tmp_path: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    (copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (copy / "own.py").write_text(
        f"open({str(tmp_path / 'trace')!r}, 'w')\nclass Own: pass\n", encoding="utf-8"
    )
    assert "cannot be loaded: ValueError" in problem(copy)
    assert not (tmp_path / "trace").exists()


def test_a_folder_without_weights(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    assert ": has no weights (set CSC_DSPY_BERTSCORE_MODEL_ZH" in problem(copy)


def test_a_folder_without_a_tokenizer(copy: Path) -> None:
    for path in copy.glob("tokenizer*"):
        path.unlink()
    assert ": has no tokenizer (save it beside the model, as tokenizer.json or vocab.txt)" in problem(copy)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    assert "is no model: it has no config.json (check CSC_DSPY_BERTSCORE_MODEL_ZH)" in problem(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_configuration_that_is_none(copy: Path, content: str) -> None:
    (copy / "config.json").write_text(content, encoding="utf-8")
    assert ": its config.json " in problem(copy)


def test_a_configuration_of_something_else(copy: Path) -> None:
    (copy / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    assert "its config.json tells no num_hidden_layers" in problem(copy)


def test_weights_cut_off(copy: Path) -> None:
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert ": cannot be loaded: SafetensorError: " in problem(copy)


def test_weights_of_another_shape(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps(config | {"intermediate_size": 40}), encoding="utf-8")
    message = problem(copy)
    assert "cannot be loaded: " in message or "weights are not those of a BertModel" in message


def test_a_tokenizer_that_is_none(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert ": cannot be loaded: " in problem(copy)


@pytest.mark.parametrize("name", ["no/such-model", "no-such-model", "no/such-model@refs/pr/1"])
def test_a_model_of_the_hub_without_a_network(name: str) -> None:
    message = problem(name)
    assert "is neither a folder nor kept from the hub, and the hub cannot be asked" in message
    assert "set CSC_DSPY_BERTSCORE_MODEL_ZH to its folder" in message


@pytest.mark.parametrize("name", ["/no/such/folder", "./nowhere/model", "~/nowhere/at/all"])
def test_a_folder_that_is_not_there(name: str) -> None:
    assert problem(name).endswith(": is neither a folder nor the name of a model on the hub")


def test_both_metrics_by_the_environment(encoder: Path, judge: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSC_DSPY_BERTSCORE_MODEL", str(encoder))
    monkeypatch.setenv("CSC_DSPY_BLEURT_MODEL", str(judge))
    assert [metric.name for metric in neural_metrics(LANGUAGES)] == ["BS", "BR"]
    monkeypatch.setenv("CSC_DSPY_BLEURT_MODEL_EN", str(encoder))
    neural_metrics(["zh"])
    with pytest.raises(ConfigError, match=r"weights are not those of"):
        neural_metrics(["en"])
    # Without languages nothing is loaded yet.
    assert len(neural_metrics()) == 2
