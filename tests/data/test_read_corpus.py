"""`read` and the `Corpus` that it gives."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from itertools import islice
from pathlib import Path

import pytest

import csc_dspy
from csc_dspy.conversations import Conversation
from csc_dspy.data import Corpus, read
from csc_dspy.exceptions import ConfigError, DataError, OutputError, TaxonomyError
from csc_dspy.taxonomy import load_taxonomy
from tests.conftest import CSC
from tests.data.rows import CUSTOMER, SUPPORTER, line, row, write_lines

ENGLISH = [SUPPORTER | {"text": "Good morning."}, CUSTOMER | {"text": "Hello?"}]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "good.jsonl", *(row(id=str(number)) for number in range(5)))


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Good, bad, good, bad, good."""
    bad = row(id="1", dialogue=[SUPPORTER | {"strategy": "策略1+策略2"}, CUSTOMER])
    return write_lines(tmp_path / "mixed.jsonl", row(id="0"), bad, row(id="2"), "oops", row(id="4"))


def ids(corpus: Corpus) -> list[str | None]:
    return [conversation.id for conversation in corpus]


def test_a_corpus_can_be_gone_through_again_and_again(good: Path) -> None:
    corpus = read(good)
    assert ids(corpus) == ids(corpus) == ["0", "1", "2", "3", "4"]
    assert all(isinstance(conversation, Conversation) for conversation in corpus)
    one, other = iter(corpus), iter(corpus)
    assert [next(one).id, next(one).id, next(other).id, next(one).id] == ["0", "1", "0", "2"]


def test_what_a_corpus_tells_of_itself(good: Path) -> None:
    corpus = read(str(good))
    assert corpus.source == str(good)
    assert corpus.taxonomy == load_taxonomy("copc")
    assert repr(corpus) == f"Corpus({str(good)!r})"
    assert csc_dspy.read is read


def test_the_length_is_counted_once(good: Path) -> None:
    corpus = read(good)
    assert len(corpus) == 5
    good.unlink()
    assert len(corpus) == 5
    with pytest.raises(DataError, match="cannot be read: No such file or directory"):
        ids(corpus)


def test_a_whole_iteration_tells_the_length_too(good: Path) -> None:
    corpus = read(good)
    ids(corpus)
    good.unlink()
    assert len(corpus) == 5


def test_nothing_is_read_before_it_is_needed(mixed: Path) -> None:
    assert [conversation.id for conversation in islice(read(mixed), 1)] == ["0"]


def test_the_first_bad_row_is_an_error_with_its_place_and_the_way_out(mixed: Path) -> None:
    with pytest.raises(DataError) as caught:
        ids(read(mixed))
    assert str(caught.value) == (
        f"{mixed}:2: turn 1: '策略1+策略2' names more than one strategy: greeting and identity_verification"
        f" (give exactly one strategy; `csc-dspy data check {mixed}` lists all,"
        " --quarantine FILE sets bad rows aside)"
    )


