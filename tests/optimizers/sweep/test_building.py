"""From parameters to programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.lm import Budget
from csc_dspy.optimizers.sweep.building import Builder, bare
from csc_dspy.optimizers.sweep.connections import Connections
from csc_dspy.optimizers.sweep.memory import Memory
from csc_dspy.optimizers.sweep.names import DEFAULTS
from csc_dspy.optimizers.sweep.scoring import Course, answers_key
from csc_dspy.optimizers.sweep.settings import Settings
from csc_dspy.programs import Program, SupportAgentJoint
from csc_dspy.programs.teaching import training_examples
from tests.optimizers.sweep.small import data, written


@contextmanager
def building(settings: Settings, folder: Path) -> Iterator[tuple[Builder, Connections]]:
    with (
        Memory(folder) as memory,
        Connections({}, Budget(), memory, concurrency=8) as connections,
    ):
        yield Builder(settings, memory, concurrency=8), connections


def built(settings: Settings, folder: Path, **values: Any) -> Program:  # noqa: ANN401
    given = {**DEFAULTS, **{name.replace("__", ".").replace("_", "-"): each for name, each in values.items()}}
    with building(settings, folder) as (builder, connections):
        connected = connections.get(given)
        with connected.in_force(trace=True):
            return builder.build(given, connected.identity)


def test_how_a_program_is_built(tmp_path: Path) -> None:
    settings = written(tmp_path)
    program = built(settings, tmp_path)
    assert (program.name, program.options.language, program.options.history_tokens) == (
        "strategy-predictor",
        "en",
        None,
    )
    program = built(
        settings,
        tmp_path,
        program="support-agent",
        variant="joint",
        reasoning=True,
        history_tokens=200,
        shown__definitions=False,
        shown__stage_so_far=False,
        shown__hint=True,
    )
    assert isinstance(program, SupportAgentJoint)
    options = program.options
    assert (options.reasoning, options.history_tokens) == (True, 200)
    # Without a prior there is nothing to hint at.
    assert (options.shown.definitions, options.shown.stage_so_far, options.shown.hint) == (
        False,
        False,
        False,
    )


@pytest.mark.parametrize("chain", ["labeled", "balanced", "knn", "labeled+knn", "labeled+prior", "prior"])
def test_what_was_compiled_is_remembered(tmp_path: Path, chain: str) -> None:
    settings = written(tmp_path)
    options: dict[str, Any] = {"optimizer": chain, "labeled.demonstrations": 8, "knn.demonstrations": 2}
    options |= {"balanced.candidates": 1, "balanced.exchanges": 0, "balanced.demonstrations": 12}
    first = built(settings, tmp_path, **options)
    with (
        Memory(tmp_path) as memory,
        Connections({}, Budget(max_calls=0), memory, concurrency=1) as connections,
    ):
        connected = connections.get(DEFAULTS)
        with connected.in_force(trace=True):
            again = Builder(settings, memory, concurrency=1).build(
                {**DEFAULTS, **options}, connected.identity
            )
    assert first.dump_state() == again.dump_state()
    course = Course(settings.data[1].conversations, settings.data[0].conversations[0].taxonomy, 0)
    assert answers_key(first, "some", course) == answers_key(again, "some", course)
    shown = {"labeled": 8, "balanced": 12}.get(chain)
    if shown:
        assert len(first.predictors()[0].demos) == shown


def test_optimizers_learn_from_other_dialogues_than_they_choose_by(tmp_path: Path) -> None:
    settings = written(tmp_path, train=data(train=12)["train"])
    program = built(settings, tmp_path, optimizer="labeled", labeled__demonstrations=1000)
    texts = {demo["conversation"] for demo in program.predictors()[0].demos}
    sample = bare({**DEFAULTS}, settings)
    shown = 0
    for conversation in settings.data[0].conversations:
        [*examples] = training_examples(sample, [conversation])
        known = [sample_text(sample, each) in texts for each in examples[1:]]
        assert all(known) or not any(known)
        shown += all(known)
    assert shown == 10


def sample_text(program: Program, example: Any) -> str:  # noqa: ANN401
    from csc_dspy.programs.teaching import lessons

    return lessons(program, example)[0].inputs["conversation"]


def test_the_prior_and_the_hint(tmp_path: Path) -> None:
    settings = written(tmp_path)
    program: Any = built(settings, tmp_path, optimizer="labeled", prior_weight=0.75)
    assert program.fusion.weight == 0.75
    assert program.fusion.prior is not None
    plain: Any = built(settings, tmp_path, optimizer="labeled")
    assert plain.fusion.prior is None
    hinting: Any = built(settings, tmp_path, optimizer="labeled", shown__hint=True)
    assert hinting.options.shown.hint
    assert hinting.fusion.prior is not None
    assert hinting.fusion.weight == 0
    # Not compiled at all, nothing of it is there.
    assert built(settings, tmp_path, prior_weight=0.75).dump_state() == built(settings, tmp_path).dump_state()


def test_weights_of_labels(tmp_path: Path) -> None:
    settings = written(tmp_path, **data(train=16, dev=3))
    program: Any = built(settings, tmp_path, optimizer="labeled", labeled__demonstrations=24, calibration=5)
    plain: Any = built(settings, tmp_path, optimizer="labeled", labeled__demonstrations=24)
    assert plain.fusion.biases == {}
    assert [demo["strategy"] for demo in program.predict.demos] == [
        demo["strategy"] for demo in plain.predict.demos
    ]


@pytest.mark.parametrize(("spoken", "prompt"), [("zh", "en"), ("en", "zh")])
def test_prompts_in_another_language_than_the_dialogues(tmp_path: Path, spoken: str, prompt: str) -> None:
    settings = written(tmp_path, **data(spoken))
    program = built(
        settings, tmp_path, optimizer="labeled", prompt_language=prompt, labeled__demonstrations=4
    )
    assert program.options.language == prompt
    demo = program.predictors()[0].demos[-1]
    names = [each.name[program.options.language] for each in program.options.taxonomy.strategies]
    assert demo["strategy"] in names
    own = built(settings, tmp_path, optimizer="labeled", labeled__demonstrations=4).predictors()[0].demos[-1]
    # The words of the customer stay as they were said.
    last = own["conversation"].splitlines()[-1]
    assert demo["conversation"].splitlines()[-1][-10:] == last[-10:]
