"""`convert`: between all forms, both ways, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import csc_dspy
from csc_dspy.conversations import Conversation
from csc_dspy.data import Converted, convert, read
from csc_dspy.exceptions import DataError, OutputError
from csc_dspy.taxonomy import Taxonomy, load_taxonomy
from tests.conftest import CSC
from tests.data.rows import CUSTOMER, SUPPORTER, json_values, row, texts, write_lines

NAMES = ["a.json", "a.jsonl", "a.parquet", "a.json.gz", "a.jsonl.gz", "a.parquet.gz"]
SAID = texts.filter(str.strip)


def keys(*known: str) -> st.SearchStrategy[str]:
    """Keys that the schema does not know."""
    return texts.filter(lambda key: key not in known)


def turns(taxonomy: Taxonomy) -> st.SearchStrategy[list[dict[str, Any]]]:
    extras = st.dictionaries(keys("speaker", "text", "strategy", "stage"), json_values, max_size=2)
    supporter = st.fixed_dictionaries(
        {
            "speaker": st.just("客服"),
            "text": SAID,
            "strategy": st.sampled_from(["", *(each.label for each in taxonomy.strategies)]),
        },
        optional={"stage": st.sampled_from([each.id for each in taxonomy.stages])},
    )
    customer = st.fixed_dictionaries({"speaker": st.just("客户"), "text": SAID, "strategy": st.just("")})
    turn = st.builds(lambda extra, known: extra | known, extras, supporter | customer)
    return st.builds(lambda first, others: [first, *others], supporter, st.lists(turn, max_size=4))


def rows(taxonomy: Taxonomy) -> st.SearchStrategy[dict[str, Any]]:
    words = dict.fromkeys(("source", "topic", "scenario", "customer_goal"), texts)
    named = {"taxonomy": st.just(taxonomy.id)} if taxonomy.id != "copc" else {}
    known = st.fixed_dictionaries(
        {"dialogue": turns(taxonomy), **named},
        optional={
            **words,
            "language": st.sampled_from(["zh", "en"]),
            "profile": texts | st.dictionaries(texts, json_values, max_size=3),
        },
    )
    names = (*words, "id", "language", "profile", "taxonomy", "dialogue")
    extras = st.dictionaries(keys(*names), json_values, max_size=3)
    return st.builds(lambda extra, fields: extra | fields, extras, known)


def content(path: Path, taxonomy: str) -> list[dict[str, Any]]:
    return [conversation.row() for conversation in read(path, taxonomy=taxonomy)]


@pytest.mark.parametrize("taxonomy", ["copc", "esconv"])
@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_nothing_is_lost_on_the_way_there_and_back(name: str, taxonomy: str, data: st.DataObject) -> None:
    made = data.draw(st.lists(rows(load_taxonomy(taxonomy)), min_size=1, max_size=4), label="rows")
    # As a conversation has them: with ids, and what is given as null left out.
    made = [each | {"id": f"d{number}"} for number, each in enumerate(made)]
    with TemporaryDirectory() as folder:
        there, back = Path(folder, name), Path(folder, "back.jsonl")
        source = write_lines(Path(folder, "source"), *made)
        assert convert(source, there, taxonomy=taxonomy) == Converted(len(made), 0)
        assert convert(there, back, taxonomy=taxonomy) == Converted(len(made), 0)
        assert content(there, taxonomy) == content(back, taxonomy) == made


@pytest.mark.parametrize("name", NAMES)
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    first, second = tmp_path / name, tmp_path / "elsewhere" / f"b{name}"
    convert("rolecs-sample", first)
    convert(first, second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_go_through_every_form(tmp_path: Path, name: str) -> None:
    original = [conversation.row() for conversation in read("csconv-sample", language="zh")]
    assert convert("csconv-sample", tmp_path / name, language="zh") == Converted(30, 0)
    assert [conversation.row() for conversation in read(tmp_path / name)] == original


def test_a_json_list_has_a_line_for_each_conversation(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "a", row(id="1"), row(id="2"))
    convert(source, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == [row(id="1"), row(id="2")]
    assert text.count("\n") == 4
    assert "客服" in text


def test_a_part_and_the_face_of_the_package(tmp_path: Path) -> None:
    assert csc_dspy.convert is convert
    assert convert("csconv-sample:dev", tmp_path / "dev.jsonl") == Converted(30, 0)
    assert convert("csconv-sample", tmp_path / "dev.jsonl", part="test").to_dict() == {
        "dialogues": 30,
        "quarantined": 0,
    }
    seen: list[None] = []
    convert("rolecs-sample", tmp_path / "a.jsonl", progress=lambda: seen.append(None))
    assert len(seen) == 80


@pytest.mark.parametrize("name", ["a", "a.txt", "a.gz", "a.json.bz2", "json", "a.csv"])
def test_a_name_that_does_not_tell_the_form(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError) as caught:
        convert("rolecs-sample", tmp_path / name)
    assert str(caught.value) == (
        f"{tmp_path / name}: its name does not tell the form of the file"
        " (let it end in .json, .jsonl, .parquet, or one of these and .gz)"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["A.JSON", "a.b.JsonL.GZ"])
def test_names_in_any_case(tmp_path: Path, name: str) -> None:
    convert("rolecs-sample", tmp_path / name)
    assert len(read(tmp_path / name)) == 80


def test_the_input_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    source = write_lines(tmp_path / "a.jsonl", row())
    before = source.read_bytes()
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "a.jsonl")
    for out in (tmp_path / "a.jsonl", tmp_path / "in" / ".." / "a.jsonl", tmp_path / "link.jsonl"):
        with pytest.raises(OutputError, match="is the input itself"):
            convert(source, out)
    with pytest.raises(OutputError, match="lies in the folder that is read"):
        convert(tmp_path, tmp_path / "b.jsonl")
    assert source.read_bytes() == before


def test_no_conversation_is_no_file(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "a", row())
    (tmp_path / "b.json").write_text("before", encoding="utf-8")
    with pytest.raises(DataError, match="no conversation is left to be written"):
        convert(source, tmp_path / "b.json", language="en")
    assert (tmp_path / "b.json").read_text(encoding="utf-8") == "before"


def test_a_bad_row_leaves_what_was_there(tmp_path: Path, csc: CSC) -> None:
    source = write_lines(tmp_path / "a", row(), "oops")
    (tmp_path / "b.parquet").write_text("before", encoding="utf-8")
    done = csc("data", "convert", source, "--out", "b.parquet")
    assert done.returncode == 2
    assert (tmp_path / "b.parquet").read_text(encoding="utf-8") == "before"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "b.parquet"]


def test_values_that_only_python_has_do_not_matter(tmp_path: Path) -> None:
    source = write_lines(
        tmp_path / "a", row(dialogue=[SUPPORTER | {"strategy": 5, "speaker": "agent"}, CUSTOMER])
    )
    convert(source, tmp_path / "a.jsonl")
    written = json.loads((tmp_path / "a.jsonl").read_bytes())
    assert written["dialogue"][0] == SUPPORTER | {"strategy": "策略5 情感管理"}
    assert Conversation.model_validate(written).row() == written


def test_the_command_line(csc: CSC) -> None:
    done = csc("data", "convert", "rolecs-sample", "--out", "new/a.parquet")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "80 dialogues written to new/a.parquet\n"
    done = csc("data", "convert", "new/a.parquet", "--out", "a.json", "--language", "en", "--json")
    assert json.loads(done.stdout) == {"out": "a.json", "dialogues": 40, "quarantined": 0}
    missing = csc("data", "convert", "rolecs-sample")
    assert missing.returncode == 2
    assert "--out" in missing.stderr
