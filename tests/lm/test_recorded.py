"""The record of a run: every paid answer is on disk before it is used, and is paid for once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from csc_dspy import connect
from csc_dspy.exceptions import BudgetError, DataError
from csc_dspy.lm import Budget, Price
from csc_dspy.lm.recorded import Record
from tests.support.behaviours import fails, slow
from tests.support.engines import new_request
from tests.support.openai_server import LLMServer

PRICE = Price(1.0, 2.0)


class Run:
    """A language model with a record, as one process of a run has it."""

    def __init__(self, server: LLMServer, path: Path, **limits: int) -> None:
        self.budget = Budget(**limits)
        self.record = Record(path, self.budget)
        self.lm = connect(
            "openai/test",
            api_base=server.url,
            cache=False,
            budget=self.budget,
            price=PRICE,
            record=self.record,
        )

    def ask(self, text: str, **config: object) -> str:
        answer: str = self.lm.engine.complete(new_request(text, model="openai/test", **config)).text
        return answer

    async def aask(self, text: str) -> str:
        request = new_request(text, model="openai/test")
        answer: str = (await self.lm.engine.asynchronous.complete(request)).text
        return answer

    def close(self) -> None:
        self.lm.engine.close()
        self.record.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "answers.jsonl"


@pytest.fixture
def first(llm_server: LLMServer, path: Path) -> Iterator[Run]:
    run = Run(llm_server, path)
    yield run
    run.close()


def test_answers_are_on_disk_at_once(llm_server: LLMServer, first: Run, path: Path) -> None:
    said = first.ask("one")
    # Not closed: as if it were killed now.
    second = Run(llm_server, path)
    assert second.ask("one") == said
    assert len(llm_server.requests) == 1
    assert len(path.read_bytes().splitlines()) == 2
    assert path.parent.stat().st_mode & 0o077 == 0
    second.close()


def test_what_was_paid_before_counts(llm_server: LLMServer, first: Run, path: Path) -> None:
    for text in ("one", "two"):
        first.ask(text)
    before = first.budget.usage
    assert before.usd > 0
    second = Run(llm_server, path, max_calls=3)
    usage = second.budget.usage
    for name in ("calls", "input_tokens", "output_tokens", "usd", "unpriced_answers"):
        assert getattr(usage, name) == getattr(before, name), name
    assert [second.ask(text) for text in ("two", "one", "three")] == [
        first.ask(text) for text in ("two", "one", "three")
    ]
    with pytest.raises(BudgetError):
        second.ask("four")
    second.close()


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_same_is_asked_once(llm_server: LLMServer, first: Run, temperature: float) -> None:
    llm_server.usually(slow(0.05))
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: first.ask("one", temperature=temperature), range(8)))
    assert len(answers) == len(llm_server.requests) == first.budget.usage.calls == 1
    # Another seed is another question.
    first.ask("one", temperature=temperature, seed=1)
    assert len(llm_server.requests) == 2


def test_in_event_loops_too(llm_server: LLMServer, first: Run, path: Path) -> None:
    async def ask_all(run: Run) -> list[str]:
        return await asyncio.gather(*(run.aask(text) for text in ("one", "two", "one", "two")))

    answers = asyncio.run(ask_all(first))
    second = Run(llm_server, path)
    assert asyncio.run(ask_all(second)) == answers
    assert len(llm_server.requests) == 2
    second.close()


def test_failures_are_not_kept(llm_server: LLMServer, first: Run) -> None:
    llm_server.script(fails(400, "not now"))
    with pytest.raises(Exception, match="not now"):
        first.ask("one")
    assert first.ask("one")
    assert len(llm_server.requests) == 2
    assert len(first.record) == 1


def test_a_line_that_a_kill_cut_short(llm_server: LLMServer, first: Run, path: Path) -> None:
    said = [first.ask(text) for text in ("one", "two")]
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    second = Run(llm_server, path)
    assert len(second.record) == 1
    assert [second.ask(text) for text in ("one", "two")] == said
    assert len(llm_server.requests) == 3
    second.close()


def test_an_answer_that_is_none(llm_server: LLMServer, first: Run, path: Path) -> None:
    first.ask("one")
    header, line = path.read_text().splitlines()
    entry = json.loads(line)
    entry["entry"]["response"] = {"nothing": 1}
    path.write_text(f"{header}\n{json.dumps(entry)}\n")
    second = Run(llm_server, path)
    with pytest.raises(DataError, match="holds an answer that cannot be read"):
        second.ask("one")
    second.close()
