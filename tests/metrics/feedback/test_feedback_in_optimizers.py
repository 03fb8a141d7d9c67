"""Feedback and the composite score as DSPy's optimizers call them, on the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dspy
import pytest

import csc_dspy as csc
from csc_dspy.conversations import turn_examples
from csc_dspy.lm import using
from csc_dspy.metrics import Composite, Feedback
from csc_dspy.programs import Options, Program, SupportPrediction, create
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.metrics.turns import as_example

PREDICTORS = ("tracker.track", "strategist.predict", "writer.write")


@pytest.fixture(autouse=True)
def _embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path))
    with using("embedded", trace=True):
        yield


def examples(language: Language, count: int = 6) -> list[dspy.Example]:
    turns = turn_examples(csc.read("csconv-sample", split="dev", language=language))
    return [as_example(turn) for turn, _ in zip(turns, range(count), strict=False)]


def agent(language: Language) -> Program:
    return create("support-agent", Options(language=language))


class Proposer:
    """Stands in for the language model that GEPA lets write instructions, and keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: dict[str, list[dict[str, Any]]] = {}

    def __call__(
        self,
        candidate: dict[str, str],
        reflective_dataset: dict[str, list[dict[str, Any]]],
        components_to_update: list[str],
    ) -> dict[str, str]:
        for name in components_to_update:
            self.shown.setdefault(name, []).extend(reflective_dataset[name])
        return {name: f"{candidate[name]} Listen." for name in components_to_update}


@pytest.mark.parametrize("language", LANGUAGES)
def test_gepa_hears_for_each_predictor_what_concerns_it(language: Language) -> None:
    proposer, gold = Proposer(), examples(language)
    optimizer = dspy.GEPA(
        metric=Feedback(),
        max_metric_calls=36,
        reflection_minibatch_size=2,
        instruction_proposer=proposer,
        num_threads=1,
        seed=0,
    )
    optimizer.compile(agent(language), trainset=gold, valset=gold)
    assert {*proposer.shown} == {*PREDICTORS}
    opening = {
        "tracker.track": {"en": "The stage ", "zh": "阶段"},
        "strategist.predict": {"en": "The strategy ", "zh": "策略"},
        "writer.write": {"en": "The re", "zh": "回复"},
    }
    references = [each.response for each in gold]
    for name, records in proposer.shown.items():
        for record in records:
            assert record["Feedback"].startswith(opening[name][language])
            assert any(each in record["Feedback"] for each in references) == (name == "writer.write")


@pytest.mark.parametrize("language", LANGUAGES)
def test_evaluate_takes_the_mean_of_the_scores(language: Language) -> None:
    gold, program = examples(language), agent(language)
    evaluate = dspy.Evaluate(devset=gold, num_threads=1)
    with_reasons = evaluate(program, metric=Feedback())
    scores = [Composite()(each, program(**each.inputs())) for each in gold]
    assert with_reasons.score == evaluate(program, metric=Composite()).score
    assert with_reasons.score == pytest.approx(100 * sum(scores) / len(scores), abs=0.01)
    assert 0 < with_reasons.score < 100
    assert all(score.feedback for _, _, score in with_reasons.results)


@pytest.mark.parametrize("metric", [Composite(), Feedback()], ids=lambda each: type(each).__name__)
def test_bootstrapping_shows_what_is_right_alone(metric: Composite | Feedback) -> None:
    gold = [each.copy(turn=each.response).with_inputs("history", "turn") for each in examples("en", 12)]
    program = create("strategy-classifier", Options(language="en"))
    right = [each for each in gold if program(**each.inputs()).strategy == each.strategy]
    assert 0 < len(right) < len(gold)
    optimizer = dspy.BootstrapFewShot(metric=metric, max_bootstrapped_demos=12, max_labeled_demos=0)
    demos = optimizer.compile(program, trainset=gold).predictors()[0].demos
    assert [demo["strategy"] for demo in demos] == [each.strategy.name.en for each in right]


def test_simba_scores_by_it() -> None:
    gold = examples("en", 8)
    optimizer = dspy.SIMBA(
        metric=Feedback(), bsize=4, num_candidates=2, max_steps=1, max_demos=2, num_threads=1
    )
    compiled = optimizer.compile(create("strategy-predictor", Options(language="en")), trainset=gold, seed=0)
    assert compiled.trial_logs[0]["train_score"] > 0


def test_a_program_that_fails_scores_nothing_and_the_others_what_they_deserve() -> None:
    gold = examples("en", 3)

    class Failing(dspy.Module):
        def forward(self, history: csc.Conversation) -> SupportPrediction:
            if history == gold[1].history:
                raise TimeoutError("no answer")
            return SupportPrediction(strategy=gold[0].strategy)

    evaluated = dspy.Evaluate(devset=[gold[0], gold[1]], metric=Feedback(), num_threads=1)(Failing())
    assert evaluated.score == 50
