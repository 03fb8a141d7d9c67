"""What is wrong with rows, options and machines is said in one line, before anything is trained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.exceptions import ConfigError, DataError, LMError
from csc_dspy.finetuning.huggingface import HFOptions, dry_run, train
from csc_dspy.finetuning.huggingface.lessons import Lesson, find_data, read_lessons
from tests.finetuning.huggingface.material import write

USER = {"role": "user", "content": "我的包裹在哪里？"}
RIGHT = {"role": "assistant", "content": "非常抱歉。"}
WRONG = {"role": "assistant", "content": "No."}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [USER, RIGHT]},
        {"prompt": [USER], "completion": [RIGHT], "id": "1"},
    ],
)
def test_rows_of_answers(row: object, tmp_path: Path) -> None:
    assert [*read_lessons(write(tmp_path / "rows.jsonl", [row]))] == [Lesson([USER], "非常抱歉。")]


@pytest.mark.parametrize(
    "row",
    [
        {"input": {"messages": [USER]}, "preferred_output": [RIGHT], "non_preferred_output": [WRONG]},
        {"prompt": [USER], "chosen": [RIGHT], "rejected": [WRONG]},
    ],
)
def test_rows_of_pairs(row: object, tmp_path: Path) -> None:
    assert [*read_lessons(write(tmp_path / "rows.jsonl", [row]))] == [Lesson([USER], "非常抱歉。", "No.")]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "rows.jsonl: holds no rows"),
        (
            [{"messages": [USER, RIGHT]}, {"text": "x"}],
            "rows.jsonl:2: is no question with an answer in chat form",
        ),
        ([{"messages": [RIGHT]}], "rows.jsonl:1: is no question with an answer in chat form"),
        ([{"messages": [USER, USER]}], "rows.jsonl:1: is no question"),
        ([{"messages": [{"role": "tool", "content": "x"}, RIGHT]}], "rows.jsonl:1: is no question"),
        ([{"prompt": [USER], "chosen": [RIGHT], "rejected": []}], "rows.jsonl:1: is no question"),
        ([{"messages": [USER, {**RIGHT, "content": " "}]}], "rows.jsonl:1: the answer is empty"),
        (
            [{"messages": [USER, RIGHT]}, {"prompt": [USER], "chosen": [RIGHT], "rejected": [WRONG]}],
            "rows.jsonl:2: pairs and single answers are mixed",
        ),
    ],
)
def test_rows_that_are_none(rows: list[object], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(read_lessons(write(tmp_path / "rows.jsonl", rows)))
    assert str(caught.value).startswith(f"{tmp_path}/{said}")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file or folder"):
        find_data(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"has no train\.jsonl \(make the rows with csc-dspy export"):
        find_data(tmp_path)
    (tmp_path / "rows.jsonl").write_bytes(b"\xff\xfe\n")
    with pytest.raises(DataError, match="cannot be read"):
        list(read_lessons(tmp_path / "rows.jsonl"))
    (tmp_path / "rows.jsonl").write_text("{\n")
    with pytest.raises(DataError, match="1: is not JSON"):
        list(read_lessons(tmp_path / "rows.jsonl"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_size": 0}, "--batch-size: has to be at least 1"),
        ({"steps": 0}, "--steps: has to be at least 1"),
        ({"epochs": float("nan")}, "--epochs: has to be above 0"),
        ({"learning_rate": 0.0}, "--learning-rate: has to be between 0 and 1"),
        ({"warmup": 2.0}, "--warmup: has to be from 0 to 1"),
        ({"schedule": "stairs"}, "--schedule: has to be one of cosine, linear, constant"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HFOptions(**options)
    assert str(caught.value) == said


def test_rates_that_are_usual() -> None:
    assert (HFOptions().rate, HFOptions(full=True).rate) == (2e-4, 2e-5)
    assert HFOptions(learning_rate=1e-3).to_dict()["learning_rate"] == 1e-3


@pytest.mark.parametrize("library", ["torch", "transformers", "peft", "trl"])
def test_without_the_extra(library: str, tmp_path: Path) -> None:
    code = (
        "import sys, types\n"
        "for name in ('torch', 'transformers', 'peft', 'trl'):\n"
        f"    sys.modules[name] = None if name == {library!r} else types.ModuleType(name)\n"
        "from pathlib import Path\n"
        "from csc_dspy.exceptions import ConfigError\n"
        "from csc_dspy.finetuning.huggingface import HFOptions, dry_run, train\n"
        "for work in (lambda: train(Path('x'), 'm', Path('y'), HFOptions()),\n"
        "             lambda: dry_run(Path('x'), 'm', HFOptions())):\n"
        "    try: work()\n"
        "    except ConfigError as error: print(error)\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout
    line = f"--lm hf:m: needs the extra train: {library} is not installed (pip install 'csc-dspy[train]')\n"
    assert out == 2 * line


class TestWithTheExtra:
    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        pytest.importorskip("trl", reason="the extra train is not installed")
        pytest.importorskip("peft", reason="the extra train is not installed")

    def test_a_base_model_that_cannot_be_had(self, data: Path, tmp_path: Path) -> None:
        said = "--lm hf:owner/name: is neither a folder nor kept from the hub"
        with pytest.raises(ConfigError, match=said):
            train(data, "owner/name", tmp_path / "out")
        with pytest.raises(ConfigError, match=said):
            dry_run(data, "owner/name", HFOptions())
        assert not [*tmp_path.iterdir()]

    def test_rows_that_are_all_too_long(self, base: Path, data: Path, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"every row has more than 5 tokens; the shortest has \d+"):
            train(data, str(base), tmp_path / "out", HFOptions(max_length=5))
        assert not [*tmp_path.iterdir()]

    def test_memory_that_does_not_suffice(self) -> None:
        import torch

        from csc_dspy.finetuning.huggingface.trouble import told_in_one_line

        with (
            pytest.raises(LMError, match=r"the device's memory does not suffice \(lower --batch-size"),
            told_in_one_line("--lm hf:m", "out"),
        ):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        with pytest.raises(ZeroDivisionError), told_in_one_line("--lm hf:m", "out"):
            raise ZeroDivisionError
