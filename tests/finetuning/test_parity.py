"""Rows are what programs send: the messages of each row equal those of the request for the same question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dspy
import pytest

from csc_dspy import compiled
from csc_dspy.lm import Adapter
from csc_dspy.programs import PROGRAMS, Options, Program, create
from csc_dspy.programs.pool import Pool
from csc_dspy.programs.teaching import lessons, training_examples
from csc_dspy.signatures import Shown
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.finetuning.exports import beginning, dialogues, rows_of
from tests.support.openai_server import LLMServer
from tests.support.pupil import Pupil
from tests.support.workbench import asking

WAYS = ("bare", "demonstrations", "pool", "both")


def compiled_program(name: str, language: Language, way: str, **options: Any) -> Program:  # noqa: ANN401
    """A program with other instructions, and with what it was shown when it was compiled."""
    program = create(name, Options(language=language, **options))
    # All first turns are asked about alike, and what is shown already is not exported.
    later = [example for example in examples(program, (1, 2)) if example.history.dialogue]
    others = [lesson for example in later for lesson in lessons(program, example)]
    pool: dict[str, list[dict[str, str]]] = {}
    for name_, predictor in program.named_predictors():
        signature = predictor.signature
        predictor.signature = signature.with_instructions(f"{signature.instructions}\n\n{way} 金牌")
        own = [lesson for lesson in others if lesson.predictor == name_]
        if way in {"demonstrations", "both"}:
            predictor.demos = [lesson.demonstration() for lesson in own[:3]]
        pool[name_] = [{**lesson.inputs, **lesson.outputs} for lesson in own[3:]]
    if way in {"pool", "both"}:
        program.pool = Pool(pool, 2)
    return program


def examples(program: Program, which: tuple[int, ...], turns: int = 8) -> list[dspy.Example]:
    conversations = [beginning(dialogues(program.options.language)[each], turns) for each in which]
    return list(training_examples(program, conversations))


def sent(program: Program, server: LLMServer) -> list[list[dict[str, str]]]:
    """The messages of all requests of a program that is told the right answers."""
    asked = examples(program, (0,))
    pupil = Pupil(right=lambda _: True).learn(program, asked)
    with asking(server, pupil):
        for example in asked:
            program(**example.inputs())
    return [request.json["messages"] for request in server.requests]


def assert_equal(program: Program, server: LLMServer, rows: list[Any]) -> None:
    requests = sent(program, server)
    assert len(rows) == len(requests) > 2
    for row, messages in zip(rows, requests, strict=True):
        assert list(row.messages) == messages


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_rows_are_the_requests(
    name: str, way: str, language: Language, llm_server: LLMServer, tmp_path: Path
) -> None:
    program = compiled_program(name, language, way)
    train = [beginning(dialogues(language)[0], 8)]
    rows, _ = rows_of(program, train, tmp_path / "out")
    assert_equal(program, llm_server, rows)
    shown = {"bare": 0, "demonstrations": 3, "pool": 2, "both": 5}[way]
    assert {len(row.messages) for row in rows} == {2 + 2 * shown}
    assert all("金牌" in row.messages[0]["content"] for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_prompts_show(language: Language, llm_server: LLMServer, tmp_path: Path) -> None:
    options = {"shown": Shown(stage=True, distinctions=False), "history_tokens": 40}
    program = compiled_program("support-agent", language, "demonstrations", **options)
    train = [beginning(dialogues(language)[0], 8)]
    rows, _ = rows_of(program, train, tmp_path / "out")
    assert_equal(program, llm_server, rows)
    summary = {"en": "earlier turns left out", "zh": "轮略去"}[language]
    assert any(summary in row.messages[-1]["content"] for row in rows)


def test_an_artifact_from_its_folder(llm_server: LLMServer, tmp_path: Path) -> None:
    program = compiled_program("strategy-predictor", "zh", "both")
    compiled.save(program, tmp_path / "artifact")
    train = [beginning(dialogues("zh")[0], 8)]
    rows, made = rows_of(tmp_path / "artifact", train, tmp_path / "out")
    assert_equal(compiled.load(tmp_path / "artifact"), llm_server, rows)
    assert made.manifest["compiled"]
    without, _ = rows_of(tmp_path / "artifact", train, tmp_path / "out", demonstrations=False)
    assert [len(row.messages) for row in without] == [2] * len(rows)
    assert [row.messages[-1] for row in without] == [row.messages[-1] for row in rows]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_what_the_adapter_writes_and_reads(name: str, language: Language, tmp_path: Path) -> None:
    program = create(name, Options(language=language))
    rows, _ = rows_of(name, dialogues(language)[:1], tmp_path / "out")
    adapter, predictors = Adapter(), dict(program.named_predictors())
    conversations = dialogues(language)[:1]
    asked = [
        each for example in training_examples(program, conversations) for each in lessons(program, example)
    ]
    for row, lesson in zip(rows, asked, strict=True):
        signature = predictors[lesson.predictor].signature
        # The original of DSPy, not ours.
        assert row.answer == dspy.ChatAdapter().format_assistant_message_content(signature, lesson.outputs)
        assert adapter.parse(signature, row.answer) == lesson.outputs


def test_what_gives_the_answer_away_is_not_shown(tmp_path: Path) -> None:
    program = create("response-writer", Options(language="en"))
    conversation = dialogues("en")[0]
    asked = [
        each for example in training_examples(program, [conversation]) for each in lessons(program, example)
    ]
    program.pool = Pool({"write": [{**each.inputs, **each.outputs} for each in asked]}, 3)
    rows, _ = rows_of(program, [conversation], tmp_path / "out")
    assert len(rows) == len(asked)
    for row, lesson in zip(rows, asked, strict=True):
        response = lesson.outputs["response"]
        assert not any(response in message["content"] for message in row.messages)
    # The last turn may be shown all before it but itself.
    assert len(rows[-1].messages) == 2 + 2 * 3
    fixed = create("response-writer", Options(language="en"))
    fixed.write.demos = [asked[4].demonstration()]
    rows, made = rows_of(fixed, [conversation], tmp_path / "out")
    # The turn itself and the four before it, whose responses stand in the demonstration.
    assert made.left_out == {"shown in the demonstrations": 5}
    assert len(rows) == len(asked) - 5
