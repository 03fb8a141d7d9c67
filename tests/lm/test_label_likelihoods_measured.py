"""Labels of a hosted language model come with their probabilities, where its server tells likelihoods."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import dspy
import pytest
from dspy.utils.callback import BaseCallback

from csc_dspy.exceptions import LMError
from csc_dspy.lm import connect, using
from csc_dspy.logs import logger
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.conftest import CSC
from tests.support.behaviours import fails, respells, says, stops_short
from tests.support.openai_server import LLMServer
from tests.support.programs import TWO_WAYS, WAYS, Ask, Case

pytestmark = pytest.mark.usefixtures("home")

Connect = Callable[..., dspy.LM]
ENGLISH: Final = Case("strategy-predictor", "en", "copc")
CHINESE: Final = Case("strategy-predictor", "zh", "copc")


@pytest.fixture
def lm(llm_server: LLMServer) -> Iterator[Connect]:
    """Language models at the test server that are asked for likelihoods, closed at the end of the test."""
    with ExitStack() as stack:

        def make(spec: str = "openai/small", **options: Any) -> dspy.LM:  # noqa: ANN401  each has its own type
            made = connect(spec, **{"api_base": llm_server.url, "logprobs": True, **options})
            stack.enter_context(closing(made.engine))
            return made

        yield make


@pytest.fixture
def warned() -> Iterator[list[str]]:
    """The warnings that are logged."""
    said: list[str] = []
    logger.enable("csc_dspy")
    sink = logger.add(lambda message: said.append(message.record["message"]), level="WARNING")
    yield said
    logger.remove(sink)
    logger.disable("csc_dspy")


def measured(lm: dspy.LM, case: Case = ENGLISH, ask: Ask = WAYS["call"]) -> dict[str, float] | None:
    """The probabilities of the strategies, as a program tells them."""
    with using(lm):
        answer = ask(case.program(), history=case.history, **case.inputs)
    found = answer.strategy_probabilities
    return None if found is None else dict(found)


def told(case: Case, chosen: str, most: int = 20) -> dict[str, float]:
    """What the server tells of strategies: 0.6 for the chosen one, half of what is left for each other."""
    others = [strategy.id for strategy in case.taxonomy.strategies if strategy.id != chosen]
    weights = {chosen: 0.6, **{other: 0.4 / 2**place for place, other in enumerate(others[: most - 1], 1)}}
    shares = {id_: weight / sum(weights.values()) for id_, weight in weights.items()}
    return {strategy.id: shares.get(strategy.id, 0.0) for strategy in case.taxonomy.strategies}


def as_told(found: dict[str, float] | None, case: Case = ENGLISH, most: int = 20) -> bool:
    assert found is not None
    expected = told(case, max(found, key=lambda id_: found[id_]), most)
    return list(found) == list(expected) and found == pytest.approx(expected)


def asked(server: LLMServer) -> list[int | None]:
    """How many likelihoods each request has asked for."""
    assert all(bool(each.json.get("logprobs")) == ("top_logprobs" in each.json) for each in server.requests)
    return [each.json.get("top_logprobs") for each in server.requests]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_strategy_comes_with_the_probabilities_of_all(
    lm: Connect, llm_server: LLMServer, language: Language, way: str
) -> None:
    case = Case("strategy-predictor", language, "copc")
    assert as_told(measured(lm(), case, WAYS[way]), case)
    assert asked(llm_server) == [20]


@pytest.mark.parametrize("way", TWO_WAYS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_so_it_does_beside_a_streamed_response(
    lm: Connect, llm_server: LLMServer, language: Language, way: str
) -> None:
    case = Case("support-agent-joint", language, "copc")
    assert as_told(measured(lm(), case, TWO_WAYS[way]), case)
    assert asked(llm_server) == [20]


def test_responses_are_written_without(lm: Connect, llm_server: LLMServer) -> None:
    assert as_told(measured(lm(), Case("support-agent", "en", "copc")))
    assert asked(llm_server) == [20, 20, None]
    assert lm()("hello")[0].startswith("Here is")
    assert asked(llm_server)[-1] is None


def test_unasked_nothing_is_told(lm: Connect, llm_server: LLMServer) -> None:
    assert measured(lm(logprobs=False)) is None
    assert asked(llm_server) == [None]


def test_answers_in_the_other_language(lm: Connect, llm_server: LLMServer) -> None:
    names = {each.name.en: each.name.zh for each in ENGLISH.taxonomy.strategies}
    llm_server.usually(respells(names.__getitem__))
    assert as_told(measured(lm()))


def test_the_cache_keeps_them(lm: Connect, llm_server: LLMServer) -> None:
    first = lm()
    found = measured(first)
    assert measured(first) == found
    first.engine.close()
    assert measured(lm()) == found
    assert measured(lm(), ask=WAYS["stream"]) == found
    assert len(llm_server.requests) == 1
    # Another question, as the answer has to tell less.
    assert measured(lm(logprobs=False)) is None
    assert len(llm_server.requests) == 2


def test_copies_ask_as_well(lm: Connect, llm_server: LLMServer) -> None:
    made = lm()
    assert as_told(measured(made.copy(rollout_id=1, temperature=1.0)))
    assert as_told(measured(copy.deepcopy(made)))
    assert asked(llm_server) == [20, 20]


def test_watched_calls_tell_them_too(lm: Connect) -> None:
    with dspy.context(callbacks=[BaseCallback()]):
        assert as_told(measured(lm()))


def test_the_second_try_tells_them(lm: Connect, llm_server: LLMServer) -> None:
    llm_server.script(stops_short(24), says("[[ ## strategy ## ]]\nOthers\n\n[[ ## completed ## ]]"))
    found = measured(lm())
    assert found is not None
    assert found["others"] == sum(found.values()) == 1.0
    assert asked(llm_server) == [20, 20]


@pytest.mark.parametrize(("most", "then"), [(5, [5]), (19, [5]), (1, [5, None]), (0, [5, None])])
@pytest.mark.parametrize("way", TWO_WAYS)
def test_where_they_are_refused_fewer_are_asked_for_or_none(
    lm: Connect, llm_server: LLMServer, warned: list[str], way: str, most: int, then: list[int | None]
) -> None:
    llm_server.most_logprobs = most
    made = lm(cache=False)
    for case in (ENGLISH, CHINESE):
        found = measured(made, case, TWO_WAYS[way])
        assert found is None if then[-1] is None else as_told(found, case, 5)
    assert asked(llm_server) == [20, *then, then[-1]]
    (warning,) = warned
    assert "model 'small' does not tell 20 likelihoods" in warning
    assert made.engine.budget.usage.retries == len(then)
    assert made.engine.budget.usage.failed_calls == 0


def test_calls_that_are_refused_together_learn_of_it_together(
    lm: Connect, llm_server: LLMServer, warned: list[str]
) -> None:
    llm_server.most_logprobs = 0
    llm_server.latency = 0.05
    made = lm(cache=False)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: measured(made), range(8))) == [None] * 8
    assert len(warned) == 1
    before = len(llm_server.requests)
    assert measured(made) is None
    assert len(llm_server.requests) == before + 1


def test_a_model_that_does_not_tell_them_says_nothing_of_others(lm: Connect, llm_server: LLMServer) -> None:
    made = lm()
    llm_server.script(
        fails(403, "You are not allowed to request logprobs from this model."), fails(400, "LogProbs!")
    )
    assert measured(made) is None
    assert as_told(measured(made.copy(model="openai/other")))
    assert asked(llm_server) == [20, 5, None, 20]


def test_other_refusals_are_errors(lm: Connect, llm_server: LLMServer) -> None:
    llm_server.usually(fails(400, "temperature has to be positive"))
    with pytest.raises(LMError, match="temperature has to be positive"):
        measured(lm())
    assert asked(llm_server) == [20]


def test_an_answer_that_spells_no_name_has_no_probabilities(lm: Connect, llm_server: LLMServer) -> None:
    llm_server.usually(says("[[ ## strategy ## ]]\n1\n\n[[ ## completed ## ]]"))
    assert measured(lm()) is None


def test_where_they_cannot_be_asked_for_it_is_said(
    monkeypatch: pytest.MonkeyPatch, warned: list[str]
) -> None:
    with closing(connect(logprobs=True).engine):
        assert warned == []
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    with closing(connect("anthropic/small", logprobs=True).engine):
        assert warned == ["--lm anthropic/small: its likelihoods of labels cannot be asked for"]


def test_on_the_command_line(csc: CSC, llm_server: LLMServer, tmp_path: Path) -> None:
    rows = [{"id": name, "language": "en", "dialogue": ENGLISH.history} for name in "ab"]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    llm_server.script(fails(400, "not now"))
    ask = ("reply", "in.jsonl", "--program", "strategy-predictor", "--out", "out.jsonl", "--no-cache")
    run = (*ask, "--lm", "openai/test", "--api-base", llm_server.url, "--concurrency", "1")
    assert csc(*run, "--logprobs").returncode == 3
    other = csc(*run, "--resume")
    assert (other.returncode, "belongs to a run with another logprobs" in other.stderr) == (2, True)
    done = csc(*run, "--logprobs", "--resume")
    assert done.returncode == 0, done.stderr
    answers = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [as_told(json.loads(answer)["strategy_probabilities"]) for answer in answers] == [True, True]
