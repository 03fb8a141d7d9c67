"""A compiled program by its name: the project's, or the one that comes with the package."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
import pytest

import csc_dspy as csc
import csc_dspy.compiled
from csc_dspy.choosing import Programs
from csc_dspy.compiled import ByLanguage, load, save
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ArtifactError, ConfigError
from csc_dspy.programs import PROGRAMS, Situation, StrategyPredictor, SupportAgent, create
from csc_dspy.taxonomy import LANGUAGES
from tests.support.openai_server import LLMServer

HISTORIES = {
    "zh": [{"speaker": "customer", "text": "我的卡被吞了，怎么办？"}],
    "en": [{"speaker": "customer", "text": "My card was swallowed, what now?"}],
}


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project)
    return project


def test_each_conversation_in_its_language(here: Path) -> None:
    agent = load("support-agent")
    assert isinstance(agent, ByLanguage)
    assert agent.name == "support-agent"
    for language in LANGUAGES:
        alone = load(here / "artifacts" / "support-agent" / language)
        assert isinstance(alone, SupportAgent)
        said = alone(history=HISTORIES[language])
        assert agent(history=HISTORIES[language]).row() == said.row()
        assert asyncio.run(agent.acall(history=HISTORIES[language])).row() == said.row()
        assert list(agent.stream(history=HISTORIES[language]))[-1].row() == said.row()  # type: ignore[union-attr]  # last
        assert load("support-agent", language=language).dump_state() == alone.dump_state()
        assert load(f"support-agent/{language}").dump_state() == alone.dump_state()
    assert load("stage-tracker").options.language == "en"


def test_a_classifier_goes_by_the_turn_where_there_is_no_history() -> None:
    both = ByLanguage({each: create("strategy-classifier") for each in LANGUAGES})
    empty = csc.Conversation(dialogue=())
    assert both.for_conversation(empty, "您好，请问怎么称呼？") is both.programs["zh"]
    assert both.for_conversation(empty, "What is your name?") is both.programs["en"]


@pytest.mark.usefixtures("here")
def test_what_is_not_there() -> None:
    with pytest.raises(ArtifactError, match=r"did you mean 'support-agent'\?"):
        load("suport-agent")
    with pytest.raises(ArtifactError, match=r"stage-tracker/mine, .*csc-dspy compile stage-tracker"):
        load("stage-tracker/mine")
    with pytest.raises(ArtifactError, match="was compiled for prompts in 'zh', not 'en'"):
        load("artifacts/support-agent/zh", language="en")
    with pytest.raises(ArtifactError, match=r"nowhere/manifest\.json: cannot be read"):
        load("artifacts/nowhere")


def test_pickles_are_refused(tmp_path: Path) -> None:
    StrategyPredictor().save(tmp_path / "whole", save_program=True)
    (tmp_path / "program.pkl").write_bytes(b"")
    for path in (tmp_path / "whole", tmp_path / "program.pkl"):
        with pytest.raises(ArtifactError, match="is a pickle, which can run any code"):
            load(path)


def test_changed_signatures_are_told(tmp_path: Path) -> None:
    folder = save(StrategyPredictor(), tmp_path / "saved", optimizer={"name": "balanced"})
    manifest = json.loads((folder / "manifest.json").read_bytes())
    predict = manifest["signatures"]["predict"]
    predict["hash"] = "0"
    predict["inputs"]["stage_now"] = predict["inputs"].pop("stage_so_far")
    predict["outputs"]["strategy"][0] = "Welcome"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    expected = (
        "predict: it has no input stage_now any more; predict: its input stage_so_far is new; "
        "predict: its output strategy has other labels, without 'Welcome', with 'Greeting'"
    )
    with pytest.raises(ArtifactError) as caught:
        load(folder)
    assert expected in str(caught.value)
    again = "compile it again: csc-dspy compile strategy-predictor --language en --optimizer balanced"
    assert again in str(caught.value)


@pytest.mark.usefixtures("here")
def test_which_language_model_answers(llm_server: LLMServer) -> None:
    agent = load("support-agent")
    assert dspy.settings.lm is None
    assert agent(history=HISTORIES["en"]).strategy_probabilities
    with csc.using("openai/test", api_base=llm_server.url, cache=False):
        agent(history=HISTORIES["en"])
    assert len(llm_server.requests) == 3
    agent.compiled_for = "openai/gpt-5"
    with pytest.raises(ConfigError, match=r"no language model is in force .*csc\.using\(lm='openai/gpt-5'\)"):
        agent(history=HISTORIES["en"])
    with pytest.raises(ConfigError, match=r"csc\.using\(lm='embedded'\)"):
        create("stage-tracker")(history=HISTORIES["en"])


@pytest.mark.usefixtures("here")
def test_threads_tasks_and_several_language_models() -> None:
    agent = load("support-agent")
    expected = {each: agent(history=HISTORIES[each]).row() for each in LANGUAGES}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: agent(history=HISTORIES[LANGUAGES[n % 2]]).row(), range(40)))
    assert answers == [expected[LANGUAGES[n % 2]] for n in range(40)]

    async def together() -> list[dict[str, Any]]:
        calls = (agent.acall(history=HISTORIES[LANGUAGES[n % 2]]) for n in range(40))
        return [each.row() for each in await asyncio.gather(*calls)]

    assert asyncio.run(together()) == answers


@pytest.mark.usefixtures("here")
def test_two_language_models_at_once(llm_server: LLMServer) -> None:
    agent = load("support-agent", language="en")
    both = threading.Barrier(2)

    def ask(spec: str, **options: Any) -> bool:  # noqa: ANN401  those of connect
        with csc.using(spec, **options):
            both.wait()
            return agent(history=HISTORIES["en"]).strategy_probabilities is not None

    with ThreadPoolExecutor(2) as pool:
        hosted = pool.submit(ask, "openai/test", api_base=llm_server.url, cache=False)
        embedded = pool.submit(ask, "embedded")
    # Only the embedded engine measures probabilities.
    assert (hosted.result(), embedded.result()) == (False, True)


def test_a_program_in_two_languages_is_evaluated(here: Path) -> None:
    programs = Programs(load("support-agent"))
    for language in LANGUAGES:
        expected = load(here / "artifacts" / "support-agent" / language).dump_state()
        assert programs.in_language(language).dump_state() == expected
    assert Programs("support-agent").identity != programs.identity
    named = Programs("artifacts/support-agent/zh", history_tokens=9)
    assert named.in_language("en").options.history_tokens == 9


FIRST_ANSWER = """
import sys, time
begun = time.perf_counter()
from csc_dspy.compiled import support_agent
answer = support_agent(history=[{"speaker": "customer", "text": "My card was swallowed!"}])
sys.stdout.write(f"{answer.stage.id} {answer.strategy.id} {answer.response}\\n")
sys.stdout.write(" ".join({"litellm", "optuna", "datasets", "sacrebleu"} & set(sys.modules)))
"""


def test_an_import_is_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FIRST_ANSWER]
    process = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, encoding="utf-8")
    assert process.stderr == ""
    answer, heavy = process.stdout.split("\n")
    expected = load("support-agent", packaged=True)(history=HISTORIES["en"][:1])
    assert answer.split()[0] == expected.stage.id
    assert heavy == ""


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_every_program_comes_compiled(name: str) -> None:
    module = importlib.import_module("csc_dspy.compiled")
    program = getattr(module, name.replace("-", "_"))
    assert isinstance(program, ByLanguage)
    assert getattr(module, name.replace("-", "_")) is program
    assert (program.name, set(program.programs)) == (name, set(LANGUAGES))
    for language in LANGUAGES:
        assert program.in_language(language).options.language == language
        assert any(each.demos for each in program.in_language(language).predictors())


def test_an_unknown_program_is_no_import() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'poet'"):
        csc_dspy.compiled.poet  # type: ignore[attr-defined]  # noqa: B018  reading it is the test


def test_steps_are_those_of_the_program_in_the_language() -> None:
    program = load("strategy-predictor", packaged=True)
    assert isinstance(program, ByLanguage)
    for language in LANGUAGES:
        situation = Situation(Conversation(dialogue=()), language)
        ask = next(program.steps(situation))
        assert ask.predictor is program.in_language(language).predictors()[0]
