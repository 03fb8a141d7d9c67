"""What language models propose gets into a program only in its language, and as an instruction."""

from __future__ import annotations

import itertools

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm import using
from csc_dspy.optimizers._base import Optimizer
from csc_dspy.optimizers.locale import TOLD
from csc_dspy.optimizers.prompts.copro import Copro
from csc_dspy.optimizers.prompts.gepa import Gepa
from csc_dspy.optimizers.prompts.mipro import Mipro
from csc_dspy.optimizers.prompts.simba import Simba
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.support.openai_server import LLMServer
from tests.support.programs import impatient
from tests.support.pupil import Proposal, Pupil, at_times
from tests.support.workbench import GOOD, MAGIC, Workbench, asking

PROPOSING: tuple[Optimizer, ...] = (Mipro(trials=4), Gepa(rollouts=50), Simba(steps=1), Copro(breadth=3))
FIELD = {
    "mipro": "proposed_instruction",
    "gepa": "new_instruction",
    "simba": "module_advice",
    "copro": "proposed_instruction",
}
OTHER: dict[Language, Language] = {"zh": "en", "en": "zh"}
every_optimizer = pytest.mark.parametrize("optimizer", PROPOSING, ids=lambda each: each.name)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def pupil_for(work: Workbench, proposal: Proposal, restated: str = "") -> Pupil:
    """One who answers well by good instructions in either language."""
    magic = tuple(MAGIC.values())
    return work.taught(
        Pupil(
            lambda asked: any(at_times(words)(asked) for words in magic),
            proposal,
            restated=restated,
            advised=work.predictors,
        )
    )


@every_language
@every_optimizer
def test_the_wrong_language_is_mended(
    llm_server: LLMServer, optimizer: Optimizer, language: Language
) -> None:
    work = Workbench("support-agent", language)
    pupil = pupil_for(work, GOOD[OTHER[language]], restated=GOOD[language])
    with asking(llm_server, pupil):
        better = optimizer.optimize(work.program, work.bench())
    assert any(GOOD[language] in each.signature.instructions for each in better.predictors())
    for predictor in itertools.chain(*(trial.program.predictors() for trial in work.heard)):
        assert GOOD[OTHER[language]] not in predictor.signature.instructions
    assert set(pupil.asked) == {FIELD[optimizer.name], "restated"}


@every_language
@every_optimizer
def test_the_wrong_language_twice_is_rejected(
    llm_server: LLMServer, optimizer: Optimizer, language: Language
) -> None:
    work = Workbench("strategy-predictor", language)
    instructions = work.program.predict.signature.instructions
    pupil = pupil_for(work, GOOD[OTHER[language]], restated=f"Hm. 嗯。{GOOD[OTHER[language]]}")
    with asking(llm_server, pupil):
        optimizer.optimize(work.program, work.bench())
    assert "restated" in pupil.asked
    # Each is asked to mend what it proposed once, and not again and again.
    assert pupil.asked.count("restated") <= pupil.asked.count(FIELD[optimizer.name])
    assert {trial.program.predictors()[0].signature.instructions for trial in work.heard} == {instructions}


def absurd(work: Workbench) -> dict[str, str]:
    spoken = max((turn.text for turn in work.train[7].history.dialogue), key=len)
    labels = {
        "zh": "请判断：\n1. 礼貌问候：开场\n2. 情绪安慰：安抚\n3. 其它：其余",
        "en": "Choose:\n1. Greeting: hello\n2. Comforting Words: soothe\n3. Others: the rest",
    }
    return {
        "empty": "",
        "blank": "  ",
        "marker": "[[ ## completed ## ]]",
        "endless": GOOD[work.language] * 400,
        "quoting": f"{GOOD[work.language]} {spoken}",
        "renaming": f"{GOOD[work.language]} {labels[work.language]}",
        "numbers": "42 42 42",
    }


