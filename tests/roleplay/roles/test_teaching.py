"""Examples for roles from a corpus, and roles compiled on them."""

from __future__ import annotations

from pathlib import Path

import dspy
import pytest

import csc_dspy as csc
from csc_dspy.exceptions import ConfigError
from csc_dspy.lm import using
from csc_dspy.roleplay import examples
from csc_dspy.roleplay.roles import (
    Customer,
    CustomerAssistant,
    CustomerSide,
    Planner,
    RoleModule,
    Supporter,
    SupporterAssistant,
    SupporterSide,
)
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy

COPC = load_taxonomy()


def taught(kind: type[RoleModule], language: Language, source: str = "rolecs-sample") -> list[dspy.Example]:
    return [*examples(kind(COPC, language), csc.read(source))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [Planner, SupporterAssistant, Supporter, SupporterSide])
def test_they_have_all_that_the_role_asks_and_answers(kind: type[RoleModule], language: Language) -> None:
    found = taught(kind, language)
    signature = kind(COPC, language).act.signature
    for each in found:
        assert set(each.inputs().keys()) == set(signature.input_fields)
        assert set(each.labels().keys()) == set(signature.output_fields)
        assert all(each[name] for name in signature.output_fields)
    conversations = [*csc.read("rolecs-sample", language=language)]
    turns = sum(1 for each in conversations for _ in each.supporter_turns())
    if kind is Planner:
        assert len(found) == len(conversations)
    else:
        # The samples were not played by the rules.
        assert 0.8 * turns < len(found) < turns


def test_what_the_rules_forbid_is_not_taught() -> None:
    conversation = next(each for each in csc.read("rolecs-sample") if each.id == "rolecs-en-001")
    first, *rest = conversation.dialogue
    farewell = first.model_copy(update={"strategy": COPC.strategy("AC")})
    role = SupporterAssistant(COPC, "en")
    whole, broken = [
        [*examples(role, [each])] for each in (conversation, conversation.with_turns([farewell, *rest]))
    ]
    assert (whole[0].conversation, whole[0].allowed, whole[0].strategy) == ("", "Greeting", "Greeting")
    assert all(each.conversation for each in broken)


@pytest.mark.parametrize("kind", [Customer, CustomerAssistant, CustomerSide])
def test_what_one_told_the_other_is_not_known(kind: type[RoleModule]) -> None:
    with pytest.raises(ConfigError, match="no corpus has the directions"):
        taught(kind, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_role_learns_from_them(language: Language, tmp_path: Path) -> None:
    found = taught(SupporterAssistant, language)
    learned, asked = found[:-40], found[-40:]

    def right(role: dspy.Module) -> int:
        with using("embedded"):
            return sum(role(**each.inputs()).strategy == each.strategy for each in asked)

    plain = SupporterAssistant(COPC, language)
    compiled = dspy.LabeledFewShot(k=100).compile(plain.deepcopy(), trainset=learned)
    compiled.save(tmp_path / "supporter_assistant.json")
    assert right(compiled) > right(plain)


def test_a_corpus_of_ones_own_teaches_too(tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    csc.roleplay(out, count=2, language="en", lm="embedded")
    found = taught(Planner, "en", str(out))
    assert all(each.profile.startswith("You") for each in found)
    assert {each.industry for each in found} - {"some line of business"}
