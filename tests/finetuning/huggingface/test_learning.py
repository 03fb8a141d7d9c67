"""Rows are learned by heart, and the model then answers through our programs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")

from csc_dspy.exceptions import ConfigError, OutputError
from csc_dspy.finetuning.huggingface import Trained, train
from csc_dspy.finetuning.huggingface.options import HFOptions
from csc_dspy.finetuning.huggingface.tokens import NOT_LEARNED, token_rows
from csc_dspy.lm import using
from csc_dspy.lm.calling import request_for
from csc_dspy.lm.local.chat import Chat
from csc_dspy.lm.local.checkpoints import find_checkpoint
from csc_dspy.lm.local.engine import messages_of
from csc_dspy.lm.local.loading import load_tokenizer
from csc_dspy.programs import Options, create
from tests.finetuning.huggingface.conftest import Made
from tests.finetuning.huggingface.material import QUICK, Taught, rotated, write

ADAPTER = replace(QUICK, full=False, learning_rate=1e-2, steps=60)


def answers(model: str, taught: list[Taught], **options: Any) -> list[Any]:  # noqa: ANN401  those of connect
    with using(model, cache=False, **options):
        programs = {each.language: create("strategy-predictor", _options(each)) for each in taught}
        return [programs[each.language](**each.inputs) for each in taught]


def _options(each: Taught) -> Options:
    return Options(language=each.language)  # type: ignore[arg-type]


def test_a_program_answers_what_the_rows_say(learned: Made, taught: list[Taught]) -> None:
    found = answers(learned.trained.model, taught)
    assert [each.strategy.id for each in found] == [each.strategy for each in taught]


def test_labels_are_as_likely_as_the_model_thinks(learned: Made, taught: list[Taught]) -> None:
    for found, each in zip(answers(learned.trained.model, taught, logprobs=True), taught, strict=True):
        probabilities = found.strategy_probabilities
        assert sum(probabilities.values()) == pytest.approx(1)
        assert probabilities[each.strategy] > 0.9


def test_the_loss_falls_and_is_told(learned: Made) -> None:
    losses = [*learned.trained.losses.values()]
    assert losses[0] > 1
    assert losses[-1] < 0.1
    assert [each.step for each in learned.told] == [*range(1, 61)]
    assert {each.steps for each in learned.told} == {60}
    assert learned.told[-1].loss is not None
    # Rows that were learned by heart.
    assert learned.trained.validation_loss is not None
    assert learned.trained.validation_loss < 0.1


def test_the_folder_says_how_it_was_made(learned: Made, base: Path, data: Path) -> None:
    out = learned.trained.out
    manifest = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert {path.name for path in out.iterdir()} == {*manifest["files"], "training.json"}
    assert not [
        path for path in out.iterdir() if path.suffix not in {".json", ".jinja", ".md", ".safetensors"}
    ]
    assert not [*out.parent.glob(".*")]
    assert (manifest["format"], manifest["kind"], manifest["model"]) == (1, "training", "hf:agent")
    assert (manifest["rows"], manifest["steps"], manifest["base"]) == (10, 60, "llama")
    assert manifest["data"]["program"] == "strategy-predictor"
    assert manifest["options"]["learning_rate"] == 5e-3
    for place in (base.parent, data.parent):
        assert str(place) not in json.dumps(manifest)
    assert Trained.read(out, learned.trained.model) == learned.trained


def test_an_adapter_is_learned_on_a_base_that_stays(
    learned: Made, taught: list[Taught], data: Path, tmp_path: Path
) -> None:
    others = rotated(taught)
    write(tmp_path / "rows.jsonl", [each.row for each in others])
    base = learned.trained.out
    before = find_checkpoint(str(base), "base").identity
    trained = train(tmp_path / "rows.jsonl", str(base), tmp_path / "adapter", ADAPTER)
    assert (tmp_path / "adapter" / "adapter_model.safetensors").stat().st_size < 1_000_000
    assert trained.validation_loss is None
    found = answers(trained.model, taught)
    assert [each.strategy.id for each in found] == [each.strategy for each in others]
    assert find_checkpoint(str(base), "base").identity == before
    with pytest.raises(ConfigError, match=r"is an adapter already \(name its base model\)"):
        train(data, str(tmp_path / "adapter"), tmp_path / "second", ADAPTER)


def test_what_is_learned_is_what_is_asked_token_for_token(
    learned: Made, taught: list[Taught], data: Path
) -> None:
    tokenizer = load_tokenizer(find_checkpoint(str(learned.trained.out), "model"))
    chat = Chat(tokenizer, "model")
    with using(learned.trained.model) as lm:
        for row, each in zip(token_rows(data / "train.jsonl", chat), taught, strict=True):
            *asked, answer = each.row["messages"]
            request = request_for(lm, {}, asked, 0)
            assert row.prompt == chat.question(messages_of(request))
            assert tokenizer.decode(row.answer) == f"{answer['content']}<|im_end|>\n"
            columns = row.columns()
            assert columns["input_ids"] == row.prompt + row.answer
            assert columns["labels"] == [NOT_LEARNED] * len(row.prompt) + row.answer


def test_rows_that_are_too_long_are_left_out_and_counted(base: Path, data: Path, tmp_path: Path) -> None:
    chat = Chat(load_tokenizer(find_checkpoint(str(base), "model")), "model")
    lengths = sorted(row.length for row in token_rows(data / "train.jsonl", chat))
    options = HFOptions(
        steps=1, batch_size=2, accumulate=1, max_length=lengths[-2], gradient_checkpointing=True
    )
    trained = train(data / "train.jsonl", str(base), tmp_path / "out", options)
    kept = [length for length in lengths if length <= lengths[-2]]
    assert 0 < len(kept) < 10
    assert (trained.rows, trained.tokens) == (len(kept), sum(kept))
    assert trained.left_out == {f"longer than {lengths[-2]} tokens": 10 - len(kept)}


def test_a_chat_template_may_be_given(base: Path, data: Path, taught: list[Taught], tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(base, bare)
    (bare / "chat_template.jinja").unlink()
    once = HFOptions(steps=1, batch_size=1, accumulate=1)
    with pytest.raises(ConfigError, match=r"its tokenizer has no chat template .* --chat-template FILE"):
        train(data, str(bare), tmp_path / "out", once)
    assert not [*tmp_path.glob(".*"), *tmp_path.glob("out")]
    template = base / "chat_template.jinja"
    trained = train(data, str(bare), tmp_path / "out", replace(once, chat_template=template))
    chat = Chat(load_tokenizer(find_checkpoint(str(trained.out), "out")), "out")
    asked = taught[0].row["messages"][:-1]
    assert chat.question(asked) == Chat(load_tokenizer(find_checkpoint(str(base), "base")), "base").question(
        asked
    )


def test_a_folder_of_something_else_is_not_replaced(base: Path, data: Path, tmp_path: Path) -> None:
    write(tmp_path / "out" / "thesis.txt", ["dear"])
    with pytest.raises(OutputError, match="holds something else than a trained model, and is not replaced"):
        train(data, str(base), tmp_path / "out", QUICK)
