"""The judge over real HTTP: verdicts, thresholds, and answers that are none."""

from __future__ import annotations

import asyncio
import json

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm import CallError, using
from csc_dspy.roleplay._base import Played
from csc_dspy.roleplay.quality import Judge, Verdict
from csc_dspy.signatures import ROLE_PLAY_CRITERIA
from csc_dspy.taxonomy import Language
from tests.roleplay.played import COPC, good
from tests.support.behaviours import fails, says
from tests.support.openai_server import LLMServer

NAMES = [each.id for each in ROLE_PLAY_CRITERIA]


def answer(*met: bool) -> str:
    return "\n\n".join(
        f"[[ ## {each.reason} ## ]]\nturn 3\n\n[[ ## {each.id} ## ]]\n{'yes' if verdict else 'no'}"
        for each, verdict in zip(ROLE_PLAY_CRITERIA, met, strict=True)
    )


def judged(server: LLMServer, threshold: int = 5, one: Played | None = None) -> Verdict:
    with using("openai/test", api_base=server.url, cache=False):
        return asyncio.run(Judge(COPC, threshold=threshold).judge(one or good("en")))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_judge_is_told_the_situation_and_every_turn(llm_server: LLMServer, language: Language) -> None:
    llm_server.usually(says(answer(True, True, True, True, True)))
    verdict = judged(llm_server, one=good(language))
    assert verdict.flaws == []
    (request,) = llm_server.requests
    prompt = json.dumps(request.json, ensure_ascii=False)
    assert good(language).scenario.goal in prompt
    assert good(language).turns[-1].text[:10] in prompt


def test_all_five_have_to_be_met_unless_told_otherwise(llm_server: LLMServer) -> None:
    llm_server.usually(says(answer(True, False, True, True, False)))
    flaws = judged(llm_server).flaws
    assert [flaw.reason for flaw in flaws] == [NAMES[1], NAMES[4]]
    assert {flaw.detail for flaw in flaws} == {"turn 3"}
    assert judged(llm_server, threshold=3).flaws == []
    assert len(judged(llm_server, threshold=4).flaws) == 2


@pytest.mark.parametrize("threshold", [-1, 6])
def test_a_threshold_that_fits_no_criteria_is_refused(threshold: int) -> None:
    with pytest.raises(ConfigError, match="does not fit 5 criteria"):
        Judge(COPC, threshold=threshold)


def test_an_unreadable_verdict_is_asked_for_again(llm_server: LLMServer) -> None:
    good_answer = answer(True, True, True, True, True)
    llm_server.script(*[says("I'd rather not say.")] * 2)
    llm_server.usually(says(good_answer))
    verdict = judged(llm_server)
    assert verdict.judgement is not None
    assert verdict.flaws == []
    assert len(llm_server.requests) > 1


def test_what_stays_unreadable_has_not_passed(llm_server: LLMServer) -> None:
    llm_server.usually(says("perhaps"))
    verdict = judged(llm_server, threshold=0)
    assert verdict.judgement is None
    assert [flaw.reason for flaw in verdict.flaws] == ["unjudged"]


def test_a_server_that_fails_this_once_has_not_passed_it_either(llm_server: LLMServer) -> None:
    llm_server.usually(fails(400, "the prompt is too long", "context_length_exceeded"))
    verdict = judged(llm_server)
    assert [flaw.reason for flaw in verdict.flaws] == ["unjudged"]
    assert len(llm_server.requests) == 1


def test_what_a_verdict_depends_on_is_told() -> None:
    one, other = Judge(COPC, threshold=4).identity, Judge(COPC, "zh").identity
    assert one["threshold"] == 4
    assert one["content"] != other["content"]
    assert Judge(COPC, threshold=4).identity == one


def test_a_wrong_key_ends_the_run(llm_server: LLMServer) -> None:
    llm_server.usually(fails(401))
    with pytest.raises(CallError):
        judged(llm_server)


def test_a_verdict_comes_back_from_a_journal() -> None:
    for verdict in (Verdict(5, error="no verdict"), Verdict(4)):
        assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict
