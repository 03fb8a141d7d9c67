"""The files for LLaMA-Factory, read by the rules of its documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # its types come in a package of their own

from csc_dspy.exceptions import DataError
from csc_dspy.finetuning._base import Row
from tests.finetuning.format_rows import lines, row, said, write

FORMS = ("sharegpt", "alpaca")
Learned = tuple[str, list[dict[str, str]], list[str]]
"""System prompt, the turns up to the question, and the answers: one, or the better and the worse."""

# Its documented keys of a data set and of its columns; everything else would be passed over.
KEYS = {"file_name", "formatting", "ranking", "columns", "tags"}
COLUMNS = {"prompt", "query", "response", "history", "messages", "system", "chosen", "rejected"}
ROLES = {"human": "user", "gpt": "assistant"}


def learned(folder: Path, name: str) -> Iterator[Learned]:
    """What LLaMA-Factory makes of a data set that ``dataset_info.json`` describes."""
    info = json.loads((folder / "dataset_info.json").read_bytes())[name]
    assert set(info) <= KEYS
    assert set(info["columns"]) <= COLUMNS
    read = from_sharegpt if info["formatting"] == "sharegpt" else from_alpaca
    for each in lines(folder / info["file_name"]):
        assert set(each) == set(info["columns"].values())
        columns = {meaning: each[column] for meaning, column in info["columns"].items()}
        yield read(columns, info)


def from_alpaca(columns: Mapping[str, Any], info: Mapping[str, Any]) -> Learned:
    """The question is instruction and input, joined by a line break where both say something."""
    turns = []
    for asked, answer in columns["history"]:
        turns += [said("user", asked), said("assistant", answer)]
    question = "\n".join(text for text in (columns["prompt"], columns["query"]) if text)
    answers = ("chosen", "rejected") if info.get("ranking") else ("response",)
    return columns["system"], [*turns, said("user", question)], [columns[each] for each in answers]


def from_sharegpt(columns: Mapping[str, Any], info: Mapping[str, Any]) -> Learned:
    """People at odd positions, the model at even ones; the last is the answer, unless there are two."""
    tags = info["tags"]
    role, content = tags["role_tag"], tags["content_tag"]
    said_so_far = columns["messages"]
    for position, each in enumerate(said_so_far):
        assert set(each) == {role, content}
        assert each[role] == (tags["assistant_tag"] if position % 2 else tags["user_tag"])
    if info.get("ranking"):
        assert len(said_so_far) % 2 == 1
        assert columns["chosen"][role] == columns["rejected"][role] == tags["assistant_tag"]
        answers = [columns["chosen"][content], columns["rejected"][content]]
    else:
        assert len(said_so_far) % 2 == 0
        answers = [said_so_far.pop()[content]]
    return columns["system"], [said(ROLES[each[role]], each[content]) for each in said_so_far], answers


def expected(given: Row) -> Learned:
    system, *turns = given.messages
    answers = [given.answer, *([given.rejected] if given.rejected is not None else [])]
    return system["content"], turns, answers


@pytest.mark.parametrize("form", FORMS)
def test_rows(form: str, tmp_path: Path) -> None:
    train = [row(1), row(2, "en"), row(3, "en", shown=False)]
    write(form, tmp_path, train, [row(4)])
    assert [*learned(tmp_path, "csc_dspy_train")] == [expected(each) for each in train]
    assert [*learned(tmp_path, "csc_dspy_validation")] == [expected(row(4))]


@pytest.mark.parametrize("form", FORMS)
def test_pairs(form: str, tmp_path: Path) -> None:
    train = [row(1, pair=True), row(2, "en", shown=False, pair=True)]
    write(form, tmp_path, train, pairs=True)
    assert [*learned(tmp_path, "csc_dspy_train")] == [expected(each) for each in train]
    info = json.loads((tmp_path / "dataset_info.json").read_bytes())
    assert {name: each["ranking"] for name, each in info.items()} == {"csc_dspy_train": True}


@pytest.mark.parametrize("form", FORMS)
def test_a_row_without_a_system_message(form: str, tmp_path: Path) -> None:
    write(form, tmp_path, [row(1, messages=[said("user", "问题")], answer="回答")])
    assert [*learned(tmp_path, "csc_dspy_train")] == [("", [said("user", "问题")], ["回答"])]


@pytest.mark.parametrize(
    "roles",
    [
        (),
        ("system",),
        ("system", "user", "user"),
        ("system", "user", "assistant"),
        ("assistant", "user", "user"),
        ("user", "system", "user"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_what_it_would_skip_is_an_error(form: str, roles: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        write(form, tmp_path, [row(9, messages=[said(role, "x") for role in roles])])
    assert str(caught.value) == (
        "row d9#1/strategy: user and assistant do not take turns in its messages,"
        " which LLaMA-Factory would skip (take another format)"
    )


def recipe(folder: Path) -> dict[str, Any]:
    """What ``lora.yaml`` says."""
    read: dict[str, Any] = yaml.safe_load((folder / "lora.yaml").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("form", FORMS)
def test_the_recipe_fits_the_files(form: str, tmp_path: Path) -> None:
    write(form, tmp_path, [row(1)], [row(2)])
    said_there, info = recipe(tmp_path), json.loads((tmp_path / "dataset_info.json").read_bytes())
    assert (said_there["stage"], said_there["finetuning_type"]) == ("sft", "lora")
    assert [said_there["dataset"], said_there["eval_dataset"]] == [*info]
    assert said_there["dataset_dir"] == "."
    assert said_there["mask_history"] is True
    assert said_there["eval_strategy"] == "steps"
    assert [key for key, value in said_there.items() if value == "SET-ME"] == [
        "model_name_or_path",
        "template",
    ]


def test_the_recipe_for_pairs(tmp_path: Path) -> None:
    write("alpaca", tmp_path, [row(1, pair=True)], pairs=True)
    said_there = recipe(tmp_path)
    assert (said_there["stage"], said_there["pref_loss"]) == ("dpo", "sigmoid")
    assert not {"eval_dataset", "eval_strategy", "mask_history"} & set(said_there)


@pytest.mark.parametrize(
    ("answers", "cutoff"),
    [
        # 2,000 characters, and a quarter more, up to the next multiple of 256.
        (["好" * 2000, "短"], 2560),
        (["short", "word " * 1600], 2560),
        (["短"], 256),
        # Four bytes in one wide character, and letters of two.
        (["𠀀" * 2000, "é" * 100], 2560),
        (["ж" * 4000], 2560),
    ],
)
def test_nothing_is_cut_off(answers: list[str], cutoff: int, tmp_path: Path) -> None:
    question = [said("user", "?")]
    write("sharegpt", tmp_path, [row(messages=question, answer=each) for each in answers])
    assert recipe(tmp_path)["cutoff_len"] == cutoff


def test_the_longer_answer_of_a_pair_counts(tmp_path: Path) -> None:
    pair = row(messages=[said("user", "?")], answer="好", rejected="坏" * 3000)
    write("sharegpt", tmp_path, [pair], pairs=True)
    assert recipe(tmp_path)["cutoff_len"] == 3840
