"""Writing the parts of a split into a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.data.split_folder import MANIFEST, write_split
from csc_dspy.data.split_parts import LEAKED
from csc_dspy.data.splitting import Split, split
from csc_dspy.exceptions import DataError, OutputError

SAMPLE = [*iter(read("rolecs-sample"))]
FORMS = ["jsonl", "json", "parquet", "jsonl.gz", "json.gz", "parquet.gz"]


@pytest.fixture(scope="module")
def made() -> Split:
    return split("rolecs-sample")


@pytest.fixture(scope="module")
def another() -> Split:
    return split("rolecs-sample", seed=1)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_read_again(made: Split, tmp_path: Path, form: str) -> None:
    write_split(made, tmp_path / "out", form=form)
    assert sorted(contents(tmp_path / "out")) == sorted(
        [MANIFEST, f"dev.{form}", f"test.{form}", f"train.{form}"]
    )
    for part in made.parts:
        expected = [conversation.row() for conversation in made.conversations(part)]
        assert [each.row() for each in read(tmp_path / "out", part=part)] == expected


def test_the_folder_as_a_whole_is_the_source_again(made: Split, tmp_path: Path) -> None:
    write_split(made, tmp_path / "out")
    together = {each.id: each.row() for each in read(tmp_path / "out")}
    assert together == {each.id: each.row() for each in SAMPLE}


def test_parts_stand_in_the_order_of_the_source(made: Split, tmp_path: Path) -> None:
    write_split(made, tmp_path / "out")
    order = {each.id: place for place, each in enumerate(SAMPLE)}
    for part in made.parts:
        places = [order[each.id] for each in read(tmp_path / "out", part=part)]
        assert places == sorted(places)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_split_gives_the_same_bytes(made: Split, tmp_path: Path, form: str) -> None:
    write_split(made, tmp_path / "one", form=form)
    write_split(split("rolecs-sample"), tmp_path / "other", form=form)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_the_manifest_tells_how_it_was_split(made: Split, tmp_path: Path) -> None:
    write_split(made, tmp_path / "out")
    found, answer = manifest(tmp_path / "out"), made.to_dict()
    assert found["version"] == 1
    assert {part: facts.pop("file") for part, facts in found["parts"].items()} == {
        "train": "train.jsonl",
        "dev": "dev.jsonl",
        "test": "test.jsonl",
    }
    assert found == {"version": 1} | answer
    assert str(tmp_path) not in (tmp_path / "out" / MANIFEST).read_text(encoding="utf-8")


def test_what_leaked_is_written_but_not_read_with_the_folder(tmp_path: Path) -> None:
    made = split("rolecs-sample", against=[SAMPLE[:3]])
    write_split(made, tmp_path / "out")
    assert manifest(tmp_path / "out")["parts"][LEAKED]["file"] == "_leaked.jsonl"
    assert [each.id for each in read(tmp_path / "out" / "_leaked.jsonl")] == [each.id for each in SAMPLE[:3]]
    assert {each.id for each in read(tmp_path / "out")} == {each.id for each in SAMPLE[3:]}


def test_writing_again_changes_nothing(made: Split, tmp_path: Path) -> None:
    write_split(made, tmp_path / "out")
    inode = (tmp_path / "out").stat().st_ino
    write_split(made, tmp_path / "out")
    assert (tmp_path / "out").stat().st_ino == inode
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_another_split_is_replaced_only_by_force(made: Split, another: Split, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_split(made, out)
    before = contents(out)
    with pytest.raises(OutputError, match="holds another split"):
        write_split(another, out)
    assert contents(out) == before
    write_split(another, out, form="parquet", force=True)
    write_split(another, tmp_path / "fresh", form="parquet")
    assert contents(out) == contents(tmp_path / "fresh")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "out"]


@pytest.mark.parametrize("strangers", [["notes.txt"], ["train.jsonl"], [MANIFEST], [MANIFEST, "notes.txt"]])
def test_a_folder_of_other_files_is_never_replaced(made: Split, tmp_path: Path, strangers: list[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in strangers:
        (out / name).write_text("[1]")
    with pytest.raises(OutputError, match="holds files that are not of a split"):
        write_split(made, out, force=True)
    assert contents(out) == dict.fromkeys(sorted(strangers), b"[1]")


def test_a_split_with_a_file_beside_is_never_replaced(made: Split, another: Split, tmp_path: Path) -> None:
    write_split(made, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds files that are not of a split"):
        write_split(another, tmp_path / "out", force=True)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"parts": 1}', '{"parts": {"a": 1}}', '{"parts": {"a": {"file": {}}}}', "\xff"]
)
def test_a_manifest_that_is_none_protects_its_folder(made: Split, tmp_path: Path, text: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(OutputError, match="holds files that are not of a split"):
        write_split(made, tmp_path / "out", force=True)


def test_an_empty_folder_and_missing_ones_are_filled(made: Split, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_split(made, tmp_path / "empty")
    write_split(made, tmp_path / "a" / "b" / "out")
    assert contents(tmp_path / "empty") == contents(tmp_path / "a" / "b" / "out")


def test_a_link_to_a_folder_stays_a_link(made: Split, another: Split, tmp_path: Path) -> None:
    write_split(made, tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_split(another, tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert manifest(tmp_path / "real")["seed"] == 1


def test_a_file_is_no_folder(made: Split, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        write_split(made, tmp_path / "out", force=True)
    assert (tmp_path / "out").read_text() == "mine"


class ChangedLater:
    """A source that says less when it is read again."""

    def __init__(self) -> None:
        self._count = len(SAMPLE) + 1

    def __iter__(self) -> Any:  # noqa: ANN401 - an iterator of conversations
        self._count -= 1
        return iter(SAMPLE[: self._count])


def test_a_failure_leaves_what_was_there(made: Split, tmp_path: Path) -> None:
    write_split(made, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(DataError, match="has changed"):
        write_split(split(ChangedLater(), seed=3), tmp_path / "out", force=True)
    assert contents(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_the_system_refuses_is_told(made: Split, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_split(made, tmp_path / "file" / "out")


def test_progress_is_told_for_every_dialogue(made: Split, tmp_path: Path) -> None:
    told: list[None] = []
    write_split(made, tmp_path / "out", progress=lambda: told.append(None))
    assert len(told) == len(SAMPLE)


def test_split_writes_when_it_is_told_where(tmp_path: Path) -> None:
    split("rolecs-sample", out=tmp_path / "out")
    write_split(split("rolecs-sample"), tmp_path / "other")
    assert contents(tmp_path / "out") == contents(tmp_path / "other")


def test_split_looks_at_the_place_before_it_reads(tmp_path: Path) -> None:
    source = tmp_path / "data" / "all.jsonl"
    source.parent.mkdir()
    source.write_text("".join(json.dumps(each.row()) + os.linesep for each in SAMPLE))
    with pytest.raises(OutputError, match="lies in the folder that is read"):
        split(source.parent, out=source.parent / "out")
    with pytest.raises(OutputError, match="lies in the folder that is read"):
        split("rolecs-sample", out=source.parent / "out", against=[source.parent])
    with pytest.raises(OutputError, match="holds files that are not of a split"):
        split(source, out=source.parent)
    assert [path.name for path in source.parent.iterdir()] == ["all.jsonl"]


def test_rows_of_both_taxonomies_are_written_as_they_were(tmp_path: Path) -> None:
    under_esconv = [
        Conversation.model_validate(
            {
                "id": each.id,
                "taxonomy": "esconv",
                "dialogue": [{"speaker": turn.speaker, "text": turn.text} for turn in each.dialogue],
            }
        )
        for each in SAMPLE[:40]
    ]
    split(SAMPLE[40:] + under_esconv, "train=50,test=50", out=tmp_path / "out")
    lines = b"".join((tmp_path / "out" / f"{part}.jsonl").read_bytes() for part in ("train", "test"))
    rows = [json.loads(line) for line in lines.splitlines()]
    assert sum(row.get("taxonomy") == "esconv" for row in rows) == 40
    assert sorted(row["id"] for row in rows) == sorted(each.id or "" for each in SAMPLE)
