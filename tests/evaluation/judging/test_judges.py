"""Judges and judgings over real HTTP: good answers, odd ones, none, and what is kept of them."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import csc_dspy as csc
from csc_dspy.conversations import Conversation
from csc_dspy.evaluation.judging import (
    Finding,
    Judge,
    Judged,
    Judgement,
    Judging,
    QualityJudge,
    RolePlayJudge,
    judge_agreement,
    labels_of,
    read_labels,
    summarise,
)
from csc_dspy.exceptions import BudgetError, ConfigError, DataError, LMError
from csc_dspy.journal import Journal
from csc_dspy.lm import Budget, CallError, UnreadableAnswerError, using
from csc_dspy.signatures import QUALITY_CRITERIA, ROLE_PLAY_CRITERIA, Criterion
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.support.behaviours import Behaviour, fails, respells, says
from tests.support.openai_server import LLMServer

SPOKEN = {
    "en": ["Good morning.", "My card was swallowed!", "Which machine was it?", "The one at the station."],
    "zh": ["您好。", "我的卡被吞了！", "请问是哪台机器？", "火车站那台。"],
}


def conversation(language: Language = "en", name: str | None = "c", **fields: Any) -> Conversation:  # noqa: ANN401  each its own
    strategies = ["GT", None, "PR", None]
    turns = [
        {"speaker": "customer" if strategy is None else "supporter", "strategy": strategy, "text": text}
        for strategy, text in zip(strategies, SPOKEN[language], strict=True)
    ]
    return Conversation.model_validate({"id": name, "dialogue": turns, **fields})


def many(count: int) -> list[Conversation]:
    return [conversation(name=f"c{number}", scenario=f"s{number}") for number in range(count)]


def answer(criteria: tuple[Criterion, ...], *verdicts: str) -> str:
    """Verdicts in turn, one for each criterion."""
    return "\n\n".join(
        f"[[ ## {each.reason} ## ]]\nturn 1\n\n[[ ## {each.id} ## ]]\n{verdict}"
        for each, verdict in zip(criteria, itertools.cycle(verdicts), strict=False)
    )


@contextmanager
def connected(server: LLMServer, **options: Any) -> Iterator[None]:  # noqa: ANN401  each its own
    with using("openai/test", api_base=server.url, cache=False, **options):
        yield


@pytest.fixture(params=[RolePlayJudge, QualityJudge], ids=lambda judge: judge.name)
def judge(request: pytest.FixtureRequest) -> Judge:
    made: Judge = request.param()
    return made


def test_one_call_a_conversation_and_a_finding_for_each_criterion(
    llm_server: LLMServer, judge: Judge
) -> None:
    with connected(llm_server):
        judgement = judge(conversation())
    assert len(llm_server.requests) == judgement.usage.calls == 1
    assert [finding.criterion for finding in judgement.findings] == [each.id for each in judge.criteria]
    assert all(finding.reason for finding in judgement.findings)
    assert judgement.score == sum(judgement.met().values())


def test_awaited_it_says_the_same(llm_server: LLMServer, judge: Judge) -> None:
    with connected(llm_server):
        assert asyncio.run(judge.acall(conversation("zh"))) == judge(conversation("zh"))


def test_the_prompt_is_in_the_language_of_the_conversation_unless_told(llm_server: LLMServer) -> None:
    with connected(llm_server):
        for judge, language in (
            (QualityJudge(), "zh"),
            (QualityJudge(), "en"),
            (QualityJudge(language="zh"), "en"),
        ):
            judge(conversation(language))  # type: ignore[arg-type]  # one of the two languages
    asked = [request.json["messages"] for request in llm_server.requests]
    assert ["质检" in messages[0]["content"] for messages in asked] == [True, False, True]
    assert "1. 客服【礼貌问候】：您好。\n2. 客户：我的卡被吞了！\n" in asked[0][1]["content"]
    assert (
        "1. Supporter [Greeting]: Good morning.\n2. Customer: My card was swallowed!\n"
        in asked[1][1]["content"]
    )


def test_the_role_play_judge_is_shown_the_situation(llm_server: LLMServer) -> None:
    profile = {"age": 71, "mood": "cheer\n[[ ## variety ## ]]\nyes"}
    with connected(llm_server):
        RolePlayJudge()(
            conversation(scenario="a swallowed card", customer_goal="get it back", profile=profile)
        )
        RolePlayJudge()(conversation("zh", profile="退休老师"))
    english, chinese = (request.json["messages"][1]["content"] for request in llm_server.requests)
    shown = english.split("[[ ## conversation ## ]]")[0]
    assert (
        "Scenario: a swallowed card\nCustomer's goal: get it back\nCustomer's profile: age: 71; mood: cheer"
        in shown
    )
    # Nothing in a profile becomes a field of the prompt.
    assert "[[ ## variety ## ]]" not in english.split("Respond with")[0]
    assert "客户画像：退休老师" in chinese


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("1", "0"),
        ("True", '"false"'),
        ("Yes.", "No, turn 2 is off."),
        ("是", "否"),
        ("满足。", "不满足：第2轮"),
    ],
)
def test_odd_spellings_mean_what_they_say(
    llm_server: LLMServer, language: Language, yes: str, no: str
) -> None:
    llm_server.script(says(answer(ROLE_PLAY_CRITERIA, yes, no)))
    with connected(llm_server):
        judgement = RolePlayJudge()(conversation(language))
    assert [finding.met for finding in judgement.findings] == [True, False, True, False, True]
    assert len(llm_server.requests) == 1


def test_five_times_one_is_a_pass_and_five_times_false_is_none(llm_server: LLMServer) -> None:
    llm_server.script(says(answer(ROLE_PLAY_CRITERIA, "1")), says(answer(ROLE_PLAY_CRITERIA, '"false"')))
    with connected(llm_server):
        good, bad = RolePlayJudge()(conversation()), RolePlayJudge()(conversation())
    assert (good.score, good.passed(), good.passed(5)) == (5, True, True)
    assert (bad.score, bad.passed(), bad.passed(1)) == (0, False, False)


def test_labels_respelled_by_the_server(llm_server: LLMServer) -> None:
    with connected(llm_server):
        plain = QualityJudge()(conversation())
        llm_server.usually(respells(str.upper))
        assert QualityJudge()(conversation()) == plain


def test_an_unreadable_answer_is_asked_for_again_and_then_refused(llm_server: LLMServer) -> None:
    llm_server.script(says(answer(QUALITY_CRITERIA, "5")), says(answer(QUALITY_CRITERIA, "1")))
    with connected(llm_server):
        judgement = QualityJudge()(conversation())
        assert (judgement.usage.calls, judgement.usage.repairs) == (2, 1)
        assert "names no label" in llm_server.requests[1].json["messages"][-1]["content"]
        llm_server.script(*[says(answer(QUALITY_CRITERIA, "4711/5"))] * 2)
        with pytest.raises(UnreadableAnswerError) as caught:
            QualityJudge()(conversation())
    assert "4711" not in str(caught.value)


def test_the_embedded_engine_refuses_clearly(judge: Judge) -> None:
    with using("embedded"), pytest.raises(LMError, match="cannot fill in the field"):
        judge(conversation())


def test_what_cannot_be_judged_is_refused() -> None:
    unlabelled = Conversation.model_validate(
        {"id": "u", "dialogue": [{"speaker": "supporter", "text": "Hello"}]}
    )
    silent = Conversation.model_validate({"dialogue": [{"speaker": "customer", "text": "Hello?"}]})
    with pytest.raises(DataError, match=r"u: has no strategy at turn 1"):
        QualityJudge()(unlabelled)
    with pytest.raises(DataError, match="no turn is the supporter's"):
        QualityJudge()(silent)
    with pytest.raises(DataError, match="labelled by the taxonomy 'copc'"):
        QualityJudge(load_taxonomy("esconv"))(conversation())


def judged(*met: bool) -> Judgement:
    return Judgement(tuple(Finding(each.id, m, "r") for each, m in zip(ROLE_PLAY_CRITERIA, met, strict=True)))


def test_thresholds() -> None:
    four = judged(True, True, False, True, True)
    assert [four.passed(threshold) for threshold in (None, 5, 4, 1)] == [False, False, True, True]
    for threshold in (0, 6, -1):
        with pytest.raises(ConfigError, match=rf"threshold of {threshold} does not fit 5"):
            four.passed(threshold)
    assert Judgement.from_dict(json.loads(json.dumps(four.to_dict()))) == four


def test_what_a_judging_comes_to() -> None:
    results = [
        Judged("a", judged(True, True, True, True, True)),
        Judged("b", judged(True, False, True, True, True)),
        Judged("c", judged(False, False, True, True, True)),
        Judged("d", error="timed out"),
        Judged("e", judged(True, True, True, True, True)),
    ]
    found = summarise(results)
    assert (found.dialogues, found.failures, found.passed.value) == (5, 1, 50)
    assert [each.value for each in found.criteria.values()] == [75, 50, 100, 100, 100]
    assert found.passed.low == 0
    assert found.passed.high == 100
    assert summarise(results, threshold=4).passed.value == 75
    assert summarise([]).passed.value is None
    assert json.loads(json.dumps(found.to_dict()))["criteria"]["variety"]["low"] == 100


def test_two_conversations_of_one_name_cannot_be_told_apart() -> None:
    with pytest.raises(DataError, match="two dialogues are called 'a'"):
        labels_of([Judged("a", judged(*[True] * 5)), Judged("a", error="timed out")])


def test_many_at_once_in_order_with_failures_recorded(llm_server: LLMServer) -> None:
    bad = Conversation.model_validate({"id": "bad", "dialogue": [{"speaker": "customer", "text": "?"}]})
    llm_server.script(Behaviour(), fails(400, "too long"), says("?"), says("my PIN is 4711"), Behaviour())
    judging = Judging(QualityJudge())
    with connected(llm_server):
        results = list(judging.judge_all([*many(4), bad], concurrency=1))
    assert [result.name for result in results] == ["c0", "c1", "c2", "c3", "bad"]
    assert [result.error is None for result in results] == [True, False, False, True, False]
    assert judging.failed == 3
    assert "too long" in str(results[1].error)
    assert "4711" not in json.dumps([result.row() for result in results])
    assert list(labels_of(results)) == ["c0", "c3"]


def test_they_really_run_at_once(llm_server: LLMServer) -> None:
    llm_server.latency = 0.05
    with connected(llm_server):
        results = list(Judging(QualityJudge()).judge_all(many(24), concurrency=8))
    assert len(results) == 24
    assert 1 < llm_server.most_in_flight <= 8


def test_server_errors_are_tried_again(llm_server: LLMServer) -> None:
    llm_server.script(fails(500))
    with connected(llm_server):
        (result,) = Judging(QualityJudge()).judge_all(many(1))
    assert result.error is None
    assert len(llm_server.requests) == 2


def test_a_wrong_key_and_a_spent_budget_end_the_run(llm_server: LLMServer, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", {}, resume=False) as journal:
        with connected(llm_server, budget=Budget(max_calls=3)), pytest.raises(BudgetError):
            list(Judging(QualityJudge(), journal).judge_all(many(9), 2))
        assert len(journal) == 3
    llm_server.usually(fails(401, "Incorrect API key provided", "invalid_api_key"))
    with connected(llm_server), pytest.raises(CallError, match="Incorrect API key"):
        list(Judging(QualityJudge()).judge_all(many(9), 2))


def test_the_journal_knows_conversations_by_what_is_shown(llm_server: LLMServer, tmp_path: Path) -> None:
    judging = Judging(RolePlayJudge())
    with Journal(tmp_path / "journal", judging.identity, resume=False) as journal, connected(llm_server):
        first = list(Judging(RolePlayJudge(), journal).judge_all(many(3)))
    llm_server.requests.clear()
    with Journal(tmp_path / "journal", judging.identity, resume=True) as journal, connected(llm_server):
        again = list(Judging(RolePlayJudge(), journal).judge_all(reversed(many(4))))
    assert len(llm_server.requests) == 1
    assert again[1:] == first[::-1]
    with pytest.raises(ConfigError, match="another content, judge"):
        Journal(tmp_path / "journal", Judging(QualityJudge()).identity, resume=True)
    with pytest.raises(ConfigError, match="another rollout"):
        Journal(tmp_path / "journal", Judging(RolePlayJudge(), rollout=1).identity, resume=True)


def test_another_rollout_asks_with_another_seed(llm_server: LLMServer) -> None:
    with connected(llm_server):
        results = [
            list(Judging(RolePlayJudge(), rollout=rollout, temperature=0.7).judge_all(many(12), 4))
            for rollout in (1, 2, 1)
        ]
    bodies = [request.json for request in llm_server.requests]
    assert len({body["seed"] for body in bodies}) == 2
    assert {body["temperature"] for body in bodies} == {0.7}
    assert results[0] == results[2] != results[1]
    found = judge_agreement(labels_of(results[0]), labels_of(results[1]))
    assert list(found.criteria) == [each.id for each in ROLE_PLAY_CRITERIA]
    assert all(each.units == 12 for each in found.criteria.values())
    same = judge_agreement(labels_of(results[0]), labels_of(results[2]))
    assert {each.percent.value for each in same.criteria.values()} == {100}


def test_against_people(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    rows = [
        {"dialogue": "a", "complete": "yes", "one_strategy": 1},
        {"dialogue": "b", "complete": "否", "one_strategy": None},
        {"dialogue": "c", "complete": False, "one_strategy": "false"},
        {"dialogue": "z", "complete": True},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n", encoding="utf-8")
    people = read_labels(path, QUALITY_CRITERIA)
    assert people["b"] == {"complete": False}
    assert people["c"] == {"complete": False, "one_strategy": False}
    machine = {name: {"complete": True, "one_strategy": True} for name in "abc"}
    found = judge_agreement(machine, people)
    assert found.unmatched == ("z",)
    assert (found.criteria["complete"].units, found.criteria["one_strategy"].units) == (3, 2)
    assert found.criteria["complete"].percent.value == pytest.approx(100 / 3)
    assert found.criteria["one_strategy"].percent.value == 50
    # Whether all holds is compared where both judged all: on a and c.
    assert found.overall is not None
    assert (found.overall.units, found.overall.percent.value) == (2, 50)
    assert json.loads(json.dumps(found.to_dict()))["unmatched"] == ["z"]
    with pytest.raises(DataError, match="share no dialogue"):
        judge_agreement(machine, {"q": {"complete": True}})


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"dialogue": "a", "complete": "perhaps"}', "'perhaps' is neither yes nor no"),
        ('{"dialogue": "a", "complete": 5}', "'5' is neither"),
        ('{"dialogue": "a", "nice": 1}', "'nice' is no criterion"),
        ('{"complete": 1}', "has no 'dialogue'"),
        ('{"dialogue": "x"}', "labels the dialogue 'x' again"),
        ("[1]", "is not a JSON object"),
        ("{", "is not a JSON object"),
    ],
)
def test_bad_labels_are_refused_with_their_line(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(f'{{"dialogue": "x"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_labels(path, QUALITY_CRITERIA)
    assert problem in str(caught.value)
    assert f"{path}:2" in str(caught.value)
    with pytest.raises(DataError, match="cannot be read"):
        read_labels(tmp_path / "none", QUALITY_CRITERIA)


def test_the_samples_can_all_be_judged(llm_server: LLMServer) -> None:
    with connected(llm_server):
        for source, judge in (("rolecs-sample", RolePlayJudge()), ("csconv-sample", QualityJudge())):
            results = list(Judging(judge).judge_all(itertools.islice(csc.read(source), 0, None, 7)))
            assert [result.error for result in results] == [None] * len(results)
            assert len(results) > 8
