"""Customers gathered from every source, written and surveyed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError, CSCError, OutputError
from csc_dspy.lm import using
from csc_dspy.roleplay import Profile
from csc_dspy.roleplay.profiles import coverage, customers, generate, read_profiles, seeds
from csc_dspy.roleplay.profiles.preparing import require_writer
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.roleplay.describing import DESCRIBES
from tests.support.behaviours import fails
from tests.support.openai_server import LLMServer


def undescribed(profiles: list[Profile]) -> list[Profile]:
    return [replace(each, description="") for each in profiles]


def test_generated_ones_take_turns() -> None:
    found = customers("7", seed=3)
    chinese, english = generate(4, "zh", seed=3), generate(3, "en", seed=3)
    assert found.count == 7
    assert [*found.profiles] == [next(chinese if place % 2 == 0 else english) for place in range(7)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_language(language: Language) -> None:
    assert [*customers("5", language=language).profiles] == [*generate(5, language)]
    found = customers("seeds", language=language)
    assert (found.count, tuple(found.profiles)) == (100, seeds(language))


def test_seeds_are_in_both_languages() -> None:
    found = customers("seeds")
    assert (found.count, tuple(found.profiles)) == (200, (*seeds("zh"), *seeds("en")))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    # What is not known stays unknown, and what looks like markup stays as it is.
    own = replace(next(generate(1, "en")), id="a <b> \u2028", temper="", region="“a\tport”")
    file = tmp_path / "own.jsonl"
    file.write_text(json.dumps(own.to_dict()), encoding="utf-8")
    for source, out in ((str(file), "a.jsonl"), ("40", "b.jsonl"), ("seeds", "c.jsonl")):
        prepared = customers(source, seed=1).write(tmp_path / out)
        expected = tuple(customers(source, seed=1).profiles)
        assert read_profiles(tmp_path / out) == expected
        assert prepared.coverage == coverage(expected)
        assert (prepared.elaborated, prepared.refused, prepared.failed) == (0, 0, 0)


def test_looking_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert customers("12").write().counts == {
        "profiles": 12,
        "elaborated": 0,
        "refused": 0,
        "failed": 0,
        "quarantined": 0,
    }
    assert list(tmp_path.iterdir()) == []


def test_bad_rows_are_set_aside(tmp_path: Path) -> None:
    file, aside = tmp_path / "own.csv", tmp_path / "bad.jsonl"
    file.write_text("age,occupation\n45,beekeeper\nold,beekeeper\n31,养蜂人\n", encoding="utf-8")
    found = customers(str(file), quarantine=aside)
    assert (found.count, found.quarantined) == (2, 1)
    assert [each.language for each in found.profiles] == ["en", "zh"]
    assert [json.loads(line)["line"] for line in aside.read_text().splitlines()] == [3]
    assert found.write().quarantined == 1
    with pytest.raises(CSCError, match=r"own\.csv:3|age"):
        customers(str(file))


def test_descriptions_go_on_where_calls_failed(llm_server: LLMServer, tmp_path: Path) -> None:
    out, journal = tmp_path / "out.jsonl", tmp_path / ".out.jsonl.journal"
    llm_server.script(fails(400))
    llm_server.usually(DESCRIBES)
    plain = [*customers("6").profiles]
    with using("openai/test", api_base=llm_server.url, cache=False):
        first = customers("6").elaborate(out, identity={"lm": "a"})
        assert (first.elaborated, first.refused, first.failed) == (5, 0, 1)
        assert journal.exists()
        assert undescribed([*read_profiles(out)]) == undescribed(plain)
        assert len(set(read_profiles(out)) & set(plain)) == 1
        with pytest.raises(ConfigError, match="was not finished, or had failures"):
            customers("6").elaborate(out, identity={"lm": "a"})
        with pytest.raises(ConfigError, match="another lm"):
            customers("6").elaborate(out, identity={"lm": "b"}, resume=True)
        assert len(llm_server.requests) == 6
        second = customers("6").elaborate(out, identity={"lm": "a"}, resume=True)
    assert (second.elaborated, second.failed, len(llm_server.requests)) == (6, 0, 7)
    assert not journal.exists()
    assert set(read_profiles(out)).isdisjoint(plain)


def test_places_that_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    customers("2").write(file)
    with pytest.raises(OutputError, match="is the input itself"):
        customers(str(file), out=file)
    with pytest.raises(OutputError, match="is to be written twice"):
        customers(str(file), out=tmp_path / "x", quarantine=tmp_path / "x")
    with pytest.raises(OutputError, match="is the input itself"):
        customers(str(file), quarantine=file)
    with pytest.raises(OutputError, match="is no regular file"):
        customers("2").elaborate(Path("/dev/null"), identity={})
    with pytest.raises(OutputError, match="is a folder"):
        customers("2").write(tmp_path)
    assert len(read_profiles(file)) == 2


@pytest.mark.parametrize("source", ["0", "sedes", "nowhere.jsonl", "-1"])
def test_sources_that_are_none(source: str) -> None:
    with pytest.raises(CSCError, match=r"neither a file nor a number|no customers to generate"):
        customers(source)


@pytest.mark.parametrize("lm", ["embedded", "embedded/0123"])
def test_the_embedded_engine_cannot_write(lm: str) -> None:
    with pytest.raises(ConfigError, match="cannot write"):
        require_writer(lm)
    require_writer("openai/embedded")
