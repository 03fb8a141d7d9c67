"""Rows for TRL, taken up by TRL itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from csc_dspy.taxonomy import LANGUAGES, Language
from tests.finetuning.format_rows import row, write

pytest.importorskip("trl", reason="the extra train is not installed")

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, TrainingArguments
from trl.data_utils import is_conversational, maybe_apply_chat_template, maybe_extract_prompt

TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    """Of single bytes, with a chat template."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: place for place, letter in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=made)
    fast.chat_template = TEMPLATE
    return fast


def loaded(folder: Path) -> list[dict[str, Any]]:
    """The rows as `datasets` gives them to TRL."""
    return [*load_dataset("json", data_files=str(folder / "train.jsonl"), split="train")]


def as_text(messages: list[dict[str, str]]) -> str:
    return "".join(f"<{each['role']}>{each['content']}</s>" for each in messages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_answer_is_the_completion(
    language: Language, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    given = row(1, language)
    (example,) = loaded(write("trl", tmp_path, [given]))
    assert is_conversational(example)
    applied = maybe_apply_chat_template(example, tokenizer)
    assert applied == {
        "prompt": f"{as_text([*given.messages])}<assistant>",
        "completion": f"{given.answer}</s>",
    }
    ids = tokenizer(applied["prompt"] + applied["completion"])["input_ids"]
    assert tokenizer.decode(ids) == applied["prompt"] + applied["completion"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pairs(language: Language, tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    given = row(1, language, pair=True)
    (example,) = loaded(write("trl", tmp_path, [given], pairs=True))
    assert is_conversational(example)
    assert maybe_extract_prompt(example) == example
    assert maybe_apply_chat_template(example, tokenizer) == {
        "prompt": f"{as_text([*given.messages])}<assistant>",
        "chosen": f"{given.answer}</s>",
        "rejected": f"{given.rejected}</s>",
    }


# What the recipe sets and LLaMA-Factory has arguments of its own for, by its documentation.
OWN = {
    "model_name_or_path",
    "template",
    "stage",
    "mask_history",
    "finetuning_type",
    "lora_rank",
    "lora_target",
    "dataset_dir",
    "dataset",
    "eval_dataset",
    "cutoff_len",
}


@pytest.mark.parametrize("pairs", [False, True])
def test_all_else_in_the_recipe_is_for_the_trainer(pairs: bool, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    write("sharegpt", tmp_path, [row(pair=True)], [row(2, pair=True)], pairs=pairs)
    recipe = yaml.safe_load((tmp_path / "lora.yaml").read_text(encoding="utf-8"))
    own = OWN | ({"pref_loss", "pref_beta"} if pairs else set())
    left = {key: value for key, value in recipe.items() if key not in own}
    # The device of this machine is another matter.
    taken = TrainingArguments(**left | {"bf16": False, "output_dir": str(tmp_path / "lora")})
    assert json.dumps({key: getattr(taken, key) for key in ("learning_rate", "save_steps", "seed")}) == (
        json.dumps({key: recipe[key] for key in ("learning_rate", "save_steps", "seed")})
    )
