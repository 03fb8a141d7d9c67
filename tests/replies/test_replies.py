"""Answers to many histories: single failures are answers, lasting ones end the run, finished work is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.choosing import Programs
from csc_dspy.compiled import save
from csc_dspy.conversations import Conversation
from csc_dspy.data import HistoryRow, histories
from csc_dspy.exceptions import ArtifactError, BudgetError, ConfigError
from csc_dspy.journal import Journal
from csc_dspy.lm import Budget, CallError, using
from csc_dspy.programs import Options, StrategyPredictor
from csc_dspy.replies import Replies
from csc_dspy.taxonomy import load_taxonomy
from tests.support.behaviours import Behaviour, fails, says
from tests.support.openai_server import LLMServer, running


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with running(LLMServer()) as server:
        yield server


def rows(*texts: str, **fields: Any) -> list[HistoryRow]:  # noqa: ANN401  each its own
    """Histories of one customer's turn."""
    return [
        HistoryRow(f"c{number}", conversation, None)
        for number, text in enumerate(texts)
        for conversation in [
            Conversation.model_validate(
                {"id": f"c{number}", "dialogue": [{"speaker": "customer", "text": text}], **fields}
            )
        ]
    ]


@contextmanager
def connected(server: LLMServer, **options: Any) -> Iterator[None]:  # noqa: ANN401  each its own
    with using("openai/test", api_base=server.url, cache=False, **options):
        yield


def answered(replies: Replies, histories: list[HistoryRow], concurrency: int = 8) -> list[dict[str, Any]]:
    return list(replies.answer_all(histories, concurrency))


KEYS = ["id", "stage", "strategy", "strategy_number", "response", "error"]


def test_one_answer_each_in_order(server: LLMServer) -> None:
    replies = Replies(Programs("support-agent"))
    with connected(server):
        answers = answered(replies, rows(*map(str, range(40))))
    assert [answer["id"] for answer in answers] == [f"c{number}" for number in range(40)]
    assert all(list(answer) == KEYS for answer in answers)
    assert replies.failed == 0


def test_prompts_follow_the_language_of_the_conversation(server: LLMServer) -> None:
    asked = [*rows("Where is it?"), *rows("我的卡被吞了"), *rows("Where is it?", language="zh")]
    programs = Programs("support-agent-joint")
    with connected(server):
        answered(Replies(programs), asked, concurrency=1)
        assert [chinese(request.json) for request in server.requests] == [False, True, True]
        server.requests.clear()
        answered(Replies(Programs("support-agent-joint", language="en")), asked, concurrency=1)
        assert [chinese(request.json) for request in server.requests] == [False, False, False]


def chinese(asked: dict[str, Any]) -> bool:
    return "请阅读" in asked["messages"][0]["content"]


def test_failures_of_one_do_not_stop_the_others(server: LLMServer) -> None:
    unreadable = says("my PIN is 4711")
    server.script(Behaviour(), fails(400, "no such option"), Behaviour(), unreadable, unreadable, Behaviour())
    replies = Replies(Programs("support-agent-joint"))
    bad = next(iter(histories_of('{"id": "x", "dialogue": [{"speaker": "alien", "text": "?"}]}\n')))
    with connected(server):
        answers = answered(replies, [*rows("a", "b", "c", "d", "e"), bad], concurrency=1)
    assert [answer["error"] is None for answer in answers] == [True, False, True, False, True, False]
    assert replies.failed == 3
    for answer in (answers[1], answers[3], answers[5]):
        assert list(answer) == ["id", "error"]
    assert "no such option" in answers[1]["error"]
    assert "'stage' is missing" in answers[3]["error"]
    assert "4711" not in json.dumps(answers)
    assert "unknown speaker 'alien'" in answers[5]["error"]


def histories_of(text: str) -> Iterator[HistoryRow]:
    path = Path("rows.jsonl")
    path.write_text(text, encoding="utf-8")
    return histories(str(path), load_taxonomy())


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (fails(401, "Incorrect API key provided", "invalid_api_key"), "auth"),
        (fails(429, "You exceeded your current quota", "insufficient_quota"), "billing"),
        (fails(404, "no such model", "model_not_found"), "unsupported_model"),
    ],
    ids=["key", "money", "model"],
)
def test_what_the_next_would_meet_too_ends_the_run(server: LLMServer, fault: Behaviour, code: str) -> None:
    server.usually(fault)
    with connected(server), pytest.raises(CallError) as caught:
        answered(Replies(Programs("support-agent")), rows(*map(str, range(100))), concurrency=4)
    assert caught.value.code == code
    assert len(server.requests) <= 4


def test_the_budget_ends_the_run_and_what_is_paid_for_is_kept(server: LLMServer, tmp_path: Path) -> None:
    asked = rows(*map(str, range(20)))
    with Journal(tmp_path / "journal", {}, resume=False) as journal:
        with connected(server, budget=Budget(max_calls=9)), pytest.raises(BudgetError, match="limit of 9"):
            answered(Replies(Programs("support-agent-joint"), journal), asked, concurrency=4)
        assert len(server.requests) == len(journal) == 9
        server.requests.clear()
        with connected(server):
            answers = answered(Replies(Programs("support-agent-joint"), journal), asked)
    assert len(server.requests) == 11
    with connected(server):
        assert answers == answered(Replies(Programs("support-agent-joint")), asked)


