"""Which tasks are exported, and in which shares."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning.tasks import parse_mixture, tasks_of
from csc_dspy.programs import PROGRAMS, create
from tests.finetuning.exports import dialogues, rows_of

ASKED = {
    "stage-tracker": ["stage"],
    "strategy-classifier": ["classify"],
    "strategy-predictor": ["strategy"],
    "response-writer": ["response"],
    "support-agent": ["stage", "strategy", "response"],
    "support-agent-joint": ["joint"],
}


def test_what_each_program_asks() -> None:
    assert {name: list(tasks_of(create(name)).values()) for name in PROGRAMS} == ASKED


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_that_a_program_asks_is_exported(name: str, tmp_path: Path) -> None:
    rows, made = rows_of(name, dialogues("zh")[:2], tmp_path / "out")
    turns = sum(1 for each in dialogues("zh")[:2] for _ in each.supporter_turns())
    assert Counter(row.task for row in rows) + Counter() == Counter(made.manifest["tasks"])
    assert set(made.manifest["tasks"]) == set(ASKED[name])
    assert len(rows) + sum(made.left_out.values()) == turns * len(ASKED[name])
    assert {row.id for row in rows} == {f"{row.id.rpartition(':')[0]}:{row.task}" for row in rows}
    assert len({row.id for row in rows}) == len(rows)


def test_one_task_of_several(tmp_path: Path) -> None:
    alone, _ = rows_of("support-agent", dialogues("en")[:2], tmp_path / "out", task="strategy")
    every, _ = rows_of("support-agent", dialogues("en")[:2], tmp_path / "out")
    two, _ = rows_of("support-agent", dialogues("en")[:2], tmp_path / "out", task="response, stage")
    assert alone == [row for row in every if row.task == "strategy"]
    assert two == [row for row in every if row.task != "strategy"]


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("strategy=2,response=1", {"strategy": 2, "response": 1}),
        ("strategy=1,response=3", {"strategy": 1, "response": 3}),
        ("stage=0.5,strategy=0.25,response=0.25", {"stage": 2, "strategy": 1, "response": 1}),
    ],
)
def test_shares_are_exact(task: str, expected: dict[str, int], tmp_path: Path) -> None:
    train = [*dialogues("en")[:7], *dialogues("zh")[:7]]
    every, _ = rows_of("support-agent", train, tmp_path / "out")
    there: Counter[str] = Counter(row.task for row in every)
    rows, made = rows_of("support-agent", train, tmp_path / "out", task=task)
    found: Counter[str] = Counter(row.task for row in rows)
    whole = sum(expected.values())
    # As many as the scarcest task allows, and to a row: what does not divide goes to one of them.
    assert len(rows) == min(there[name] * whole // share for name, share in expected.items())
    for name, share in expected.items():
        assert abs(found[name] - Fraction(len(rows) * share, whole)) < 1
    assert made.left_out["not drawn"] == sum(there[name] for name in expected) - len(rows)
    again, _ = rows_of("support-agent", train, tmp_path / "out", task=task)
    other, _ = rows_of("support-agent", train, tmp_path / "out", task=task, seed=1)
    assert again == rows
    assert {row.id for row in other} != {row.id for row in rows}
    assert Counter(row.task for row in other) == found


def test_the_order_of_dialogues_does_not_decide(tmp_path: Path) -> None:
    train = list(dialogues("en")[:6])
    one, _ = rows_of("support-agent", train, tmp_path / "out", task="strategy=3,response=1")
    other, _ = rows_of("support-agent", train[::-1], tmp_path / "out", task="strategy=3,response=1")
    # Of rows that are alike the first is taken, and its id with it.
    assert {(row.messages[-1]["content"], row.answer) for row in one} == {
        (row.messages[-1]["content"], row.answer) for row in other
    }


def test_mixtures_are_read() -> None:
    mixture = parse_mixture(" strategy = 2, response=0.5")
    assert mixture.shares == {"strategy": Fraction(2), "response": Fraction(1, 2)}
    assert parse_mixture("stage,joint").tasks == ("stage", "joint")
    assert parse_mixture(str(mixture)) == mixture


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("strategies", "no task is called 'strategies' (did you mean 'strategy'?)"),
        ("", "no task is called '' (tasks are strategy, response, stage, classify, joint)"),
        ("strategy,", "no task is called ''"),
        ("strategy=1,strategy=2", "the task 'strategy' stands twice (write it like"),
        ("strategy=2,response", "some tasks have a share and others have none (write it like"),
        ("strategy=0", "the share of strategy is '0' (give more than 0)"),
        ("strategy=-1", "the share of strategy is '-1'"),
        ("strategy=1/0", "the share of strategy is '1/0'"),
        ("strategy=many", "the share of strategy is 'many'"),
        ("strategy=inf", "the share of strategy is 'inf'"),
    ],
)
def test_what_is_no_mixture(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_mixture(text)
    assert str(caught.value).startswith(f"--task: {problem}")


@pytest.mark.parametrize(("name", "task"), [("strategy-predictor", "response"), ("support-agent", "joint")])
def test_a_task_that_the_program_does_not_ask_for(name: str, task: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{name} does not ask for the task '{task}'"):
        rows_of(name, dialogues("en")[:1], tmp_path / "out", task=task)
    assert list(tmp_path.iterdir()) == []
