"""Answers of a program, kept only where they are right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.exceptions import BudgetError, DataError, LMError
from csc_dspy.finetuning import export
from csc_dspy.lm import Adapter, Budget, connect
from csc_dspy.programs import Options, create
from csc_dspy.programs.teaching import lessons, training_examples
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.finetuning.exports import dialogues, read_lines, rows_of
from tests.support.behaviours import Behaviour, fails
from tests.support.openai_server import LLMServer
from tests.support.programs import impatient
from tests.support.pupil import Pupil


def pupil(name: str, language: Language, known: int, **options: Any) -> tuple[Pupil, int]:  # noqa: ANN401
    """Knows the answers about the first turns of the first dialogue; and how many turns there are."""
    program = create(name, Options(language=language, **options))
    examples = list(training_examples(program, dialogues(language)[:1]))
    return Pupil(right=lambda _: True).learn(program, examples[:known]), len(examples)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_what_is_right(language: Language, llm_server: LLMServer, tmp_path: Path) -> None:
    taught, turns = pupil("strategy-predictor", language, 5)
    llm_server.usually(taught.behaviour())
    train = dialogues(language)[:1]
    with impatient(llm_server) as lm:
        rows, made = rows_of("strategy-predictor", train, tmp_path / "out", source="traces", lm=lm)
    gold, _ = rows_of("strategy-predictor", train, tmp_path / "out")
    assert len(llm_server.requests) == turns
    assert rows[:5] == gold[:5]
    # The server answers the others by chance.
    assert len(rows) + made.left_out["answered wrongly"] == turns
    assert all(row in gold for row in rows)
    assert (made.failures, made.manifest["options"]["source"]) == (0, "traces")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["response-writer", "support-agent", "support-agent-joint"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_those_of_the_program(
    name: str, language: Language, llm_server: LLMServer, tmp_path: Path
) -> None:
    taught, _ = pupil(name, language, 3)
    said = {"zh": "好的，我来办。", "en": "Gladly, I will do that."}[language]

    def reply(asked: Mapping[str, Any]) -> str | None:
        answer = taught.reply(asked)
        if answer is None or "[[ ## response ## ]]" not in answer:
            return answer
        before = answer.partition("[[ ## response ## ]]")[0]
        return f"{before}[[ ## response ## ]]\n{said}\n\n[[ ## completed ## ]]"

    llm_server.usually(Behaviour(reply=reply))
    train = [dialogues(language)[0].with_turns(dialogues(language)[0].dialogue[:6])]
    with impatient(llm_server) as lm:
        rows, _ = rows_of(name, train, tmp_path / "out", source="traces", lm=lm)
    program = create(name, Options(language=language))
    asked = [each for example in training_examples(program, train) for each in lessons(program, example)]
    assert len(rows) == len(asked)
    signatures = {each: predictor.signature for each, predictor in program.named_predictors()}
    for row, lesson in zip(rows, asked, strict=True):
        expected = {**lesson.outputs, **({"response": said} if "response" in lesson.outputs else {})}
        assert Adapter().parse(signatures[lesson.predictor], row.answer) == expected


@pytest.mark.parametrize("name", ["strategy-predictor", "support-agent"])
def test_reasoning_is_learned_too(name: str, llm_server: LLMServer, tmp_path: Path) -> None:
    taught, _ = pupil(name, "en", 3, reasoning=True)

    def reply(asked: Mapping[str, Any]) -> str | None:
        answer = taught.reply({**asked, "messages": asked["messages"]})
        thought = f"Thought {len(asked['messages'][-1]['content'])}."
        return answer and f"[[ ## reasoning ## ]]\n{thought}\n\n{answer}"

    program = create(name, Options(language="en", reasoning=True))
    # The pupil knows questions by what they ask for, which with reasoning is more.
    keys = {frozenset({*key, ("reasoning", "")}): lesson for key, lesson in taught._known.items()}  # noqa: SLF001
    taught._known.update(keys)  # noqa: SLF001 - a test's own helper
    llm_server.usually(Behaviour(reply=reply))
    train = [dialogues("en")[0].with_turns(dialogues("en")[0].dialogue[:6])]
    with impatient(llm_server) as lm:
        rows, made = rows_of(program, train, tmp_path / "out", source="traces", lm=lm)
    assert made.left_out == {}
    assert len(rows) == len(llm_server.requests)
    sent = {each.json["messages"][-1]["content"] for each in llm_server.requests}
    for row in rows:
        question = row.messages[-1]["content"]
        assert question in sent
        assert row.answer.startswith(f"[[ ## reasoning ## ]]\nThought {len(question)}.\n\n[[ ## ")


def test_an_empty_response_is_left_out(llm_server: LLMServer, tmp_path: Path) -> None:
    llm_server.usually(Behaviour(text="[[ ## response ## ]]\n\n\n[[ ## completed ## ]]"))
    with impatient(llm_server) as lm, pytest.raises(DataError, match="no row is left to train on"):
        export("response-writer", train=dialogues("en")[:1], out=tmp_path / "out", source="traces", lm=lm)
    assert not (tmp_path / "out").exists()


def test_failures_are_left_out_and_asked_again(llm_server: LLMServer, tmp_path: Path) -> None:
    taught, turns = pupil("strategy-predictor", "en", 99)
    llm_server.usually(taught.behaviour())
    llm_server.script(Behaviour(reply=taught.reply), fails(400, "not now"))
    train, out = dialogues("en")[:1], tmp_path / "out"
    options: dict[str, Any] = {"lm": "openai/test", "api_base": llm_server.url, "cache": False}
    made = export("strategy-predictor", train=train, out=out, source="traces", concurrency=1, **options)
    assert (made.failures, made.left_out) == (1, {"not answered": 1})
    (left_out,) = read_lines(out / "left_out.jsonl")
    assert "not now" in left_out["detail"]
    llm_server.requests.clear()
    made = export("strategy-predictor", train=train, out=out, source="traces", resume=True, **options)
    assert (made.failures, made.rows["train"], len(llm_server.requests)) == (0, turns, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nobody_is_asked_about_what_is_left_out_anyway(llm_server: LLMServer, tmp_path: Path) -> None:
    conversation = dialogues("en")[0]
    index, turn = list(conversation.supporter_turns())[3]
    turns = list(conversation.dialogue)
    turns[index] = turn.model_copy(update={"strategy": None})
    taught, _ = pupil("strategy-predictor", "en", 3)
    llm_server.usually(taught.behaviour())
    with impatient(llm_server) as lm:
        made = export(
            "strategy-predictor",
            train=[conversation.with_turns(turns)],
            out=tmp_path / "out",
            source="traces",
            lm=lm,
        )
    assert len(llm_server.requests) == 3
    assert made.left_out["unlabelled turn"] == 1


def test_balancing_asks_nothing_twice(llm_server: LLMServer, tmp_path: Path) -> None:
    taught, turns = pupil("strategy-predictor", "en", 99)
    llm_server.usually(taught.behaviour())
    with impatient(llm_server) as lm:
        rows, _ = rows_of(
            "strategy-predictor",
            dialogues("en")[:1],
            tmp_path / "out",
            source="traces",
            lm=lm,
            balance="oversample",
        )
    assert len(llm_server.requests) == turns
    assert len(rows) > turns


def test_a_wrong_key_ends_it_at_once(
    llm_server: LLMServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    llm_server.key = "sk-right"
    with pytest.raises(LMError, match="Incorrect API key") as caught:
        export(
            "strategy-predictor",
            train="rolecs-sample",
            out=tmp_path / "out",
            source="traces",
            lm="openai/test",
            api_base=llm_server.url,
            cache=False,
            concurrency=4,
        )
    assert "sk-wrong" not in str(caught.value)
    assert len(llm_server.requests) <= 4
    assert list(tmp_path.iterdir()) == []


def test_a_spent_budget_keeps_what_was_paid(llm_server: LLMServer, tmp_path: Path) -> None:
    taught, turns = pupil("strategy-predictor", "en", 99)
    llm_server.usually(taught.behaviour())
    given: dict[str, Any] = {
        "train": dialogues("en")[:1],
        "out": tmp_path / "out",
        "source": "traces",
        "lm": "openai/test",
        "api_base": llm_server.url,
        "cache": False,
        "concurrency": 1,
    }
    with pytest.raises(BudgetError, match="limit of 4 calls"):
        export("strategy-predictor", budget=Budget(max_calls=4), **given)
    assert [path.name for path in tmp_path.iterdir()] == [".out.journal"]
    made = export("strategy-predictor", resume=True, **given)
    assert made.rows["train"] == turns
    assert len(llm_server.requests) == turns


def test_offline_by_the_embedded_engine(tmp_path: Path) -> None:
    lm = connect("embedded")
    made = export(
        "strategy-predictor", train=dialogues("en")[:2], out=tmp_path / "out", source="traces", lm=lm
    )
    assert 0 < made.rows["train"] < sum(1 for each in dialogues("en")[:2] for _ in each.supporter_turns())
