"""Conversational rows for TRL, as `datasets` loads them."""

from __future__ import annotations

from pathlib import Path

from datasets import load_dataset

from csc_dspy.taxonomy import LANGUAGES
from tests.finetuning.format_rows import ANSWER, ASKED, SYSTEM, WORSE, row, said, write


def test_prompt_and_completion(tmp_path: Path) -> None:
    folder = write("trl", tmp_path, [row(1), row(2, "en", shown=False)], [row(3, "en")])
    files = {part: str(folder / f"{part}.jsonl") for part in ("train", "validation")}
    loaded = load_dataset("json", data_files=files)
    assert {part: rows.num_rows for part, rows in loaded.items()} == {"train": 2, "validation": 1}
    assert [*loaded["train"]] == [
        {"prompt": [*row(1).messages], "completion": [said("assistant", ANSWER["zh"])]},
        {
            "prompt": [said("system", SYSTEM["en"]), said("user", f"{ASKED['en']}2")],
            "completion": [said("assistant", ANSWER["en"])],
        },
    ]


def test_pairs(tmp_path: Path) -> None:
    folder = write("trl", tmp_path, [row(1, pair=True), row(2, "en", pair=True)], pairs=True)
    loaded = load_dataset("json", data_files=str(folder / "train.jsonl"), split="train")
    assert [*loaded] == [
        {
            "prompt": [*row(number, language).messages],
            "chosen": [said("assistant", ANSWER[language])],
            "rejected": [said("assistant", WORSE[language])],
        }
        for number, language in enumerate(LANGUAGES, 1)
    ]
