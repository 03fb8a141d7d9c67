"""Pairs of a better and a worse answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning import export
from csc_dspy.finetuning.tasks import WRITING
from csc_dspy.lm import Adapter
from csc_dspy.metrics import text
from csc_dspy.programs import Options, Program, create
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.finetuning.exports import Collected, dialogues, read_lines, rows_of
from tests.support.behaviours import Behaviour
from tests.support.openai_server import LLMServer
from tests.support.programs import impatient
from tests.support.pupil import Pupil

TRAIN = [*dialogues("en")[:6], *dialogues("zh")[:6]]


def read_answer(program: Program, answer: str) -> dict[str, str]:
    (predictor,) = program.predictors()
    return dict(Adapter().parse(predictor.signature, answer))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["response-writer", "support-agent-joint"])
def test_responses_by_another_strategy(name: str, language: Language, tmp_path: Path) -> None:
    program = create(name, Options(language=language))
    train = [each for each in TRAIN if each.spoken_language == language]
    rows, made = rows_of(name, TRAIN, tmp_path / "out", pairs="other-strategy", language=language)
    spoken = {turn.text: turn for each in train for _, turn in each.supporter_turns()}
    alike = 0
    for row in rows:
        assert row.rejected is not None
        chosen, rejected = read_answer(program, row.answer), read_answer(program, row.rejected)
        other = spoken[rejected["response"]]
        assert other.strategy is not None
        assert chosen["response"] != rejected["response"]
        assert other.strategy.id != row.strategy
        assert chosen.keys() == rejected.keys()
        if "strategy" in rejected:
            assert rejected["strategy"] == other.strategy.name[language]
        alike += 1
    assert alike == len(rows) > 50
    assert made.manifest["pairs"] is True
    assert made.manifest["options"]["pairs"] == "other-strategy"


def test_what_came_before_is_alike(tmp_path: Path) -> None:
    rows, _ = rows_of("response-writer", TRAIN, tmp_path / "out", pairs="other-strategy", language="en")
    after: dict[str, set[str | None]] = {}
    before: dict[str, str | None] = {}
    for conversation in dialogues("en")[:6]:
        last: str | None = None
        for index, turn in conversation.supporter_turns():
            after.setdefault(turn.text, set()).add(last)
            before[f"{conversation.id}#{index}:response"] = last
            last = turn.strategy.id if turn.strategy else None
    program = create("response-writer")
    same = [
        before[row.id] in after[read_answer(program, row.rejected or "")["response"]]
        for row in rows
        if before[row.id]
    ]
    # Now and then there is no response by another strategy after the same one.
    assert sum(same) / len(same) > 0.9


def test_the_same_pairs_with_the_same_seed(tmp_path: Path) -> None:
    one, _ = rows_of("response-writer", TRAIN, tmp_path / "out", pairs="other-strategy")
    again, _ = rows_of("response-writer", TRAIN[::-1], tmp_path / "out", pairs="other-strategy")
    other, _ = rows_of("response-writer", TRAIN, tmp_path / "out", pairs="other-strategy", seed=1)
    rejected = {row.id: row.rejected for row in one}
    assert {row.id: row.rejected for row in again} == rejected
    assert {row.id: row.rejected for row in other} != rejected


def test_validation_rejects_nothing_of_training(tmp_path: Path) -> None:
    form = Collected()
    export(
        *("response-writer",),
        train=TRAIN,
        out=tmp_path / "out",
        form=form,
        pairs="other-strategy",
        validation=0.3,
    )
    for part in ("train", "validation"):
        rows = form.of(part)
        spoken = {
            turn.text
            for each in TRAIN
            if each.id in {row.dialogue for row in rows}
            for _, turn in each.supporter_turns()
        }
        program = create("response-writer")
        assert {read_answer(program, row.rejected or "")["response"] for row in rows} <= spoken


def test_only_tasks_that_write(tmp_path: Path) -> None:
    rows, _ = rows_of("support-agent", TRAIN[:2], tmp_path / "out", pairs="other-strategy")
    assert {row.task for row in rows} == {"response"} <= WRITING


def test_one_strategy_has_no_other(tmp_path: Path) -> None:
    greeting = [TRAIN[0].with_turns(TRAIN[0].dialogue[:1])]
    with pytest.raises(Exception, match="no row is left to train on: 1 nothing to reject"):
        rows_of("response-writer", greeting, tmp_path / "out", pairs="other-strategy")


@pytest.mark.parametrize("name", ["response-writer", "support-agent-joint"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_responses_of_a_program(name: str, language: Language, llm_server: LLMServer, tmp_path: Path) -> None:
    train = [dialogues(language)[0]]
    with impatient(llm_server) as lm:
        rows, made = rows_of(
            name, train, tmp_path / "out", pairs="program", rejected_by="response-writer", lm=lm
        )
    program = create(name, Options(language=language))
    turns = {f"{train[0].id}#{index}": turn for index, turn in train[0].supporter_turns()}
    assert len(rows) == len(llm_server.requests) == len(turns)
    for row in rows:
        chosen, rejected = read_answer(program, row.answer), read_answer(program, row.rejected or "")
        assert chosen["response"] == turns[row.id.rpartition(":")[0]].text
        assert text.chrf(rejected["response"], chosen["response"]) < 100
        assert rejected["response"].startswith({"en": "Here is the response", "zh": "好的"}[language])
        # The strategy was given.
        assert rejected.get("strategy") == chosen.get("strategy")
    assert made.manifest["options"]["rejected-by"] == "response-writer"


def test_what_is_as_good_is_no_pair(llm_server: LLMServer, tmp_path: Path) -> None:
    train = [dialogues("en")[0]]
    program = create("response-writer")
    from csc_dspy.programs.teaching import training_examples

    known = list(training_examples(program, train))
    pupil = Pupil(right=lambda _: True).learn(program, known[:-1])
    llm_server.usually(Behaviour(reply=pupil.reply))
    with impatient(llm_server) as lm:
        rows, made = rows_of(
            "response-writer", train, tmp_path / "out", pairs="program", rejected_by="response-writer", lm=lm
        )
    assert [row.id for row in rows] == [f"{known[-1].id}:response"]
    assert made.left_out == {"nothing to reject": len(known) - 1}


@pytest.mark.parametrize("form", ["openai", "trl", "sharegpt", "alpaca", "parquet", "arrow"])
def test_all_formats_hold_pairs(form: str, tmp_path: Path) -> None:
    made = export("response-writer", train=TRAIN[:2], out=tmp_path / "out", form=form, pairs="other-strategy")
    assert made.rows["train"] > 10
    if form == "openai":
        first = read_lines(tmp_path / "out" / "train.jsonl")[0]
        assert first.keys() == {"input", "preferred_output", "non_preferred_output"}


@pytest.mark.parametrize(
    ("name", "choices", "problem"),
    [
        ("strategy-predictor", {"pairs": "other-strategy"}, "writes no responses to choose between"),
        ("support-agent", {"pairs": "other-strategy", "task": "stage"}, "not all of the tasks write any"),
        ("support-agent", {"pairs": "program"}, "--pairs program and --rejected-by go together"),
        ("support-agent", {"rejected_by": "support-agent"}, "--pairs program and --rejected-by go together"),
        (
            "support-agent",
            {"pairs": "program", "rejected_by": "stage-tracker"},
            "--rejected-by: stage-tracker writes no responses",
        ),
        (
            "support-agent",
            {"pairs": "program", "rejected_by": "support-agent", "source": "traces"},
            "needs --source gold",
        ),
        ("support-agent", {"pairs": "worse"}, "--pairs: is 'worse' (it is other-strategy or program)"),
    ],
)
def test_what_does_not_go_together(name: str, choices: dict[str, str], problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        export(name, train=TRAIN, out=tmp_path / "out", **choices)  # type: ignore[arg-type]  # wrong on purpose
    assert problem in str(caught.value)
    assert list(tmp_path.iterdir()) == []
