"""Training the embedded engine on files of rows: streamed, in bounded memory, the same for the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import csc_dspy as csc
from csc_dspy.exceptions import DataError
from csc_dspy.finetuning.training import read_result
from csc_dspy.lm.embedded.chat_rows import Row
from csc_dspy.lm.embedded.provider import fine_tuned_model
from csc_dspy.lm.embedded.responses import Responses
from csc_dspy.programs import Options, create
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.finetuning.rows import chat_rows, write_rows


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_rows_are_gone_through_once(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", dialogues=2)
    rows = [json.loads(line) for line in data.read_bytes().splitlines()]
    read = 0

    def once() -> Iterator[dict[str, Any]]:
        nonlocal read
        for row in rows:
            read += 1
            yield row

    assert fine_tuned_model(once()) == csc.train(data, out=tmp_path / "out").model
    assert read == len(rows)


def test_what_is_done_is_told(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", dialogues=2)
    read = 0
    shares: list[object] = []

    def told(n: int = 1, **fields: object) -> None:
        nonlocal read
        read += n
        shares.extend(fields.values())

    trained = csc.train(data, out=tmp_path / "out", told=told)
    assert read == trained.rows
    assert shares[-1] == "100%"
    assert read_result(tmp_path / "out") == trained
    # A second time nothing is fitted, unless the model has gone.
    again = csc.train(data, out=tmp_path / "again", told=told)
    assert (again.model, again.rows, read) == (trained.model, trained.rows, trained.rows)


def test_a_model_that_has_gone_is_fitted_again(tmp_path: Path, home: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", dialogues=1)
    model = csc.train(data, out=tmp_path / "out").model
    folder = home / "models" / model.partition("/")[2]
    folder.rename(tmp_path / "gone")
    assert csc.train(data, out=tmp_path / "again").model == model
    assert folder.is_dir()


@pytest.mark.parametrize("language", LANGUAGES)
def test_turns_that_were_learned_are_known(tmp_path: Path, language: Language) -> None:
    data = write_rows(tmp_path / "rows.jsonl", "strategy-classifier", dialogues=3)
    program = create("strategy-classifier", Options(language=language))
    chosen = list(csc.read("rolecs-sample", language=language))[:3]
    with csc.using(csc.train(data, out=tmp_path / "out").model):
        hits = [
            program(history=each.dialogue[:place], turn=turn.text).strategy == turn.strategy
            for each in chosen
            for place, turn in each.supporter_turns()
        ]
    assert sum(hits) / len(hits) > 0.9


def test_of_many_responses_evenly_spaced_ones_are_kept() -> None:
    count = 9_000
    rows = (
        Row({"conversation": "Customer: Hello", "strategy": "Greeting"}, {"response": f"Hello {number}"})
        for each in range(count)
        for number in (each, each)
    )
    found = Responses.of(rows)
    numbers = [int(text.split()[1]) for text in found.texts]
    assert len(numbers) <= 2_000
    assert numbers == sorted(set(numbers))
    gaps = [after - before for before, after in pairwise(numbers)]
    assert max(gaps) <= 2 * min(gaps)
    assert numbers[0] == 0
    assert numbers[-1] > 0.95 * count


def test_few_responses_are_all_kept() -> None:
    rows = [
        Row({"conversation": "客户：你好", "strategy": "礼貌问候"}, {"response": f"您好{number}"})
        for number in range(100)
    ]
    assert len(Responses.of(rows).texts) == 100


def test_a_bad_row_is_named_with_its_line(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", dialogues=1)
    lines = len(data.read_bytes().splitlines())
    with data.open("a", encoding="utf-8") as stream:
        stream.write("{\n")
    with pytest.raises(DataError, match="is not JSON") as caught:
        csc.train(data, out=tmp_path / "out")
    assert caught.value.where == f"{data}:{lines + 1}"
    assert not (tmp_path / "out").exists()


def test_equal_rows_in_lists_and_files_agree(tmp_path: Path) -> None:
    rows = list(chat_rows("stage-tracker", "zh", 2))
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    lm = csc.connect().finetune(rows, "chat").result()
    assert lm.model == csc.train(path, out=tmp_path / "out").model
