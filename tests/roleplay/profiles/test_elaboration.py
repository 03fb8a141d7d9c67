"""Descriptions by a language model, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from csc_dspy.exceptions import LMError
from csc_dspy.journal import Journal
from csc_dspy.lm import using
from csc_dspy.roleplay import Profile
from csc_dspy.roleplay.profiles import generate, seeds
from csc_dspy.roleplay.profiles.elaborating import CustomerDescriber, Elaboration, facts_of, is_of
from csc_dspy.roleplay.profiles.numbers import names_age
from tests.roleplay.describing import DESCRIBES, fields
from tests.support.behaviours import fails, says
from tests.support.openai_server import LLMServer

PROFILE = replace(next(generate(1, "en")), age=34, occupation="fish smoker")


def elaborated(server: LLMServer, profiles: list[Profile], elaboration: Elaboration) -> list[Profile]:
    with using("openai/test", api_base=server.url, cache=False):
        return [*elaboration.elaborate_all(profiles, concurrency=4)]


def test_descriptions_are_those_of_the_language_model(llm_server: LLMServer) -> None:
    llm_server.usually(DESCRIBES)
    profiles = [*seeds("zh")[:6], *seeds("en")[:6]]
    elaboration = Elaboration()
    found = elaborated(llm_server, profiles, elaboration)
    assert [replace(each, description="") for each in found] == [
        replace(each, description="") for each in profiles
    ]
    assert found[0].description == "你是退休码头工人，71岁，每天都很忙。"
    assert found[6].description == "You are 71 and a retired dockworker, and busy all day."
    assert (elaboration.written, elaboration.refused) == (12, 0)


def test_one_that_lost_its_facts_is_not_taken(llm_server: LLMServer) -> None:
    llm_server.usually(says(fields("You are a busy person of 43, a fish smoker.")))
    elaboration = Elaboration()
    assert elaborated(llm_server, [PROFILE], elaboration) == [PROFILE]
    assert (elaboration.written, elaboration.refused) == (0, 1)


def test_what_cannot_be_read_leaves_the_profile(llm_server: LLMServer) -> None:
    llm_server.usually(says("no"))
    elaboration = Elaboration()
    assert elaborated(llm_server, [PROFILE], elaboration) == [PROFILE]
    assert elaboration.refused == 1


def test_a_call_that_fails_for_good_leaves_the_profile_and_is_made_again(
    llm_server: LLMServer, tmp_path: Path
) -> None:
    profiles = [*generate(4, "zh")]
    llm_server.script(fails(400, "this prompt is not for me"))
    llm_server.usually(DESCRIBES)
    with Journal(tmp_path / "journal", {}, resume=False) as journal:
        elaboration = Elaboration(journal)
        found = elaborated(llm_server, profiles, elaboration)
        assert (elaboration.written, elaboration.refused, elaboration.failed) == (3, 0, 1)
        assert len(set(found) & set(profiles)) == 1
        llm_server.requests.clear()
        again = Elaboration(journal)
        assert set(elaborated(llm_server, profiles, again)).isdisjoint(profiles)
    assert (again.written, again.failed, len(llm_server.requests)) == (4, 0, 1)


def test_an_error_that_every_call_would_meet_is_raised(llm_server: LLMServer) -> None:
    llm_server.usually(fails(401, "no such key", "invalid_api_key"))
    with pytest.raises(LMError, match="no such key"):
        elaborated(llm_server, [*generate(50, "en")], Elaboration())
    assert len(llm_server.requests) <= 4


def test_a_journal_keeps_every_answer(llm_server: LLMServer, tmp_path: Path) -> None:
    llm_server.usually(DESCRIBES)
    profiles = [*generate(8, "en")]
    with Journal(tmp_path / "journal", {}, resume=False) as journal:
        first = elaborated(llm_server, profiles[:5], Elaboration(journal))
    assert len(llm_server.requests) == 5
    with Journal(tmp_path / "journal", {}, resume=True) as journal:
        again = elaborated(llm_server, profiles[::-1], Elaboration(journal))
    assert len(llm_server.requests) == 8
    assert again[::-1][:5] == first


def test_a_describer_is_a_module_with_demonstrations(llm_server: LLMServer) -> None:
    import dspy

    describer = CustomerDescriber("en")
    describer.describe.demos = [
        dspy.Example(facts="age: 9", description="You are a marmot.").with_inputs("facts")
    ]
    llm_server.usually(DESCRIBES)
    with using("openai/test", api_base=llm_server.url, cache=False):
        assert describer(facts=facts_of(PROFILE)).description.startswith("You are 34")
    elaborated(llm_server, [PROFILE], Elaboration(describers={"en": describer}))
    assert all("marmot" in str(request.body) for request in llm_server.requests)


@pytest.mark.parametrize(
    ("description", "kept"),
    [
        ("You are a fish smoker of 34.", True),
        ("You're thirty-four, a Fish Smoker.", True),
        ("You are a fish smoker.", False),
        ("You are a smoker of 34.", False),
        ("A fish smoker of 34 lives by the sea.", False),
        ("你是34岁的 fish smoker，住在海边。", False),
        ("", False),
        ("You are a fish smoker of 34. " * 100, False),
    ],
)
def test_what_makes_a_description_one_of_the_customer(description: str, kept: bool) -> None:
    assert is_of(description, PROFILE) is kept


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (18, "eighteen"),
        (30, "you are thirty years old"),
        (42, "forty-two"),
        (42, "Forty two"),
        (99, "ninety-nine"),
        (10, "十岁"),
        (18, "今年十八岁"),
        (30, "三十岁"),
        (42, "四十二"),
        (42, "42岁"),
    ],
)
def test_ages_in_words(age: int, text: str) -> None:
    assert [each for each in range(10, 100) if names_age(text, each)] == [age]


def test_facts_are_what_is_known() -> None:
    profile = replace(PROFILE, temper="", region="a <port>")
    facts = facts_of(profile).splitlines()
    assert facts[:2] == ["age: 34", "occupation: fish smoker"]
    assert "region: a <port>" in facts
    assert not [each for each in facts if each.startswith("temper")]
    assert facts_of(seeds("zh")[0]).splitlines()[0] == "年龄：71"
