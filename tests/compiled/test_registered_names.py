"""What a registered name means: the program that comes compiled for the language model, or the bare one."""

from __future__ import annotations

import json

import pytest

from csc_dspy.choosing import Programs
from csc_dspy.compiled import load
from csc_dspy.programs import create
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.conftest import CSC


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_packaged_one_is_for_its_language_model_alone(language: Language) -> None:
    packaged = load("stage-tracker", language=language, packaged=True).dump_state()
    found = Programs("stage-tracker", lm="embedded").in_language(language)
    assert found.dump_state() == packaged
    bare = create("stage-tracker", found.options).dump_state()
    assert bare != packaged
    for others in (
        Programs("stage-tracker"),
        Programs("stage-tracker", lm="openai/gpt-5"),
        Programs("stage-tracker", lm="embedded", uncompiled=True),
    ):
        assert others.in_language(language).dump_state() == bare


def test_another_taxonomy_has_no_packaged_one() -> None:
    programs = Programs("stage-tracker", lm="embedded", taxonomy=load_taxonomy("esconv"))
    assert programs.in_language("en").compiled_for is None


def test_journals_tell_them_apart() -> None:
    compiled = Programs("stage-tracker", lm="embedded").identity
    bare = Programs("stage-tracker", lm="embedded", uncompiled=True).identity
    assert compiled != bare
    assert compiled == Programs("stage-tracker", lm="embedded").identity


def test_what_can_be_changed_afterwards() -> None:
    programs = Programs("stage-tracker", lm="embedded", history_tokens=9, unlabelled="unknown")
    for language in LANGUAGES:
        options = programs.in_language(language).options
        assert (options.history_tokens, options.unlabelled) == (9, "unknown")


def test_on_the_command_line(csc: CSC) -> None:
    history = {"language": "en", "dialogue": [{"speaker": "customer", "text": "My card was swallowed!"}]}
    answers = [
        json.loads(
            csc("reply", "--program", "strategy-predictor", *args, input=f"{json.dumps(history)}\n").stdout
        )
        for args in ((), ("--uncompiled",))
    ]
    sure = [max(answer["strategy_probabilities"].values()) for answer in answers]
    # Without demonstrations nothing speaks for any strategy in particular.
    assert sure[0] > sure[1]
