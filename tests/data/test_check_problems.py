"""`check`: every problem of every row, and what the command line makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import csc_dspy
from csc_dspy.data import CheckReport, Problem, check
from csc_dspy.data.checking import Checker
from csc_dspy.data.inspection import Inspection
from csc_dspy.data.readers import RawRow
from csc_dspy.taxonomy import load_taxonomy
from tests.conftest import CSC
from tests.data.rows import CUSTOMER, SUPPORTER, row, write_lines

LABELLED = "a customer's turn carries a strategy or stage"
UNLABELLED = "a supporter's turn has no strategy"


def found(path: Path, **options: Any) -> list[tuple[int | None, int | None, str]]:  # noqa: ANN401
    return [(each.line, each.turn, each.problem) for each in check(path, **options).problems]


@pytest.mark.parametrize(
    ("turn", "problems"),
    [
        ({"strategy": "1+2"}, ["'1+2' names more than one strategy: greeting and identity_verification"]),
        ({"strategy": "nonsense"}, ["'nonsense' names no strategy of the taxonomy 'copc'"]),
        ({"strategy": 1.5}, ["a strategy is text, not float"]),
        ({"strategy": ""}, [UNLABELLED]),
        ({"strategy": None}, [UNLABELLED]),
        ({"stage": "nowhere"}, ["'nowhere' names no stage of the taxonomy 'copc'"]),
        ({"speaker": "系统"}, ["unknown speaker '系统'"]),
        ({"speaker": None, "text": 5}, ["unknown speaker None", "`text` is a number, not text"]),
        ({"text": ""}, ["`text` is empty"]),
        ({"text": " \n"}, ["`text` is empty"]),
        ({"text": None}, ["`text` is null, not text"]),
        ({"text": ["a"]}, ["`text` is a list, not text"]),
        ({"speaker": "客户"}, [LABELLED]),
        ({"speaker": "客户", "strategy": "", "stage": "exploring"}, [LABELLED]),
        (
            {"speaker": "客户", "strategy": "x", "stage": "exploring", "text": ""},
            [
                "`text` is empty",
                "'x' names no strategy of the taxonomy 'copc'",
                LABELLED,
            ],
        ),
        ({"strategy": "", "text": True}, ["`text` is true or false, not text", UNLABELLED]),
    ],
)  # fmt: skip
def test_every_problem_of_a_turn(tmp_path: Path, turn: dict[str, Any], problems: list[str]) -> None:
    path = write_lines(
        tmp_path / "a", row(), row(dialogue=[SUPPORTER, CUSTOMER, SUPPORTER | turn, SUPPORTER])
    )
    assert found(path) == [(2, 3, problem) for problem in problems]


def test_a_turn_that_lacks_a_field_or_is_none(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a", row(dialogue=[{"speaker": "客服", "strategy": 1}, 5, None, SUPPORTER, {}])
    )
    assert found(path) == [
        (1, 1, "has no `text`"),
        (1, 2, "is a number, not an object"),
        (1, 3, "is null, not an object"),
        (1, 5, "has no `speaker`"),
        (1, 5, "has no `text`"),
    ]


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({}, ["has no `dialogue`"]),
        ({"dialogue": []}, ["`dialogue` is empty"]),
        ({"dialogue": {}}, ["`dialogue` is an object, not a list"]),
        ({"dialogue": "客服：您好"}, ["`dialogue` is text, not a list"]),
        ({"dialogue": [CUSTOMER]}, ["no turn is the supporter's"]),
        (row(topic=7, profile=[1], language="de", id=1.5), [
            "`id` is a number, not text",
            "unknown language 'de'",
            "`topic` is a number, not text",
            "`profile` is a list, neither an object nor text",
        ]),
        (row(language=5, source=True), [
            "`source` is true or false, not text",
            "`language`: Input should be 'zh' or 'en'",
        ]),
        (row(taxonomy="esconv", dialogue=[]), ["labelled by the taxonomy 'esconv', not 'copc'"]),
        ({"dialogue": [], "scenario": {}}, ["`scenario` is an object, not text", "`dialogue` is empty"]),
    ],
)  # fmt: skip
def test_every_problem_of_a_row_as_a_whole(tmp_path: Path, value: object, problems: list[str]) -> None:
    path = write_lines(tmp_path / "a", row(), value)
    assert found(path) == [(2, None, problem) for problem in problems]


def test_problems_of_reading_do_not_hide_the_others(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", '{"x": 1, "x": NaN, "dialogue": []}')
    assert [problem for _, _, problem in found(path)] == [
        "holds NaN or Infinity, which JSON does not have",
        "has the key 'x' twice",
        "`dialogue` is empty",
    ]


def test_ids_that_were_used_before(tmp_path: Path) -> None:
    bad = row(id="b", dialogue=[CUSTOMER])
    path = write_lines(tmp_path / "a.json", row(id=1), row(id="1"), bad, bad, row(), row())
    one_line = tmp_path / "b.json"
    one_line.write_text(json.dumps([row(id="1"), row(id="1")]), encoding="utf-8")
    assert found(path) == [
        (2, None, f"the id '1' was used before, at '{path}:1'"),
        (3, None, "no turn is the supporter's"),
        (4, None, "no turn is the supporter's"),
        (4, None, f"the id 'b' was used before, at '{path}:3'"),
    ]
    assert found(one_line) == [(1, None, f"the id '1' was used before, at '{one_line}:1'")]


def test_unlabelled_turns_can_be_allowed(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", row(dialogue=[SUPPORTER | {"strategy": ""}, CUSTOMER]))
    assert found(path, require_labels=False) == []
    assert len(found(path)) == 1


def test_a_report_as_python_has_it(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", row(), row(dialogue=[CUSTOMER]), row(source="x"))
    report = check(path)
    problem = Problem(
        str(path), 2, None, "no turn is the supporter's", "a conversation has turns of 客服 (supporter)"
    )
    assert report == CheckReport(str(path), 2, 4, (problem,), complete=True)
    assert not report.ok
    assert report.to_dict() == {
        "source": str(path),
        "dialogues": 2,
        "turns": 4,
        "complete": True,
        "problems": [
            {
                "file": str(path),
                "line": 2,
                "turn": None,
                "problem": "no turn is the supporter's",
                "remedy": "a conversation has turns of 客服 (supporter)",
            }
        ],
    }
    assert (
        str(problem) == f"{path}:2: no turn is the supporter's (a conversation has turns of 客服 (supporter))"
    )
    assert check(path, part="x").dialogues == 1
    assert csc_dspy.check is check


@given(st.text(max_size=20), st.integers(0, 10**9))
def test_alike_problems_are_of_one_kind(value: str, number: int) -> None:
    problem = Problem("f", 1, None, f"{value!r} is not {number!r} at column {number}", "")
    assert problem.kind == "… is not … at column …"


def test_problems_come_one_by_one(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", *["oops"] * 3, row())
    inspection = Inspection(path)
    problems = iter(inspection)
    assert [next(problems).line, next(problems).line] == [1, 2]
    assert inspection.dialogues == 0
    assert [problem.line for problem in problems] == [3]
    assert (inspection.dialogues, inspection.turns) == (1, 2)


def test_the_packaged_samples_are_good(csc: CSC) -> None:
    for name, dialogues, turns in (("rolecs-sample", 80, 1961), ("csconv-sample", 60, 1453)):
        done = csc("data", "check", name, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == {
            "source": name,
            "problems": [],
            "dialogues": dialogues,
            "turns": turns,
            "complete": True,
        }


def test_the_command_line_in_json(tmp_path: Path, csc: CSC) -> None:
    path = write_lines(tmp_path / "a", row(), "oops", row(dialogue=[SUPPORTER | {"strategy": 99}]))
    done = csc("data", "check", path, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout) == check(path).to_dict()
    assert csc("data", "check", path, "--allow-unlabelled").returncode == 1


def test_the_command_line_for_people(tmp_path: Path, csc: CSC) -> None:
    path = write_lines(
        tmp_path / "a", *["oops"] * 30, row(dialogue=[SUPPORTER | {"speaker": "谁"}, SUPPORTER])
    )
    done = csc("data", "check", path)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[:20] == [
        f"{path}:{number}: is not JSON: expecting value at column 1 (mend the line)"
        for number in range(1, 21)
    ]
    assert lines[20] == "… and 11 more: --json shows all"
    assert [line.split() for line in lines if "column …" in line] == [
        ["is", "not", "JSON:", "expecting", "value", "at", "column", "…", "30"]
    ]
    assert ["unknown", "speaker", "…", "1"] in [line.split() for line in lines]
    assert lines[-1] == "good dialogues: 0, their turns: 0, problems: 31"


def test_unlabelled_turns_on_the_command_line(tmp_path: Path, csc: CSC) -> None:
    path = write_lines(tmp_path / "a", row(dialogue=[SUPPORTER | {"strategy": ""}, CUSTOMER]))
    assert csc("data", "check", path).returncode == 1
    done = csc("data", "check", path, "--allow-unlabelled")
    assert (done.returncode, done.stdout) == (0, "good dialogues: 1, their turns: 2, problems: 0\n")


def test_another_taxonomy_on_the_command_line(tmp_path: Path, csc: CSC) -> None:
    label = load_taxonomy("esconv").strategy("question").label
    path = write_lines(tmp_path / "a", row(taxonomy="esconv", dialogue=[SUPPORTER | {"strategy": label}]))
    assert csc("data", "check", path).returncode == 1
    assert csc("data", "check", path, "--taxonomy", "esconv").returncode == 0


def test_one_broken_file_does_not_stop_the_others(tmp_path: Path, csc: CSC) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    write_lines(folder / "a.jsonl", row(), "oops")
    (folder / "b.json").write_text("[{", encoding="utf-8")
    (folder / "c.parquet").write_bytes(b"PAR1 and no more")
    (folder / "d.json").touch()
    write_lines(folder / "e.jsonl", row(), row(dialogue=[]))
    done = csc("data", "check", folder, "--json")
    assert done.returncode == 2
    answer = json.loads(done.stdout)
    assert (answer["dialogues"], answer["turns"], answer["complete"]) == (2, 4, False)
    assert [(Path(each["file"]).name, each["line"], each["problem"]) for each in answer["problems"]] == [
        ("a.jsonl", 2, "is not JSON: expecting value at column 1"),
        ("e.jsonl", 2, "`dialogue` is empty"),
        ("b.json", 1, "the JSON breaks off"),
        ("c.parquet", None, "the Parquet data is damaged"),
        ("d.json", None, "is empty"),
    ]
    assert (
        done.stderr == f"error: {folder}/b.json:1: the JSON breaks off (get the file anew) and 2 more files\n"
    )


def test_a_part_that_is_not_there_is_no_clean_bill(tmp_path: Path, csc: CSC) -> None:
    path = write_lines(tmp_path / "a", row(source="RoleCS"))
    done = csc("data", "check", f"{path}:CSConv")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {path}:CSConv: no row is of the part 'CSConv'")


def test_a_checker_remembers_nothing_but_ids() -> None:
    checker = Checker(load_taxonomy())
    for number in range(3):
        assert not isinstance(checker.check(RawRow("f", number, row(), None)), list)
    assert not isinstance(checker.check(RawRow("f", 4, row(id=1), None)), list)
    assert isinstance(checker.check(RawRow("f", 5, row(id=1), None)), list)
