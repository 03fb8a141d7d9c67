"""One program object under many threads and tasks answers as it does alone; language models do not mix."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from typing import Any

import dspy
import pytest

from csc_dspy.programs import Program, SupportPrediction
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer, running
from tests.support.programs import FEW_CASES, Case, call, impatient, last

THREADS = 32
TASKS = 200
# What differs between programs is how many steps they take.
BUSY = [case for case in FEW_CASES if case.name in {"support-agent", "support-agent-joint"}]


def histories(case: Case, count: int) -> list[list[dict[str, str]]]:
    """Histories that differ; every third has a label to be found first."""
    greeting, _ = case.history
    bare = {**greeting, "strategy": ""}
    return [
        [greeting if number % 3 else bare, {"speaker": "customer", "text": f"No {number}!"}]
        for number in range(count)
    ]


def fingerprint(answer: SupportPrediction) -> tuple[Any, ...]:
    return answer.row(), answer.usage, answer.history


@pytest.mark.parametrize("case", BUSY, ids=str)
def test_threads(llm_server: LLMServer, case: Case) -> None:
    program = case.program()
    with impatient(llm_server) as lm:
        asked = histories(case, 2 * THREADS)
        alone = [fingerprint(call(program, history=history, **case.inputs)) for history in asked]
        adapter = dspy.settings.adapter

    def ask(number: int) -> tuple[Any, ...]:
        with dspy.context(lm=lm, adapter=adapter):
            inputs = {"history": asked[number], **case.inputs}
            if number % 2:
                return fingerprint(call(program, **inputs))
            with closing(program.stream(**inputs)) as items:
                return fingerprint(last(list(items)))

    with impatient(llm_server) as lm, ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(ask, range(len(asked)))) == alone


@pytest.mark.parametrize("case", BUSY, ids=str)
def test_tasks(llm_server: LLMServer, case: Case) -> None:
    program = case.program()
    asked = histories(case, TASKS)

    async def ask(number: int) -> tuple[Any, ...]:
        inputs = {"history": asked[number], **case.inputs}
        if number % 2:
            return fingerprint(await program.acall(**inputs))
        async with aclosing(program.astream(**inputs)) as items:
            return fingerprint(last([item async for item in items]))

    async def all_at_once() -> list[tuple[Any, ...]]:
        return await asyncio.gather(*map(ask, range(TASKS)))

    with impatient(llm_server):
        alone = [fingerprint(call(program, history=history, **case.inputs)) for history in asked]
        assert asyncio.run(all_at_once()) == alone


def signed(name: str) -> Behaviour:
    return Behaviour(edit=lambda text: text.replace("Here is", f"{name} says"))


def test_two_programs_with_their_language_models_do_not_mix() -> None:
    case = Case("support-agent", "en", "copc")
    with running(LLMServer()) as one, running(LLMServer()) as other:
        one.usually(signed("One"))
        other.usually(signed("Other"))
        with impatient(one, "openai/one") as first, impatient(other, "openai/other") as second:
            programs: dict[str, Program] = {"One": case.program(), "Other": case.program()}
            programs["One"].set_lm(first)
            lms = {"One": first, "Other": second}

            def ask(number: int) -> bool:
                name = ("One", "Other")[number % 2]
                # The first program has its language model, the second has that of the context.
                with dspy.context(lm=lms["Other"]):
                    response = call(programs[name], history=case.history).response
                return response is not None and response.startswith(f"{name} says")

            with ThreadPoolExecutor(8) as pool:
                # Threads of a pool know nothing of the adapter in force here.
                adapter = dspy.settings.adapter

                def in_context(number: int) -> bool:
                    with dspy.context(adapter=adapter):
                        return ask(number)

                assert all(pool.map(in_context, range(64)))
        for server, model in ((one, "one"), (other, "other")):
            assert {request.json["model"] for request in server.requests} == {model}
            assert len(server.requests) == 32 * 3


def test_the_batch_of_dspy(llm_server: LLMServer) -> None:
    case = Case("support-agent", "zh", "copc")
    program = case.program()
    asked = histories(case, 20)
    with impatient(llm_server):
        alone = [call(program, history=history).row() for history in asked]
        batch = [dspy.Example(history=history).with_inputs("history") for history in asked]
        answers = program.batch(batch, num_threads=8, disable_progress_bar=True)
    assert [answer.row() for answer in answers] == alone