@every_optimizer
@pytest.mark.parametrize(
    ("language", "kind"),
    [
        *[("zh", kind) for kind in ("empty", "blank", "marker", "endless", "quoting", "renaming", "numbers")],
        ("en", "quoting"),
        ("en", "renaming"),
    ],
)
def test_what_is_no_instruction_is_rejected(
    llm_server: LLMServer, optimizer: Optimizer, language: Language, kind: str
) -> None:
    work = Workbench("strategy-predictor", language)
    instructions = work.program.predict.signature.instructions
    pupil = pupil_for(work, absurd(work)[kind])
    with asking(llm_server, pupil):
        optimizer.optimize(work.program, work.bench())
    assert FIELD[optimizer.name] in pupil.asked
    assert {trial.program.predictors()[0].signature.instructions for trial in work.heard} == {instructions}


@every_optimizer
def test_one_bad_proposal_does_not_take_the_good_ones_along(
    llm_server: LLMServer, optimizer: Optimizer
) -> None:
    work = Workbench("strategy-predictor", "zh")
    pupil = pupil_for(work, lambda time: GOOD["zh"] if time % 2 == 0 else "")
    with asking(llm_server, pupil):
        better = optimizer.optimize(work.program, work.bench())
    assert GOOD["zh"] in better.predict.signature.instructions


@every_language
@every_optimizer
def test_proposers_are_told_the_language(
    llm_server: LLMServer, optimizer: Optimizer, language: Language
) -> None:
    work = Workbench("strategy-predictor", language)
    with asking(llm_server, pupil_for(work, GOOD[language])):
        optimizer.optimize(work.program, work.bench())
    systems = [request.json["messages"][0]["content"] for request in llm_server.requests]
    asked = [system for system in systems if FIELD[optimizer.name] in system]
    assert asked
    assert all(TOLD[language].partition("\n")[0] in system for system in asked)
    # What our prompts do not show is not asked for.
    assert not any("proposed_prefix" in system for system in systems)


@every_optimizer
def test_the_embedded_engine_cannot_propose(optimizer: Optimizer) -> None:
    work = Workbench("strategy-predictor", "zh")
    option = "--reflection-lm" if optimizer.name == "gepa" else "--prompt-lm"
    with using("embedded") as lm:
        with pytest.raises(ConfigError, match=option) as caught:
            optimizer.optimize(work.program, work.bench())
        assert lm.engine.budget.usage.calls == 0
    assert caught.value.where == f"--optimizer {optimizer.name}"


@every_optimizer
def test_another_model_proposes_for_the_embedded_engine(llm_server: LLMServer, optimizer: Optimizer) -> None:
    work = Workbench("strategy-predictor", "zh")
    with asking(llm_server, pupil_for(work, GOOD["zh"])) as writer, using("embedded"):
        optimizer.optimize(work.program, work.bench(prompt_lm=writer))
    # SIMBA asks for advice where answers vary; the embedded engine's do not.
    assert bool(llm_server.requests) == (optimizer.name != "simba")
    asked = [request.json["messages"][-1]["content"] for request in llm_server.requests]
    assert all(FIELD[optimizer.name] in question for question in asked)


def test_gepa_prefers_the_model_for_reflection(llm_server: LLMServer) -> None:
    work = Workbench("strategy-predictor", "zh")
    pupil = pupil_for(work, GOOD["zh"])
    with (
        impatient(llm_server, "openai/prompt") as prompt,
        impatient(llm_server, "openai/reflection") as reflection,
        asking(llm_server, pupil),
    ):
        Gepa(rollouts=40).optimize(work.program, work.bench(prompt_lm=prompt, reflection_lm=reflection))
        models = {request.json["model"] for request in llm_server.requests}
        assert models == {"test", "reflection"}
        Gepa(rollouts=40).optimize(work.program, work.bench(prompt_lm=prompt))
        assert llm_server.requests[-1].json["model"] == "test"
        assert {request.json["model"] for request in llm_server.requests} == {"test", "reflection", "prompt"}