def test_quarantine_keeps_the_bad_rows_and_lets_the_good_ones_go_on(mixed: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside" / "bad.jsonl"
    corpus = read(mixed, quarantine=aside)
    assert not aside.exists()
    assert ids(corpus) == ["0", "2", "4"]
    assert corpus.quarantined == 2
    first, second = map(json.loads, aside.read_text(encoding="utf-8").splitlines())
    assert first == {
        "file": str(mixed),
        "line": 2,
        "problems": [
            {
                "turn": 1,
                "problem": "'策略1+策略2' names more than one strategy: greeting and identity_verification",
                "remedy": "give exactly one strategy",
            }
        ],
        "row": row(id="1", dialogue=[SUPPORTER | {"strategy": "策略1+策略2"}, CUSTOMER]),
        "raw": None,
    }
    assert (second["line"], second["row"], second["raw"]) == (4, None, "oops")


def test_each_iteration_sets_aside_anew_and_a_shorter_one_takes_nothing_away(
    mixed: Path, tmp_path: Path
) -> None:
    aside = tmp_path / "bad.jsonl"
    corpus = read(mixed, quarantine=aside)
    whole = len(corpus) and aside.read_bytes()
    assert len(ids(corpus)) == 3
    assert aside.read_bytes() == whole
    next(iter(corpus))
    assert aside.read_bytes() == whole


def test_whoever_stops_early_has_what_was_set_aside_so_far(mixed: Path, tmp_path: Path) -> None:
    aside = tmp_path / "bad.jsonl"
    assert [conversation.id for conversation in islice(read(mixed, quarantine=aside), 2)] == ["0", "2"]
    assert [json.loads(entry)["line"] for entry in aside.read_text(encoding="utf-8").splitlines()] == [2]


def test_a_quarantine_without_bad_rows_is_empty(good: Path, tmp_path: Path) -> None:
    aside = tmp_path / "bad.jsonl"
    aside.write_text("of the last time\n", encoding="utf-8")
    corpus = read(good, quarantine=aside)
    assert (len(corpus), corpus.quarantined, aside.read_bytes()) == (5, 0, b"")


def test_the_quarantine_is_not_the_input(good: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is the input itself"):
        read(good, quarantine=tmp_path / "." / "good.jsonl")
    with pytest.raises(OutputError, match="lies in the folder that is read"):
        read(tmp_path, quarantine=tmp_path / "further" / "bad.jsonl")


def test_a_language(tmp_path: Path) -> None:
    path = write_lines(
        *(tmp_path / "a", row(id="0"), row(id="1", dialogue=ENGLISH)),
        *(row(id="2", language="en"), row(id="3", language="zh-CN", dialogue=ENGLISH)),
    )
    assert ids(read(path, language="en")) == ["1", "2"]
    assert ids(read(path, language="zh")) == ["0", "3"]
    assert len(read(path, language="zh")) == 2
    with pytest.raises(ConfigError, match=r"language='de' is unknown \(it is 'zh' or 'en'\)"):
        read(path, language="de")  # type: ignore[arg-type]


def test_another_taxonomy(tmp_path: Path, checkout: Path) -> None:
    labelled = SUPPORTER | {"strategy": load_taxonomy("esconv").strategy("question").label}
    path = write_lines(tmp_path / "a", row(taxonomy="esconv", dialogue=[labelled, CUSTOMER]))
    by_file = checkout / "csc_dspy" / "taxonomy" / "esconv.toml"
    for taxonomy in ("esconv", str(by_file), by_file, load_taxonomy("esconv")):
        corpus = read(path, taxonomy=taxonomy)
        assert corpus.taxonomy == load_taxonomy("esconv")
        assert [turn.strategy and turn.strategy.id for turn in next(iter(corpus)).dialogue] == [
            "question",
            None,
        ]
    with pytest.raises(DataError, match=r"labelled by the taxonomy 'esconv', not 'copc' \(read it with"):
        ids(read(path))
    with pytest.raises(TaxonomyError):
        read(path, taxonomy="nonsense")


def test_labels_can_be_required(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", row(dialogue=[SUPPORTER | {"strategy": ""}, CUSTOMER]))
    assert len(read(path)) == 1
    with pytest.raises(DataError, match=r"a:1: turn 1: a supporter's turn has no strategy"):
        ids(read(path, require_labels=True))


def test_no_two_conversations_share_an_id(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", row(), row(), row(id="x"))
    write_lines(tmp_path / "b.jsonl", row(id=7), row(id="7"), row(id="x"))
    aside = tmp_path.with_name(f"{tmp_path.name}-aside")
    corpus = read(tmp_path, quarantine=aside)
    assert len(corpus) == 4
    problems = [
        json.loads(entry)["problems"][0]["problem"]
        for entry in aside.read_text(encoding="utf-8").splitlines()
    ]
    assert problems == [
        f"the id '7' was used before, at '{tmp_path}/b.jsonl:1'",
        f"the id 'x' was used before, at '{tmp_path}/a.jsonl:3'",
    ]


@pytest.mark.parametrize(
    "name", ["", "nothing.jsonl", "nothing:CSConv", "rolecs-samples", "x" * 5000, "a\0b"]
)
def test_what_is_not_there(name: str) -> None:
    with pytest.raises(DataError, match=r"is called|cannot be read"):
        read(name)


def test_what_is_not_there_says_what_there_is() -> None:
    with pytest.raises(DataError) as caught:
        read("nothing")
    assert str(caught.value) == (
        "no file, folder or packaged sample is called 'nothing'"
        " (packaged are rolecs-sample and csconv-sample; a data set on the hub is hub:OWNER/NAME)"
    )


def test_a_pipe_is_read_once(tmp_path: Path, good: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    corpus = read(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(good.read_bytes()))
    writer.start()
    assert ids(corpus) == ["0", "1", "2", "3", "4"]
    writer.join()
    assert len(corpus) == 5
    with pytest.raises(DataError, match=r"can be read only once \(save it to a file first\)"):
        ids(corpus)


def test_standard_input_is_read_once(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(good.read_bytes())))
    corpus = read("-")
    with pytest.raises(TypeError, match="its length is not known before"):
        len(corpus)
    assert [conversation.id for conversation in list(corpus)] == ["0", "1", "2", "3", "4"]
    assert len(corpus) == 5
    with pytest.raises(DataError, match="can be read only once"):
        ids(corpus)


def test_standard_input_on_the_command_line(csc: CSC, good: Path) -> None:
    done = csc("data", "check", "-", "--json", input=good.read_text(encoding="utf-8") + "oops\n")
    assert done.returncode == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["file"], problem["line"]) == ("standard input", 6)
    chosen = csc(
        "data",
        "convert",
        "--out",
        "a.jsonl",
        "--",
        "-:RoleCS",
        input=line(row(source="RoleCS-x")) + line(row()),
    )
    assert (chosen.returncode, chosen.stdout) == (0, "1 dialogues written to a.jsonl\n")


def test_an_error_of_data_is_one_line_on_the_command_line(csc: CSC, mixed: Path) -> None:
    done = csc("data", "convert", mixed, "--out", "a.jsonl")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {mixed}:2: turn 1: ")
    assert done.stderr.count("\n") == 1
