"""Profiles of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.exceptions import CSCError, DataError, OutputError
from csc_dspy.roleplay.profiles import read_profiles

DIVER = {"age": 31, "occupation": "commercial diver", "temper": "calm under pressure", "region": "a port"}


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_forms_say_the_same(tmp_path: Path) -> None:
    as_lines = lines(tmp_path / "a.jsonl", DIVER)
    as_list = tmp_path / "a.json"
    as_list.write_text(json.dumps([DIVER], indent=1))
    as_table = tmp_path / "a.csv"
    as_table.write_text(
        "\ufeffAge, Occupation,temper,region\n31,commercial diver,calm under pressure,a port\n\n"
    )
    as_tabs = tmp_path / "a.TSV"
    as_tabs.write_text("age\toccupation\ttemper\tregion\n31\tcommercial diver\tcalm under pressure\ta port\n")
    found = {read_profiles(path) for path in (as_lines, as_list, as_table, as_tabs)}
    assert len(found) == 1
    (profile,) = found.pop()
    assert (profile.age, profile.occupation, profile.language) == (31, "commercial diver", "en")
    assert (profile.emotion, profile.channel) == ("", "")
    assert "commercial diver" in profile.description
    assert "calm under pressure" in profile.description
    assert profile.id.startswith("own-")


def test_keys_may_be_chinese(tmp_path: Path) -> None:
    path = tmp_path / "客户.csv"
    path.write_text(
        "年龄,职业,性格,说话方式,与公司的关系\n45,养蜂人,慢性子,简短,老客户\n", encoding="utf-8-sig"
    )
    (profile,) = read_profiles(path)
    assert profile.language == "zh"
    assert (profile.occupation, profile.speaking_style, profile.relation) == ("养蜂人", "简短", "老客户")
    assert "养蜂人" in profile.description
    assert "45岁" in profile.description


def test_what_is_written_stays_as_it_is(tmp_path: Path) -> None:
    row = {**DIVER, "id": "d & d", "description": 'You are 31 <b>"tough"</b> & a commercial diver.\n'}
    (profile,) = read_profiles(lines(tmp_path / "a.jsonl", row))
    assert profile.id == "d & d"
    assert profile.description == 'You are 31 <b>"tough"</b> & a commercial diver.'


def test_languages(tmp_path: Path) -> None:
    rows = [DIVER, {**DIVER, "language": "zh-CN"}, {"age": 30, "occupation": "护士"}]
    path = lines(tmp_path / "a.jsonl", *rows)
    assert [each.language for each in read_profiles(path)] == ["en", "zh", "zh"]
    assert [each.language for each in read_profiles(path, language="en")] == ["en", "zh", "en"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"age": 31}, "'occupation' is missing"),
        ({**DIVER, "age": "old"}, "age: "),
        ({**DIVER, "age": 0}, "age: "),
        ({**DIVER, "ocupation": "diver"}, "'ocupation' is no key of a profile (did you mean 'occupation'?"),
        ({**DIVER, "年龄": 31}, "'年龄' is no key"),
        ({**DIVER, "language": "Klingon"}, "'Klingon' is no language"),
        ({**DIVER, "occupation": "  "}, "'occupation' is missing"),
        ({**DIVER, "temper": ["calm"]}, "temper: "),
        (["diver"], "is no object"),
    ],
)
def test_the_first_bad_row_is_an_error(tmp_path: Path, row: Any, said: str) -> None:  # noqa: ANN401  any JSON
    path = lines(tmp_path / "a.jsonl", {**DIVER, "age": 40}, row)
    with pytest.raises(DataError) as error:
        read_profiles(path)
    assert str(error.value).startswith(f"{path}:2: ")
    assert said in str(error.value)


def test_bad_rows_are_set_aside_with_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        'age,occupation,description\n31,diver,"You are a diver,\nand 31."\n'
        "old,diver,\n32,cook,x,y\n33,cook,\n31,,\n"
    )
    aside = tmp_path / "bad.jsonl"
    assert [each.age for each in read_profiles(path, quarantine=aside)] == [31, 33]
    bad = [json.loads(line) for line in aside.read_text().splitlines()]
    assert [each["line"] for each in bad] == [4, 5, 7]
    assert [each["problems"][0]["problem"].split(":")[0] for each in bad] == [
        "age",
        "has more cells than there are columns",
        "'occupation' is missing",
    ]
    assert bad[0]["row"] == {"age": "old", "occupation": "diver", "description": ""}
    assert bad[1]["raw"] == "32,cook,x,y"


def test_ids_are_used_once(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", DIVER, {**DIVER, "age": 32}, DIVER)
    with pytest.raises(DataError, match=r":3: the id 'own-\w+' was used before, in line 1"):
        read_profiles(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "holds no profiles"),
        ("a.csv", b"age,occupation\n", "holds no profiles"),
        ("a.csv", b"age,occupation\n31,\xff\n", "is not UTF-8"),
        ("a.csv", b'age,occupation\n31,"diver\n', "is no table"),
        ("a.jsonl", b"{", "is not JSON"),
        ("b.csv", None, "cannot be read"),
        ("b.json", None, "b.json"),
    ],
)
def test_files_without_profiles(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CSCError) as error:
        read_profiles(path)
    assert said in str(error.value)


def test_bad_rows_do_not_go_over_the_good_ones(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", DIVER)
    with pytest.raises(OutputError, match="is the input itself"):
        read_profiles(path, quarantine=path)
    assert len(read_profiles(path)) == 1
