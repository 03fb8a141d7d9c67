"""Which folders are models, and what is said of those that are none; no library is needed for that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm import connect
from csc_dspy.lm.local import find_checkpoint
from csc_dspy.lm.specs import route


def model(folder: Path, *, config: str = "config.json", weights: str = "model.safetensors") -> Path:
    folder.mkdir()
    (folder / config).write_text("{}")
    (folder / weights).write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    return folder


def adapter(folder: Path, base: str, *, trained_on: str | None = None) -> Path:
    model(folder, config="adapter_config.json", weights="adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    if trained_on is not None:
        (folder / "training.json").write_text(json.dumps({"base_identity": trained_on}))
    return folder


def test_a_spec_leads_to_a_folder_or_a_name() -> None:
    for name in ("/srv/models/agent", "../agent", "agent", "owner/name", "owner/name@abc"):
        way = route(f"hf:{name}", None, {})
        assert (way.kind, way.provider, way.model, way.local) == ("local", "hf", name, True)
        assert way.prefix + way.model == way.spec == f"hf:{name}"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("hf:", "--lm hf:: names no model (write hf:FOLDER or hf:OWNER/NAME)"),
        ("hf:./nowhere", "--lm hf:./nowhere: there is no such folder (name the folder of a model)"),
        ("hf:no name", "--lm hf:no name: is neither a folder nor the name of a model on the hub"),
        (
            "hf:owner/name",
            (
                "--lm hf:owner/name: is neither a folder nor kept from the hub, and the hub cannot be asked "
                "(download the model where there is a network, and name its folder)"
            ),
        ),
    ],
)
def test_what_leads_nowhere(spec: str, said: str) -> None:
    if spec != "hf:":
        pytest.importorskip("torch", reason="the extra train is not installed")
        pytest.importorskip("transformers", reason="the extra train is not installed")
    with pytest.raises(ConfigError) as caught:
        connect(spec)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("without", "added", "said"),
    [
        ("config.json", None, "is no model: it has neither config.json nor adapter_config.json"),
        ("model.safetensors", None, "has no weights"),
        (
            "model.safetensors",
            "pytorch_model.bin",
            "its weights are pickled, and loading those could run code",
        ),
        ("tokenizer.json", None, "has no tokenizer (save it beside the model, as tokenizer.json)"),
    ],
)
def test_what_is_missing(without: str, added: str | None, said: str, tmp_path: Path) -> None:
    folder = model(tmp_path / "model")
    (folder / without).unlink()
    if added:
        (folder / added).write_bytes(b"pickled")
    with pytest.raises(ConfigError) as caught:
        find_checkpoint(str(folder), "here")
    assert str(caught.value).startswith(f"here: {said}")


def test_an_adapter_finds_its_base(tmp_path: Path) -> None:
    base = model(tmp_path / "base")
    found = find_checkpoint(str(adapter(tmp_path / "agent", str(base))), "here")
    assert (found.folder, found.adapter) == (base, tmp_path / "agent")
    # Both moved together.
    tmp_path.joinpath("elsewhere").mkdir()
    for name in ("base", "agent"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    moved = find_checkpoint(f"{tmp_path}/elsewhere/agent", "here")
    assert moved.folder == tmp_path / "elsewhere" / "base"
    assert moved.identity == found.identity


def test_a_base_that_is_gone_or_another(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "agent", str(tmp_path / "base"))
    with pytest.raises(ConfigError, match="here, its base model base: there is no such folder"):
        find_checkpoint(str(folder), "here")
    identity = find_checkpoint(str(model(tmp_path / "base")), "here").identity
    tuned = str(adapter(tmp_path / "tuned", str(tmp_path / "base"), trained_on=identity))
    assert find_checkpoint(tuned, "here").identity.endswith(identity)
    (tmp_path / "base" / "model.safetensors").write_bytes(b"others")
    with pytest.raises(ConfigError, match="its base model is not the one that it was trained on"):
        find_checkpoint(tuned, "here")


def test_an_adapter_on_an_adapter(tmp_path: Path) -> None:
    first = adapter(tmp_path / "first", str(model(tmp_path / "base")))
    with pytest.raises(ConfigError, match="is an adapter on an adapter"):
        find_checkpoint(str(adapter(tmp_path / "second", str(first))), "here")


def test_the_identity_is_that_of_what_is_in_the_files(tmp_path: Path) -> None:
    folder = model(tmp_path / "model")
    identity = find_checkpoint(str(folder), "here").identity
    (folder / "training.json").write_text("{}")
    (folder / "model.safetensors").touch()
    assert find_checkpoint(str(folder), "here").identity == identity
    # Larger than what is read of it, and changed at its very end.
    with (folder / "model.safetensors").open("r+b") as stream:
        stream.truncate(70 * 2**20)
    large = find_checkpoint(str(folder), "here").identity
    with (folder / "model.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"!")
    assert len({identity, large, find_checkpoint(str(folder), "here").identity}) == 3


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_without_the_extra_it_says_what_to_install(library: str, tmp_path: Path) -> None:
    folder = model(tmp_path / "model")
    other = {"torch": "transformers", "transformers": "torch"}[library]
    code = (
        "import sys, types\n"
        f"sys.modules[{library!r}] = None\n"
        f"sys.modules[{other!r}] = types.ModuleType('x')\n"
        "from csc_dspy.exceptions import ConfigError\n"
        "from csc_dspy.lm import connect\n"
        f"try: connect({f'hf:{folder}'!r})\n"
        "except ConfigError as error: print(error)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    reason = f"needs the extra train: {library} is not installed (pip install 'csc-dspy[train]')"
    assert out == f"--lm hf:{folder}: {reason}\n"


def test_nothing_of_it_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys, csc_dspy.lm.local, csc_dspy.finetuning.huggingface\n"
        "print({'torch', 'transformers', 'peft', 'trl', 'datasets', 'pyarrow'} & sys.modules.keys())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "set()\n"
