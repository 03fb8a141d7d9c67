"""Copies of the published repository, read by the code that reads the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.data import Corpus, check, convert, read
from csc_dspy.exceptions import DataError, LeakError
from tests.conftest import CSC
from tests.data.rows import CUSTOMER, SUPPORTER, row, write_lines

CARD = """---
license: mit
language:
- zh
configs:
- config_name: one
  data_files: data/CSConv.json
- config_name: other
  data_files: data/RoleCS.json
---
# A copy
"""
TOPICS = ("账户和交易管理", "产品咨询", "投诉与纠纷解决")


def published(part: str, count: int) -> list[dict[str, Any]]:
    """Rows as published: their source is a topic and does not tell the part."""
    return [
        row(source=TOPICS[number % 3], dialogue=[SUPPORTER | {"text": f"{part} {number}"}, CUSTOMER])
        for number in range(count)
    ]


EVALUATION, TRAINING = published("evaluation", 5), published("training", 7)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=2), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    root = tmp_path / "copy [1]"
    write(root / "data" / "CSConv.json", EVALUATION)
    write(root / "data" / "RoleCS.json", TRAINING)
    (root / "README.md").write_text(CARD, encoding="utf-8")
    return root


def rows(corpus: Corpus) -> list[dict[str, Any]]:
    return [conversation.row() for conversation in corpus]


def test_a_part_is_the_rows_of_its_file_and_nothing_else(copy: Path) -> None:
    assert rows(read(f"hub:{copy}:RoleCS")) == TRAINING
    assert rows(read(f"hub:{copy}:CSConv")) == EVALUATION
    assert rows(read(f"hub:{copy}", part="rolecs")) == TRAINING
    assert rows(read(f"hub:{copy}")) == EVALUATION + TRAINING


def test_what_may_be_used_for_what(copy: Path) -> None:
    assert rows(read(f"hub:{copy}:RoleCS", use="train")) == TRAINING
    assert rows(read(f"hub:{copy}:CSConv", use="evaluate")) == EVALUATION
    with pytest.raises(LeakError) as caught:
        read(f"hub:{copy}", use="train")
    assert str(caught.value) == (
        f"hub:{copy}: a data set of the hub may hold CSConv and RoleCS at once"
        f" (name the part, as in hub:{copy}:RoleCS)"
    )
    for part, use in (("CSConv", "train"), ("RoleCS", "evaluate")):
        with pytest.raises(LeakError):
            read(f"hub:{copy}:{part}", use=use)  # type: ignore[arg-type]
    with pytest.raises(LeakError, match=r"name the part, as in .*:CSConv"):
        read(f"hub:{copy}", use="evaluate")


@pytest.mark.parametrize("name", ["RoleCS", "data/rolecs_v2", "train/RoleCS-00000-of-00001", "RoleCS/train"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".parquet", ".jsonl.gz"])
def test_other_layouts_whose_names_tell(tmp_path: Path, name: str, suffix: str) -> None:
    source = write_lines(tmp_path / "rows.jsonl", *TRAINING)
    root = tmp_path / "copy"
    convert(source, root / f"{name}{suffix}")
    write(root / "data" / "csconv.json", EVALUATION)
    assert rows(read(f"hub:{root}:RoleCS", use="train")) == TRAINING
    assert rows(read(f"hub:{root}:CSConv")) == EVALUATION


def test_where_no_name_tells_the_source_has_to(tmp_path: Path) -> None:
    mixed = [row(source="RoleCS"), row(source="CSConv-1"), row(source="rolecs: 产品咨询")]
    write(tmp_path / "data" / "train.json", mixed)
    assert rows(read(f"hub:{tmp_path}:RoleCS", use="train")) == [mixed[0], mixed[2]]
    assert rows(read(f"hub:{tmp_path}:CSConv", use="evaluate")) == [mixed[1]]
    assert rows(read(f"hub:{tmp_path}:train")) == mixed


def test_where_neither_tells_it_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "data" / "train.json", EVALUATION + TRAINING)
    with pytest.raises(DataError) as caught:
        len(read(f"hub:{tmp_path}:RoleCS"))
    assert str(caught.value) == (
        f"hub:{tmp_path}:RoleCS: no row is of the part 'RoleCS': no `source` begins with it"
        " (sources here: '账户和交易管理', '产品咨询', '投诉与纠纷解决')"
    )


def test_a_part_is_not_what_is_left_over(tmp_path: Path) -> None:
    write(tmp_path / "CSConv.json", EVALUATION)
    write(tmp_path / "train.json", TRAINING)
    with pytest.raises(DataError, match=r"has no part 'RoleCS' \(its files are CSConv, train\)"):
        read(f"hub:{tmp_path}:RoleCS")


def test_a_file_of_both_parts_is_no_part(tmp_path: Path) -> None:
    write(tmp_path / "CSConv.json", EVALUATION)
    write(tmp_path / "CSConv_RoleCS.json", EVALUATION + TRAINING)
    with pytest.raises(DataError, match="has no part 'RoleCS'"):
        read(f"hub:{tmp_path}:RoleCS")
    assert rows(read(f"hub:{tmp_path}:CSConv")) == EVALUATION


def test_keys_that_some_rows_and_turns_have_and_others_have_not(tmp_path: Path) -> None:
    unlike: list[dict[str, Any]] = [
        SUPPORTER | {"stage": "connecting", "note": {"a": 1}},
        {"speaker": "客户", "text": "喂？"},
    ]
    wanted = [row(), row(id="a", profile={"age": 7}, dialogue=unlike), row(profile={"name": "[NAME]"})]
    write(tmp_path / "a.json", wanted)
    write_lines(tmp_path / "b.jsonl", *(each | {"id": f"b{number}"} for number, each in enumerate(wanted)))
    unlike[1]["strategy"] = ""
    found = rows(read(f"hub:{tmp_path}"))
    assert found[:3] == wanted
    assert [each | {"id": ""} for each in found[3:]] == [each | {"id": ""} for each in wanted]


def test_bad_rows_have_their_number(copy: Path) -> None:
    bad = [*TRAINING[:3], row(dialogue=[SUPPORTER | {"strategy": "策略6+策略7"}]), row(dialogue=[CUSTOMER])]
    write(copy / "data" / "RoleCS.json", bad)
    assert [(found.file, found.line, found.turn) for found in check(f"hub:{copy}:RoleCS").problems] == [
        (str(copy / "data" / "RoleCS.json"), 4, 1),
        (str(copy / "data" / "RoleCS.json"), 5, None),
    ]


@pytest.mark.parametrize(
    "content", [b"", b"[", b"[{}, 5]", b"\xff\xff", b'{"a": 1}\n{"a": [1]}\noops', b"[]"]
)
@pytest.mark.parametrize("name", ["a.json", "a.parquet"])
def test_what_the_library_cannot_read_is_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        len(read(f"hub:{tmp_path}"))
    assert str(caught.value).startswith(f"{tmp_path / name}: ")


def test_nothing_but_the_answer_is_said(copy: Path, csc: CSC) -> None:
    done = csc("data", "info", f"hub:{copy}", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["parts"] == ["CSConv", "RoleCS"]
    assert [file["dialogues"] for file in found["files"]] == [5, 7]
    part = json.loads(csc("data", "info", f"hub:{copy}:RoleCS", "--json").stdout)
    assert (part["parts"], part["dialogues"], part["languages"]) == ([], 7, {"zh": 7})
    (copy / "data" / "RoleCS.json").write_text("[{]", encoding="utf-8")
    done = csc("data", "check", f"hub:{copy}", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["dialogues"] == 5
    assert done.stderr.count("\n") == 1
