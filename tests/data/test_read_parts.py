"""Sources, the parts of them, and what the use of conversations forbids."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy.data import Corpus, read
from csc_dspy.data.source import Source, parse_source
from csc_dspy.exceptions import ConfigError, DataError, LeakError
from tests.data.rows import row, write_lines


def sources(corpus: Corpus) -> list[str | None]:
    return [conversation.source for conversation in corpus]


@pytest.fixture
def both(tmp_path: Path) -> Path:
    names = ("RoleCS", "CSConv-sample", "rolecs/7", None, "CSConv")
    return write_lines(tmp_path / "all.jsonl", *(row(source=name) for name in names))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    (root / "more" / ".hidden").mkdir(parents=True)
    for name in ("train.jsonl", "dev.v2.json.gz", "more/test.jsonl", "more/TRAIN.ndjson"):
        write_lines(root / name, row(source=name))
    for name in (".hidden.jsonl", "_index.json", "dataset_info.json", "more/.hidden/x.json", "README.md"):
        write_lines(root / name, row(source="not to be read"))
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rolecs-sample", Source("sample", "rolecs-sample")),
        ("csconv-sample:dev", Source("sample", "csconv-sample", part="dev")),
        ("-", Source("stdin", "-")),
        ("-:RoleCS", Source("stdin", "-", part="RoleCS")),
        ("hub:DianJin/DianJin-CSC-Data", Source("hub", "DianJin/DianJin-CSC-Data")),
        ("hub:DianJin/DianJin-CSC-Data:RoleCS", Source("hub", "DianJin/DianJin-CSC-Data", part="RoleCS")),
        ("hub:o/n@v1.0:x y", Source("hub", "o/n", "v1.0", "x y")),
        ("hub:o/n@refs/pr/3", Source("hub", "o/n", "refs/pr/3")),
        ("hub:squad", Source("hub", "squad")),
    ],
)
def test_sources_that_are_not_on_disk(text: str, expected: Source) -> None:
    assert parse_source(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize("text", ["hub:", "hub:/no/such/folder", "hub:a/b/c", "hub:a/b@", "hub:a/b@1@2"])
def test_what_is_no_name_on_the_hub(text: str) -> None:
    with pytest.raises(DataError, match="is neither a repository of the hub nor a folder"):
        parse_source(text)


def test_an_existing_path_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "a:b", "rolecs-sample"):
        write_lines(tmp_path / name, row(source=name))
    assert parse_source("a:b") == Source("file", "a:b")
    assert parse_source("a:c") == Source("file", "a", part="c")
    assert parse_source("a:b:c") == Source("file", "a:b", part="c")
    assert parse_source("rolecs-sample").kind == "sample"
    for path in (Path("rolecs-sample"), "./rolecs-sample", tmp_path / "rolecs-sample"):
        assert parse_source(path) == Source("file", str(tmp_path / "rolecs-sample"))
    with pytest.raises(DataError, match="is called 'a:c'"):
        parse_source(Path("a:c"))


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_lines(tmp_path / "a.jsonl", row())
    assert parse_source("~/a.jsonl:x") == Source("file", str(tmp_path / "a.jsonl"), part="x")
    assert parse_source("hub:~") == Source("hub", str(tmp_path))


def test_part_and_split_say_the_same(both: Path) -> None:
    expected = sources(read(f"{both}:CSConv"))
    assert expected == ["CSConv-sample", "CSConv"]
    assert sources(read(both, part="CSConv")) == sources(read(both, split="CSConv")) == expected
    assert sources(read(f"{both}:CSConv", split="CSConv", part="CSConv")) == expected
    with pytest.raises(ConfigError, match="part='a' and split='b' mean the same"):
        read(both, part="a", split="b")
    with pytest.raises(DataError, match="two parts are asked for, 'a' and 'b'"):
        read(f"{both}:a", part="b")


def test_in_a_file_the_rows_tell_the_part(both: Path) -> None:
    assert sources(read(both, part="rolecs")) == ["RoleCS", "rolecs/7"]
    assert len(read(both)) == 5


def test_a_part_that_no_row_is_of(both: Path) -> None:
    with pytest.raises(DataError) as caught:
        len(read(f"{both}:Other"))
    assert str(caught.value) == (
        f"{both}:Other: no row is of the part 'Other': no `source` begins with it"
        " (sources here: 'RoleCS', 'CSConv-sample', 'rolecs/7', 'CSConv')"
    )


def test_not_every_source_of_many_is_listed(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", *(row(source=f"source {number}") for number in range(500)))
    with pytest.raises(DataError) as caught:
        len(read(path, part="x"))
    assert str(caught.value).endswith("'source 8', 'source 9')")


def test_rows_that_cannot_tell_their_part_are_not_passed_over(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", row(source="RoleCS"), "oops", row(source=5), row(source="x"))
    corpus = read(path, part="RoleCS", quarantine=tmp_path / "aside")
    assert (len(corpus), corpus.quarantined) == (1, 2)


def test_in_a_folder_the_names_of_files_tell_the_part(folder: Path) -> None:
    everything = ["dev.v2.json.gz", "more/TRAIN.ndjson", "more/test.jsonl", "train.jsonl"]
    assert sources(read(folder)) == everything
    assert sources(read(folder, part="train")) == ["more/TRAIN.ndjson", "train.jsonl"]
    assert sources(read(f"{folder}:dev")) == ["dev.v2.json.gz"]
    with pytest.raises(DataError, match=r"has no part 'd' \(its files are TRAIN, dev, test, train\)"):
        read(folder, part="d")


def test_a_folder_without_data(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    with pytest.raises(DataError, match=r"no data files in this folder \(data files end in \.json, "):
        read(tmp_path)


@pytest.mark.parametrize("source", ["csconv-sample", "csconv-sample:dev", "csconv-sample:test"])
def test_evaluation_samples_are_not_for_training(source: str) -> None:
    with pytest.raises(LeakError) as caught:
        read(source, use="train")
    assert str(caught.value) == (
        f"{source}: CSConv is for evaluation; trained on, it would tell nothing any more"
        " (use RoleCS, rolecs-sample or dialogues of your own)"
    )
    assert len(read(source, use="evaluate")) in (30, 60)


def test_training_samples_are_not_for_evaluation() -> None:
    with pytest.raises(LeakError, match="RoleCS is for training; evaluating on it measures memory"):
        read("rolecs-sample", use="evaluate")
    assert len(read("rolecs-sample", use="train")) == 80


@pytest.mark.parametrize("name", ["CSConv.json", "csconv_zh.jsonl", "my-csconv.2024.json", "CSConv2"])
def test_a_file_called_so_is_refused(tmp_path: Path, name: str) -> None:
    path = write_lines(tmp_path / name, row())
    with pytest.raises(LeakError):
        read(path, use="train")
    assert len(read(path, use="evaluate")) == len(read(path)) == 1


@pytest.mark.parametrize("name", ["xcsconv.json", "conv.json", "rolecs.json", "RoleCS-2.json"])
def test_a_file_called_otherwise_is_not(tmp_path: Path, name: str) -> None:
    assert len(read(write_lines(tmp_path / "csconv" / ".." / name, row()), use="train")) == 1


@pytest.fixture(autouse=True)
def _folder_called_csconv(tmp_path: Path) -> None:
    (tmp_path / "csconv").mkdir(exist_ok=True)


def test_names_of_folders_count_where_those_of_files_say_nothing(tmp_path: Path) -> None:
    write_lines(tmp_path / "csconv" / "a.jsonl", row())
    with pytest.raises(LeakError):
        read(tmp_path / "csconv", use="train")
    with pytest.raises(LeakError):
        read(tmp_path, use="train")
    (tmp_path / "csconv" / "a.jsonl").rename(tmp_path / "csconv" / "rolecs.jsonl")
    assert len(read(tmp_path / "csconv", use="train")) == 1
    with pytest.raises(LeakError):
        read(tmp_path / "csconv", use="evaluate")


def test_a_name_that_says_both_is_for_neither(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "rolecs-and-csconv.jsonl", row(source="RoleCS"), row(source="CSConv"))
    for use in ("train", "evaluate"):
        with pytest.raises(LeakError):
            read(path, use=use)
    assert sources(read(path, part="RoleCS", use="train")) == ["RoleCS"]
    assert sources(read(path, part="CSConv", use="evaluate")) == ["CSConv"]
    with pytest.raises(LeakError):
        read(path, part="CSConv", use="train")


def test_rows_that_say_so_are_refused_where_they_stand(both: Path, tmp_path: Path) -> None:
    conversations = iter(read(both, use="train", quarantine=tmp_path / "aside"))
    assert next(conversations).source == "RoleCS"
    with pytest.raises(LeakError, match=r"all\.jsonl:2: CSConv is for evaluation"):
        next(conversations)
    with pytest.raises(LeakError, match=r"all\.jsonl:1: RoleCS is for training"):
        len(read(both, use="evaluate"))
    assert len(read(both, part="RoleCS", use="train")) == 2


def test_bad_rows_do_not_slip_past(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", {"source": "CSConv", "dialogue": []})
    with pytest.raises(LeakError):
        len(read(path, use="train", quarantine=tmp_path / "aside"))


def test_an_unknown_use(both: Path) -> None:
    with pytest.raises(ConfigError, match=r"use='test' is unknown \(it is 'train' or 'evaluate'\)"):
        read(both, use="test")  # type: ignore[arg-type]
