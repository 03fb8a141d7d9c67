"""The samples that come with the package, and what `data info` tells of sources."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from csc_dspy.data import read
from csc_dspy.data.describing import describe
from csc_dspy.data.packaged import CARD, FOLDER, SAMPLES
from csc_dspy.exceptions import DataError
from tests.conftest import CSC
from tests.data.rows import row, write_lines


def ids(source: str) -> list[str | None]:
    return [conversation.id for conversation in read(source)]


def test_dev_and_test_divide_the_evaluation_sample() -> None:
    dev, test = ids("csconv-sample:dev"), ids("csconv-sample:test")
    assert set(dev).isdisjoint(test)
    assert sorted(map(str, dev + test)) == sorted(map(str, ids("csconv-sample")))
    assert sorted(json.loads((FOLDER / "csconv_split.json").read_bytes())) == sorted(map(str, dev + test))
    for part in ("dev", "test"):
        spoken = Counter(each.spoken_language for each in read("csconv-sample", split=part))
        assert spoken == {"zh": 15, "en": 15}


def test_the_division_is_by_the_hashes_of_the_content() -> None:
    for language in ("zh", "en"):
        hashes = {
            part: {each.content_hash for each in read("csconv-sample", part=part, language=language)}
            for part in ("dev", "test")
        }
        assert max(hashes["dev"]) < min(hashes["test"])


def test_no_text_is_in_two_samples() -> None:
    hashes = [each.content_hash for name in SAMPLES for each in read(name)]
    assert len(set(hashes)) == len(hashes) == 140


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("rolecs-sample:dev", "rolecs-sample: has no part 'dev' (it is not divided)"),
        ("csconv-sample:train", "csconv-sample: has no part 'train' (its parts are dev and test)"),
        (
            "csconv-sample:zh",
            "csconv-sample: has no part 'zh' (a language is chosen with language=, or --language)",
        ),
        (
            "rolecs-sample:en",
            "rolecs-sample: has no part 'en' (a language is chosen with language=, or --language)",
        ),
    ],
)
def test_parts_that_there_are_not(source: str, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        read(source)
    assert str(caught.value) == problem


def test_a_language_of_a_sample() -> None:
    assert len(read("rolecs-sample", language="zh")) == 40
    assert {str(name)[:9] for name in ids("csconv-sample") if name} == {"csconv-zh", "csconv-en"}


def test_the_card_has_the_right_numbers() -> None:
    card = CARD.read_text(encoding="utf-8")
    for path in sorted(FOLDER.glob("*.jsonl")):
        conversations = [*iter(read(path))]
        turns = sum(len(each.dialogue) for each in conversations)
        supporter = sum(1 for each in conversations for _ in each.supporter_turns())
        assert f"`{path.name}` | {len(conversations)} | {turns} | {supporter} |" in card


def test_every_supporter_turn_is_labelled() -> None:
    for name in SAMPLES:
        for conversation in read(name, require_labels=True):
            assert all(turn.stage for _, turn in conversation.supporter_turns())
            assert conversation.source == {"r": "RoleCS-sample", "c": "CSConv-sample"}[name[0]]


def test_info_without_a_source_lists_what_there_is(csc: CSC) -> None:
    done = csc("data", "info", "--json")
    assert json.loads(done.stdout) == {
        "samples": [
            {"name": sample.name, "about": sample.about, "parts": list(sample.parts)}
            for sample in SAMPLES.values()
        ],
        "licence": "MIT",
        "card": str(CARD),
        "forms": ["JSON Lines", "JSON list", "JSON objects", "Parquet"],
    }
    shown = csc("data", "info").stdout
    for word in (*SAMPLES, "hub:OWNER/NAME[@REVISION]", "Parquet", str(CARD), "dev, test"):
        assert word in shown


def test_info_on_a_sample(csc: CSC) -> None:
    done = csc("data", "info", "csconv-sample", "--json")
    found = json.loads(done.stdout)
    assert found == describe("csconv-sample").to_dict() | {
        "files": found["files"],
        "parts": ["dev", "test"],
    }
    assert found["files"][0] == {
        "name": str(FOLDER / "csconv_zh.jsonl"),
        "form": "JSON Lines",
        "bytes": (FOLDER / "csconv_zh.jsonl").stat().st_size,
        "dialogues": 30,
    }
    assert (found["kind"], found["dialogues"], found["turns"]) == ("sample", 60, 1453)
    assert (found["languages"], found["sources"]) == ({"en": 30, "zh": 30}, {"CSConv-sample": 60})
    assert (found["licence"], found["card"]) == ("MIT", str(CARD))
    shown = csc("data", "info", "csconv-sample").stdout
    for word in (
        "sample, 60 dialogues, 1453 turns",
        "Parts: dev, test",
        "Languages: en 30, zh 30",
        "licence MIT",
    ):
        assert word in shown


def test_info_on_a_folder_counts_bad_rows(tmp_path: Path, csc: CSC) -> None:
    (tmp_path / "data").mkdir()
    write_lines(tmp_path / "data" / "a.jsonl", row(source="x"), "oops")
    write_lines(tmp_path / "data" / "b.json", row(), row(source="x"))
    done = csc("data", "info", "data", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert (found["kind"], found["parts"], found["dialogues"], found["bad_rows"]) == (
        "folder",
        ["a", "b"],
        3,
        1,
    )
    assert [(file["name"], file["dialogues"]) for file in found["files"]] == [
        ("data/a.jsonl", 1),
        ("data/b.json", 2),
    ]
    assert found["sources"] == {"x": 2, "": 1}
    shown = csc("data", "info", "data").stdout
    assert "1 bad rows: `csc-dspy data check data` says why" in shown
    assert describe(tmp_path / "data" / "b.json").parts == ()


def test_data_can_be_named_by_an_option_too(csc: CSC) -> None:
    for command in ("info", "check"):
        bare, named = (
            csc("data", command, *words) for words in (["rolecs-sample"], ["--data", "rolecs-sample"])
        )
        assert bare.returncode == 0
        assert bare.stdout == named.stdout
