"""Questions about transcripts: what is remembered of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from csc_dspy.exceptions import AnswerError
from csc_dspy.journal import Journal
from csc_dspy.lm import using
from csc_dspy.rewriting.asking import Asking
from csc_dspy.signatures import prefilter_call
from tests.support.behaviours import says
from tests.support.openai_server import LLMServer

QUESTION = prefilter_call("zh")
INPUTS = {"conversation": "1. 客户：您好"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", {}, resume=False) as journal:
        yield journal


def test_an_answer_is_asked_for_once(llm_server: LLMServer, journal: Journal) -> None:
    with using("openai/test", api_base=llm_server.url, cache=False):
        first = asyncio.run(Asking(journal).fields(QUESTION, INPUTS))
        assert asyncio.run(Asking(journal).fields(QUESTION, INPUTS)) == first
        assert len(llm_server.requests) == 1
        asyncio.run(Asking(journal).fields(QUESTION, {"conversation": "1. 客户：再见"}))
        asyncio.run(Asking(journal).fields(prefilter_call("en"), INPUTS))
    assert (len(llm_server.requests), len(journal)) == (3, 3)
    assert first["no_abuse"] in {"是", "否"}


@pytest.mark.parametrize(("final", "asked_again"), [(True, 0), (False, 2)])
def test_an_unreadable_answer_is_remembered_where_it_decides(
    llm_server: LLMServer,
    journal: Journal,
    final: bool,
    asked_again: int,
) -> None:
    llm_server.usually(says("no idea"))
    with using("openai/test", api_base=llm_server.url, cache=False):
        for _ in range(2):
            with pytest.raises(AnswerError, match="cannot be read"):
                asyncio.run(Asking(journal).fields(QUESTION, INPUTS, final=final))
    # An answer that cannot be read is asked for once more at once.
    assert len(llm_server.requests) == 2 + asked_again
