"""The card of an export: as the hub, `datasets` and people read it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard

from csc_dspy.finetuning.card import card, command
from csc_dspy.finetuning.formats import FORMATS
from tests.finetuning.format_rows import row, write

MANIFEST: dict[str, Any] = {
    "format": 1,
    "kind": "fine-tuning data",
    "form": "openai",
    "pairs": False,
    "program": "strategy-predictor",
    "language": ["zh", "en"],
    "tasks": {"strategy": 1234},
    "taxonomy": {"id": "copc", "fingerprint": "c0ffee"},
    "source": "rolecs-sample",
    "fingerprint": "ab12cd",
    "options": {"validation": 0.1, "history_tokens": None, "demonstrations": False, "dedup": True},
    "rows": {"train": 1100, "validation": 134},
    "strategies": {"greeting": 1200, "others": 34},
    "lengths": {"counted_by": "an estimate", "median": 800.5, "longest": 1200},
    "left_out": {"empty response": 2, "over the token limit": 0},
    "files": {"README.md": "1", "train.jsonl": "2", "validation.jsonl": "3"},
}


def front_matter(text: str) -> dict[str, Any]:
    """What the hub reads."""
    read: dict[str, Any] = DatasetCard(text).data.to_dict()  # type: ignore[no-untyped-call]  # the library left it
    return read


def test_what_the_hub_reads() -> None:
    assert front_matter(card(MANIFEST)) == {
        "pretty_name": "Fine-tuning data for strategy-predictor",
        "language": ["zh", "en"],
        "license": "other",
        "task_categories": ["text-generation"],
        "size_categories": ["1K<n<10K"],
        "tags": ["csc-dspy", "dspy", "customer-support"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train.jsonl"},
                    {"split": "validation", "path": "validation.jsonl"},
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("rows", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (140_000, "100K<n<1M")],
)
def test_size(rows: int, category: str) -> None:
    assert front_matter(card({"rows": {"train": rows}}))["size_categories"] == [category]


def test_a_licence_that_is_given() -> None:
    text = card(MANIFEST | {"license": "cc-by-4.0"})
    assert front_matter(text)["license"] == "cc-by-4.0"
    assert "licence is not set" not in text
    assert "licence is not set" in card(MANIFEST)


@pytest.mark.parametrize("form", FORMATS)
def test_the_folder_loads_as_it_says(form: str, tmp_path: Path) -> None:
    write(form, tmp_path, [row(1), row(2, "en")], [row(3)])
    (tmp_path / "left_out.jsonl").write_text('{"id": "d4", "reason": "empty response"}\n', encoding="utf-8")
    manifest = {
        "rows": {"train": 2, "validation": 1},
        "files": {each.name: "" for each in tmp_path.iterdir()},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "README.md").write_text(card(manifest), encoding="utf-8")
    loaded = load_dataset(str(tmp_path))
    assert {part: rows.num_rows for part, rows in loaded.items()} == {"train": 2, "validation": 1}


@pytest.mark.parametrize(
    "line",
    [
        "| train | `train.jsonl` | 1,100 |",
        "| validation | `validation.jsonl` | 134 |",
        "| strategy | 1,234 |",
        "| `greeting` | Greeting | 礼貌问候 | 1,200 |",
        "| `others` | Others | 其它 | 34 |",
        "| counted by | an estimate |",
        "| median | 800.5 |",
        "| longest | 1,200 |",
        "| empty response | 2 |",
        "- source: `rolecs-sample`",
        "- fingerprint: `ab12cd`",
        "由 csc-dspy 的 `strategy-predictor` 程序从客户服务对话导出的微调数据。",
        "Every row is a question with the answer that is to be learned.",
    ],
)
def test_what_people_read(line: str) -> None:
    assert line in card(MANIFEST).splitlines()


def test_what_did_not_happen_is_not_told() -> None:
    assert "over the token limit" not in card(MANIFEST)
    assert "## What was left out\n\nNothing.\n" in card(MANIFEST | {"left_out": {}})


def test_the_command_makes_it_again() -> None:
    assert shlex.split(command(MANIFEST)) == [
        *("csc-dspy", "export", "strategy-predictor", "--train", "rolecs-sample", "--format", "openai"),
        *("--out", "DIR", "--validation", "0.1", "--no-demonstrations", "--dedup"),
    ]
    assert command({"source": "my calls.jsonl"}).count("'my calls.jsonl'") == 1
    assert command({"command": ["csc-dspy", "export", "a b"]}) == "csc-dspy export 'a b'"


def test_a_compiled_program_is_told_by_its_hash() -> None:
    text = card(MANIFEST | {"compiled": "5eed"})
    assert "$ csc-dspy export ARTIFACT --train rolecs-sample" in text
    assert "compiled `strategy-predictor`; the hash of its contents is `5eed`" in text
    assert "ARTIFACT" not in card(MANIFEST | {"compiled": None})


@pytest.mark.parametrize(
    ("source", "sample"),
    [
        ("rolecs-sample", True),
        ("rolecs-sample:train", True),
        ("csconv-sample:dev", True),
        ("calls.jsonl", False),
        ("hub:owner/rolecs-sample", False),
        (None, False),
    ],
)
def test_samples_are_called_samples(source: str | None, sample: bool) -> None:
    assert ("**These are samples.**" in card(MANIFEST | {"source": source})) is sample


def test_pairs() -> None:
    text = card(MANIFEST | {"pairs": True})
    assert "preference" in front_matter(text)["tags"]
    assert "Every row is a question with a better and a worse answer, for preference training." in text


def test_strategies_of_another_taxonomy() -> None:
    text = card(MANIFEST | {"taxonomy": {"id": "mine"}, "strategies": {"greeting": 3, "a|b\nc": 1}})
    assert "| `greeting` | – | – | 3 |" in text
    assert "| `a\\|b c` | – | – | 1 |" in text


@pytest.mark.parametrize("missing", [*MANIFEST, None])
def test_keys_may_be_missing(missing: str | None) -> None:
    manifest = {key: value for key, value in MANIFEST.items() if missing is not None and key != missing}
    text = card(manifest)
    assert front_matter(text)["task_categories"] == ["text-generation"]
    assert text.endswith("\n")
    assert not any(word in text for word in ("None", "\n\n\n", "{}"))


@pytest.mark.parametrize("spoken", ["en", ["en"]])
def test_one_language(spoken: str | list[str]) -> None:
    text = card(MANIFEST | {"language": spoken})
    assert front_matter(text)["language"] == ["en"]
    assert "conversations in English, as" in text
    assert "微调数据" not in text
