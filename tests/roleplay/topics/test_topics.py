"""Topics, industries and difficulties, packaged and of one's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay import DIFFICULTIES
from csc_dspy.roleplay.topics import difficulties, difficulty_names, industries, load_scenes, topics

CHINESE = re.compile(r"[\u4e00-\u9fff]")
OWN = """\
[[topics]]
id = "lost_property"
name = { en = "Lost property", zh = "失物招领" }
definition = { en = "Something was left behind.", zh = "东西落下了。" }

[[topics]]
id = "timetable"
name = { en = "Timetables", zh = "时刻表" }
definition = { en = "When something leaves.", zh = "几点发车。" }
"""


def test_the_seven_of_the_paper() -> None:
    assert [each.name.zh for each in topics()] == [
        *("产品咨询", "营销与推广活动", "账户和交易管理", "财务咨询与规划"),
        *("风险管理与安全", "投诉与纠纷解决", "技术支持与在线服务"),
    ]
    for each in topics():
        assert CHINESE.search(each.definition.zh)
        assert not CHINESE.search(each.name.en + each.definition.en)
    assert len({each.id for each in industries()}) >= 10
    assert difficulties() == DIFFICULTIES == tuple(difficulty_names())


@pytest.mark.parametrize(
    "name",
    ["risk_security", "Risk security", "RISK MANAGEMENT AND SECURITY", "风险管理与安全", "Risk-Security"],
)
def test_names_in_any_spelling(name: str) -> None:
    (found,) = topics([name])
    assert found.id == "risk_security"


def test_the_order_is_that_of_the_names() -> None:
    assert [each.id for each in industries(["旅行与住宿", "banking", "travel"])] == [
        "travel",
        "banking",
    ]
    assert difficulties(["困难", "easy"]) == ("hard", "easy")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["complaint_disputes"],
            "--topics: 'complaint_disputes' is not among what there is (did you mean 'complaint_dispute'?)",
        ),
        (["产品咨讯"], "did you mean '产品咨询'?"),
        (["Marketing and promotion"], "did you mean 'Marketing and promotions'?"),
        (["risk_security", "x"], "there are product_inquiry, "),
        ([""], "there are product_inquiry, "),
    ],
)
def test_unknown_names(names: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        topics(names)
    assert said in str(error.value)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    assert [each.id for each in topics(file=path)] == ["lost_property", "timetable"]
    assert topics(["失物招领"], file=path)[0].definition.en == "Something was left behind."
    assert industries(file=path) == industries()
    assert load_scenes(path).topics[1].name.zh == "时刻表"


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (OWN.replace('id = "timetable"\n', ""), 6, "topics.2.id: Field required"),
        (OWN.replace("timetable", "lost_property"), 6, "'lost_property' names two of its topics"),
        (OWN.replace("时刻表", "失物招领"), 6, "'失物招领' names two of its topics"),
        (OWN.replace('"timetable"', '"Time table"'), 6, "topics.2.id: "),
        (OWN + "colour = 3\n", 6, "topics.2.colour: "),
        (OWN + "[[industry]]\n", 10, "industry: "),
        ("topics = [}", 1, "is not TOML"),
        ("", None, "has neither [[topics]] nor [[industries]]"),
        (OWN + '[[industries]]\nid = "x"\nname = { en = "X" }\n', 10, "industries.1.name.zh: Field required"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, content: str, line: int | None, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_scenes(path)
    assert str(error.value).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert said in str(error.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        topics(file=tmp_path / "none.toml")
