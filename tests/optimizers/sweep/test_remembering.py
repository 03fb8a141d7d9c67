"""Nothing is asked twice, and what is remembered is what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.evaluation.predictions import Prediction
from csc_dspy.lm import Budget
from csc_dspy.optimizers.demonstrating import demonstrating
from csc_dspy.optimizers.sweep.connections import Connections
from csc_dspy.optimizers.sweep.memory import Memory
from csc_dspy.optimizers.sweep.scoring import Answers, Course, Progress, answers_key
from csc_dspy.programs import Options, Program, create
from csc_dspy.programs.teaching import training_examples
from csc_dspy.signatures import Shown
from tests.optimizers.sweep.small import few
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer

DEV = few("csconv-sample:dev", count=2)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


@contextmanager
def connected(folder: Path, server: LLMServer, **options: Any) -> Iterator[Connections]:  # noqa: ANN401
    given = {"api_base": server.url, "cache": False, **options}
    with Memory(folder) as memory, Connections(given, Budget(), memory, concurrency=8) as connections:
        yield connections


def answered(
    connections: Connections,
    program: Program,
    lm: str = "openai/some",
    *,
    whole: bool = True,
    **values: Any,  # noqa: ANN401
) -> Progress:
    course = Course(DEV, program.options.taxonomy, seed=0)
    with connections.get({"lm": lm, **values}).in_force(trace=False):
        return Answers(program, course, whole=whole, concurrency=8).until(len(course.turns))


def told(predictions: list[Prediction]) -> list[object]:
    return [(each.predicted, each.usage) for each in predictions]


def test_a_second_trial_asks_nothing_and_hears_the_same(tmp_path: Path, llm_server: LLMServer) -> None:
    program = create("support-agent", Options(language="en"))
    with connected(tmp_path, llm_server) as connections:
        first = answered(connections, program)
        asked = len(llm_server.requests)
        again = answered(connections, program)
    # Another process finds it on disk.
    with connected(tmp_path, llm_server) as connections:
        later = answered(connections, program)
    assert len(llm_server.requests) == asked > 0
    assert told(first.predictions) == told(again.predictions) == told(later.predictions)
    assert [each.seconds for each in first.predictions] == pytest.approx(
        [each.seconds for each in later.predictions], abs=2e-3
    )
    assert all(each.usage and each.usage.calls == 3 for each in later.predictions)
    # Both dialogues open alike, which is asked about once.
    assert asked == 3 * first.evaluated == 3 * (len(first.predictions) - 1)
    assert again.evaluated == later.evaluated == 0


def test_programs_that_ask_the_same_share_the_answers(tmp_path: Path, llm_server: LLMServer) -> None:
    alone = create("strategy-predictor", Options(language="en"))
    agent = create("support-agent", Options(language="en"))
    with connected(tmp_path, llm_server) as connections:
        chosen = answered(connections, alone)
        before = len(llm_server.requests)
        answered(connections, agent, whole=False)
    # Of the agent's two decisions only the stage is new.
    assert len(llm_server.requests) - before == before == chosen.evaluated


@pytest.mark.parametrize(("lm", "values"), [("openai/other", {}), ("openai/some", {"temperature": 0.7})])
def test_another_language_model_is_asked_itself(
    tmp_path: Path, llm_server: LLMServer, lm: str, values: dict[str, Any]
) -> None:
    program = create("strategy-predictor", Options(language="en"))
    with connected(tmp_path, llm_server) as connections:
        answered(connections, program)
        assert answered(connections, program, lm, **values).evaluated == len(llm_server.requests) / 2


def test_other_prompts_are_other_questions(tmp_path: Path, llm_server: LLMServer) -> None:
    with connected(tmp_path, llm_server) as connections:
        for number, shown in enumerate((Shown(), Shown(definitions=False), Shown(stage_so_far=False)), 1):
            program = create("strategy-predictor", Options(language="en", shown=shown))
            assert answered(connections, program).evaluated == len(llm_server.requests) / number


def test_a_failure_is_wrong_and_is_tried_again(tmp_path: Path, llm_server: LLMServer) -> None:
    llm_server.script(*[Behaviour(status=400, message="no")] * 3)
    program = create("strategy-predictor", Options(language="en"))
    with connected(tmp_path, llm_server) as connections:
        first = answered(connections, program)
        assert first.failures == 3
        again = answered(connections, program)
    assert (again.failures, again.evaluated) == (0, 3)


def test_a_program_that_was_loaded_asks_the_same(tmp_path: Path, llm_server: LLMServer) -> None:
    bare = create("strategy-predictor", Options(language="en"))
    examples = list(training_examples(bare, few("rolecs-sample")))[:6]
    taught = demonstrating(bare, examples)
    loaded = create("strategy-predictor", Options(language="en"))
    loaded.load_state(taught.dump_state())
    course = Course(DEV, bare.options.taxonomy, seed=0)
    with connected(tmp_path, llm_server) as connections:
        assert answered(connections, taught).evaluated > 0
        assert answered(connections, loaded).evaluated == 0
    assert answers_key(taught, "some", course) == answers_key(loaded, "some", course)
    assert answers_key(bare, "some", course) != answers_key(taught, "some", course)


def test_a_limit_that_cuts_nothing_off_is_no_difference() -> None:
    def made(tokens: int | None) -> str:
        program = create("strategy-predictor", Options(language="en", history_tokens=tokens))
        return answers_key(program, "some", Course(DEV, program.options.taxonomy, seed=0))

    assert made(None) == made(100_000) != made(50)
