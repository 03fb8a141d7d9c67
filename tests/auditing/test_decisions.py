"""Decisions: how they are read, what is refused, and the corpus that they make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csc_dspy.auditing import audit, clean, read_decisions
from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.exceptions import DataError, OutputError
from csc_dspy.taxonomy import load_taxonomy
from tests.auditing.changed_labels import talk

HEADER = "dialogue,turn,text,given_strategy,given_stage,decision,new_strategy,new_stage,note,who,when"


@pytest.fixture
def corpus() -> list[Conversation]:
    stages = ["connecting", "exploring"]
    return [
        talk("a", ("GT", "您好。"), ("", "我的卡丢了。"), ("ID", "什么时候丢的？"), stages=stages),
        talk("=b", ("GT", "Hello."), ("", "Hi."), ("-", "Which card?")),
    ]


def table(folder: Path, *lines: str, header: str = HEADER) -> Path:
    file = folder / "decisions.csv"
    file.write_text("\n".join([header, *lines, ""]), encoding="utf-8-sig")
    return file


GOOD = (
    "a,2,什么时候丢的？,信息传达,exploring,修改,策略4 细化问题,识别问题,=note,李,2025-05-01",
    "a,0,您好。,GT,,keep,,,,,",
    "a,1,,,,,,,,,",
    "'=b,2,,,,Change,PR,,,,",
)


def test_a_corpus_with_its_decisions(corpus: list[Conversation], tmp_path: Path) -> None:
    decisions = [*read_decisions(table(tmp_path, *GOOD), load_taxonomy())]
    assert [each.where.rpartition(":")[2] for each in decisions] == ["2", "3", "5"]
    out = tmp_path / "cleaned"
    cleaned = clean(corpus, decisions, out)
    assert cleaned.to_dict() | {"before": "", "after": ""} == {
        "version": 1,
        "dialogues": 2,
        "decisions": {"change": 2, "keep": 1},
        "changed_strategies": 2,
        "changed_stages": 1,
        "before": "",
        "after": "",
    }
    # The folder is a corpus.
    first, second = read(out)
    assert [str(turn.strategy) for _, turn in first.supporter_turns()] == ["greeting", "problem_refinement"]
    assert [str(turn.stage) for _, turn in first.supporter_turns()] == ["connecting", "identifying"]
    assert [str(turn.strategy) for _, turn in second.supporter_turns()] == ["greeting", "problem_refinement"]
    assert second.id == "=b"
    changes = [json.loads(line) for line in (out / "_changes.jsonl").read_text("utf-8").splitlines()]
    said = {"who": "李", "when": "2025-05-01", "note": "=note"}
    assert changes == [
        {
            "dialogue": "a",
            "turn": 2,
            "what": "strategy",
            "from": "information_delivery",
            "to": "problem_refinement",
        }
        | said,
        {"dialogue": "a", "turn": 2, "what": "stage", "from": "exploring", "to": "identifying"} | said,
        {"dialogue": "=b", "turn": 2, "what": "strategy", "from": None, "to": "problem_refinement"},
    ]
    manifest = json.loads((out / "_manifest.json").read_text("utf-8"))
    assert manifest["before"] != manifest["after"]
    assert {name: manifest[name] for name in cleaned.to_dict()} == cleaned.to_dict()


def test_versions_count_and_chain(corpus: list[Conversation], tmp_path: Path) -> None:
    taxonomy = load_taxonomy()
    first = clean(corpus, read_decisions(table(tmp_path, *GOOD), taxonomy), tmp_path / "one")
    again = read(tmp_path / "one")
    second = clean(
        again,
        read_decisions(table(tmp_path, "a,0,,,,keep,,,,,"), taxonomy),
        tmp_path / "two",
        source=tmp_path / "one" / "corpus.jsonl",
    )
    assert (second.version, second.before, second.after) == (2, first.after, first.after)
    third = clean(read(tmp_path / "two"), [], tmp_path / "three", source=tmp_path / "two")
    assert (third.version, third.changed_strategies) == (3, 0)


def test_fingerprints_are_those_of_audits(tmp_path: Path) -> None:
    conversations = [*iter(read("csconv-sample:dev", language="en"))][:3]
    cleaned = clean(conversations, [], tmp_path / "cleaned")
    assert cleaned.before == cleaned.after == audit(conversations, top=1).fingerprint


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("c,0,,,,keep,,,,,", r":2: the corpus has no turn 0 in a dialogue c"),
        ("a,7,,,,keep,,,,,", r":2: the corpus has no turn 7"),
        ("a,1,,,,keep,,,,,", r":2: turn 1 of dialogue a is the customer's"),
        ("a,0,,PR,,keep,,,,,", r":2: the corpus has the strategy greeting, not problem_refinement"),
        ("a,0,,,resolving,keep,,,,,", r":2: the corpus has the stage connecting, not resolving"),
        ("a,0,再见。,,,keep,,,,,", r":2: turn 0 of dialogue a says something else"),
        ("a,0,,,,change,,,,,", r":2: has no new label"),
        ("a,0,,,,keep,PR,,,,", r":2: has a new label, and the decision is keep"),
        ("a,0,,,,,PR,,,,", r":2: has a new label, no decision"),
        ("a,0,,,,perhaps,,,,,", r":2: decision 'perhaps' is unknown"),
        ("a,0,,,,change,Nonsense,,,,", r":2: new_strategy: 'Nonsense' names no strategy"),
        ("a,0,,,,change,,Nonsense,,,", r":2: new_stage: 'Nonsense' names no stage"),
        ("a,first,,,,keep,,,,,", r":2: turn: "),
        ("a,0,,,,keep,,,,,\na,0,,,,unsure,,,,,", r":3: decides about turn 0 of dialogue a a second time"),
    ],
)
def test_what_does_not_fit_is_refused(
    corpus: list[Conversation], tmp_path: Path, line: str, problem: str
) -> None:
    file, out = table(tmp_path, line), tmp_path / "cleaned"
    with pytest.raises(DataError) as caught:
        clean(corpus, read_decisions(file, load_taxonomy()), out)
    assert f"{file}{problem}" in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ["decisions.csv"]


def test_files_that_hold_no_decisions(tmp_path: Path) -> None:
    taxonomy = load_taxonomy()
    with pytest.raises(DataError, match="has no column 'decision'"):
        [*read_decisions(table(tmp_path, "a,0", header="dialogue,turn"), taxonomy)]
    with pytest.raises(DataError, match="cannot be read"):
        [*read_decisions(tmp_path / "gone.csv", taxonomy)]
    with pytest.raises(DataError, match="cannot be read"):
        [*read_decisions(tmp_path / "gone.json", taxonomy)]
    file = tmp_path / "other.json"
    file.write_text('{"format": 2, "audit": "x", "who": "A", "decisions": []}', encoding="utf-8")
    with pytest.raises(DataError, match="format"):
        [*read_decisions(file, taxonomy)]


def test_only_a_cleaned_corpus_is_replaced(corpus: list[Conversation], tmp_path: Path) -> None:
    out = tmp_path / "cleaned"
    clean(corpus, [], out)
    clean(corpus, [], out)
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="a cleaned corpus"):
        clean(corpus, [], other)
    assert (other / "notes.txt").read_text(encoding="utf-8") == "mine"
