"""``docs/roleplay-profiles.md`` says what happens."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.lm import using
from csc_dspy.roleplay.planning import Plan
from csc_dspy.roleplay.profiles import POOL, coverage, generate, read_profiles, seeds
from csc_dspy.roleplay.profiles import vocabulary as vocabulary_module
from csc_dspy.roleplay.profiles.vocabulary import vocabulary
from csc_dspy.roleplay.topics import difficulties, industries, topics
from csc_dspy.taxonomy import LANGUAGES
from csc_dspy.toml_text import read
from tests.support.openai_server import LLMServer

MANUAL = (Path(__file__).parents[3] / "docs" / "roleplay-profiles.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


def test_the_first_program_runs() -> None:
    names: dict[str, Any] = {}
    exec(compile(blocks("python")[0], "roleplay-profiles.md", "exec"), names)
    assert names["numbers"].count == 200
    assert names["first"].difficulty == "hard"
    assert coverage(names["customers"]).fields["emotion"].share == 1.0


def test_the_second_program_runs(
    llm_server: LLMServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(blocks("python")[1], "roleplay-profiles.md", "exec"), names)
    with using("openai/test", api_base=llm_server.url, cache=False) as lm:
        found, refused = names["lively"](seeds("en")[:3], lm)
    assert (len(found), refused) == (3, 3)


def test_the_table_is_the_vocabulary() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (\d+) \|$", MANUAL, re.MULTILINE))
    assert {field: int(count) for field, count in rows.items()} == {
        field: len(values) for field, values in vocabulary().values.items()
    }
    assert set(re.findall(r"^\| `(\w+)` \|", MANUAL, re.MULTILINE)) == set(vocabulary().names)
    assert all(f"`{words.zh}`" in MANUAL for words in vocabulary().names.values())


def test_figures() -> None:
    assert f"{POOL:,} customers" in MANUAL
    assert (len(topics()), len(industries()), len(difficulties())) == (7, 11, 3)
    rules = read(Path(vocabulary_module.__file__).with_name("vocabulary.toml")).tables["rules"]
    assert f"and {len(rules)} rules" in MANUAL
    for language in LANGUAGES:
        fields = coverage(generate(500, language, seed=1)).fields
        assert all(each.off_target < 0.02 for name, each in fields.items() if name != "occupation")
    tasks = [*Plan(count=70, language="en").tasks()]
    for begin in range(64):
        assert max(Counter(each.topic.id for each in tasks[begin : begin + 7]).values()) == 1


def test_files_as_they_are_shown(tmp_path: Path) -> None:
    table = tmp_path / "customers.csv"
    table.write_text(blocks("csv")[0])
    assert [each.occupation for each in read_profiles(table)] == ["beekeeper", "commercial diver"]
    scenes = tmp_path / "railway.toml"
    scenes.write_text(blocks("toml")[0], encoding="utf-8")
    assert topics(file=scenes)[0].name.zh == "失物招领"
    assert industries(file=scenes)[0].id == "railway"