def test_the_journal_knows_conversations_by_what_is_said(server: LLMServer, tmp_path: Path) -> None:
    program = Programs("support-agent-joint")
    with Journal(tmp_path / "journal", {}, resume=False) as journal, connected(server):
        answered(Replies(program, journal), rows("a", "b"))
        server.requests.clear()
        # Another order, other ids, and a field that JSON does not know.
        again = answered(Replies(program, journal), rows("b", "a", when=object()))
        assert server.requests == []
        assert [answer["id"] for answer in again] == ["c0", "c1"]
        answered(Replies(program, journal), rows("a", language="zh"))
        assert len(server.requests) == 1


def test_the_classifier_labels_the_last_supporter_turn(server: LLMServer) -> None:
    turns = [
        {"speaker": "supporter", "strategy": "GT", "text": "Hello!"},
        {"speaker": "customer", "text": "My card!"},
        {"speaker": "supporter", "strategy": "OT", "text": "Which card is it?"},
        {"speaker": "customer", "text": "The blue one."},
    ]
    asked = HistoryRow("t", Conversation.model_validate({"id": "t", "dialogue": turns}), None)
    with connected(server):
        (answer,) = answered(Replies(Programs("strategy-classifier")), [asked])
    prompt = server.requests[0].json["messages"][-1]["content"]
    assert "[[ ## turn ## ]]\nWhich card is it?\n" in prompt
    assert "Customer: My card!" in prompt
    assert "The blue one" not in prompt
    assert list(answer) == ["id", "stage", "strategy", "strategy_number", "error"]
    with connected(server):
        (answer,) = answered(Replies(Programs("strategy-classifier")), rows("Hello?"))
    assert answer == {"id": "c0", "error": "no turn is the supporter's (there is nothing to label)"}


def test_probabilities_are_there_where_they_are_measured() -> None:
    with using("embedded"):
        (answer,) = answered(Replies(Programs("support-agent")), rows("My card was swallowed!"))
    assert list(answer) == [*KEYS[:-1], "strategy_probabilities", "error"]
    assert list(answer["strategy_probabilities"]) == [each.id for each in load_taxonomy().strategies]


def test_a_compiled_program_brings_its_options(server: LLMServer, tmp_path: Path) -> None:
    program = StrategyPredictor(Options(language="zh", unlabelled="unknown", history_tokens=100))
    program.predict.demos = [{"conversation": "客户：喂？", "strategy": "礼貌问候"}]
    folder = save(program, tmp_path / "compiled")
    for name in (folder, folder / "program.json"):
        server.requests.clear()
        programs = Programs(str(name))
        with connected(server):
            answered(Replies(programs), rows("Where is it?"))
        (request,) = server.requests
        assert chinese(request.json)
        assert "客户：喂？" in request.json["messages"][1]["content"]
        assert programs.options.unlabelled == "unknown"
        assert programs.options.history_tokens == 100
    changed = Programs(str(folder), unlabelled="classify", history_tokens=7, language="zh")
    assert (changed.options.unlabelled, changed.options.history_tokens) == ("classify", 7)
    with pytest.raises(ConfigError, match="compiled for prompts in 'zh', not 'en'"):
        Programs(str(folder), language="en")
    with pytest.raises(ArtifactError, match="compiled for the taxonomy 'copc'"):
        Programs(str(folder), taxonomy=load_taxonomy("esconv"))


def test_a_compiled_program_brings_its_taxonomy(server: LLMServer, tmp_path: Path) -> None:
    esconv = load_taxonomy("esconv")
    folder = save(StrategyPredictor(Options(taxonomy=esconv)), tmp_path / "compiled")
    programs = Programs(str(folder))
    assert programs.options.taxonomy == esconv
    with connected(server):
        (answer,) = answered(Replies(programs), rows("I feel alone.", taxonomy="esconv"))
    assert answer["strategy"] in {each.id for each in esconv.strategies}


def test_what_answers_depend_on_is_known(tmp_path: Path) -> None:
    program = StrategyPredictor()
    folder = save(program, tmp_path / "compiled")
    before = Programs(str(folder)).identity
    program.predict.demos = [{"conversation": "?", "strategy": "Greeting"}]
    save(program, folder)
    after = Programs(str(folder)).identity
    assert {key for key in before if before[key] != after[key]} == {"content"}
    assert Programs("support-agent").identity != Programs("support-agent", language="zh").identity


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'strategy-predictor'"):
        Programs("strategy-predicter")
    with pytest.raises(ArtifactError, match="No such file"):
        Programs("nowhere/compiled")


def test_a_program_that_needs_a_strategy_is_refused() -> None:
    with pytest.raises(ConfigError, match="response-writer writes by a strategy"):
        Replies(Programs("response-writer"))
