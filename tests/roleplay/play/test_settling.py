"""Dialogues checked and judged, and what the journal keeps of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from csc_dspy.journal import Journal
from csc_dspy.lm import using
from csc_dspy.roleplay import Failed, Played, Rules, Settled, settle
from csc_dspy.roleplay.cast import FastCast
from csc_dspy.roleplay.quality import Judge
from csc_dspy.taxonomy import load_taxonomy
from tests.roleplay.playing_pupil import PlayingPupil
from tests.roleplay.tasks import task
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer

COPC = load_taxonomy()


@pytest.fixture
def pupil() -> PlayingPupil:
    return PlayingPupil()


@pytest.fixture
def server(llm_server: LLMServer, pupil: PlayingPupil) -> LLMServer:
    llm_server.usually(pupil.behaviour())
    return llm_server


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", {}, resume=False) as journal:
        yield journal


def settled(server: LLMServer, journal: Journal | None = None, *, judged: bool = True) -> Settled:
    server.requests.clear()
    with using("openai/test", api_base=server.url, cache=False):
        judge = Judge(COPC) if judged else None
        return asyncio.run(settle(task(), FastCast(COPC, "en", {}), Rules(COPC), judge, journal))


def test_the_judge_has_the_last_word(server: LLMServer, pupil: PlayingPupil, journal: Journal) -> None:
    good = settled(server, journal)
    assert isinstance(good.result, Played)
    assert (good.flaws, good.result.calls) == ([], len(server.requests))
    assert good.verdict is not None
    assert list(journal) == [task().key]
    again = settled(server, journal)
    assert (again, server.requests) == (good, [])
    pupil.unmet = lambda _question: True
    bad = settled(server)
    assert [flaw.reason for flaw in bad.flaws][:2] == ["strategy_adherence", "unreasonable_needs"]
    assert settled(server, judged=False).verdict is None


def test_a_dialogue_without_a_verdict_is_not_settled(
    server: LLMServer, pupil: PlayingPupil, journal: Journal
) -> None:
    def refuses(asked: object) -> str | None:
        assert isinstance(asked, dict)
        return "no" if "naturalness" in str(asked["messages"]) else pupil.reply(asked)

    server.usually(Behaviour(reply=refuses))
    failed = settled(server, journal)
    assert isinstance(failed.result, Failed)
    assert failed.result.reason == "unjudged"
    played = len(journal)
    assert played == failed.result.calls
    server.usually(pupil.behaviour())
    mended = settled(server, journal)
    assert isinstance(mended.result, Played)
    assert (len(server.requests), mended.result.calls) == (1, played + 1)


def test_what_is_flawed_is_not_judged(server: LLMServer, pupil: PlayingPupil) -> None:
    pupil.leaves_after = 1
    short = settled(server)
    assert "too_short" in [flaw.reason for flaw in short.flaws]
    assert not pupil.asked["strategy_adherence_reason"]
