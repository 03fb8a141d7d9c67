"""What trials are scored by, held against the evaluation and against what was worked out by hand."""

from __future__ import annotations

import pytest

import csc_dspy as csc
from csc_dspy.conversations import turn_examples
from csc_dspy.evaluation.predictions import Prediction
from csc_dspy.exceptions import ConfigError
from csc_dspy.lm import Price, Usage
from csc_dspy.metrics import Predicted, Weights
from csc_dspy.optimizers.sweep.objectives import Goals, goals, require_answered
from csc_dspy.optimizers.sweep.scoring import Answers, Course
from csc_dspy.programs import Options, create
from csc_dspy.taxonomy import Language
from tests.optimizers.sweep.small import few

QUALITY = {
    "accuracy": "ACC",
    "macro-f1": "macro_f1",
    "mid": "mid",
    "stage-accuracy": "stage_acc",
    "chrf": "chrF",
}
COSTS = ("tokens-per-turn", "calls-per-turn", "latency", "usd-per-1000-turns")


def wanted(*names: str, price: Price | None = None, program: str = "support-agent", **limits: float) -> Goals:
    examples = list(turn_examples(few("csconv-sample:dev")))
    most = {f"max-{name.replace('_', '-')}": limit for name, limit in limits.items()}
    return goals(names, most, Weights(), create(program), examples, price)


def said(
    predicted: Predicted | None = None, usage: Usage | None = None, seconds: float = 0.0
) -> list[Prediction]:
    """The same of every turn; right if nothing else is given."""
    return [
        Prediction(
            "reference",
            str(each.conversation.id),
            each,
            predicted or Predicted(each.stage, each.turn.strategy, each.turn.text),
            usage,
            seconds,
        )
        for each in turn_examples(few("csconv-sample:dev"))
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_scores_are_those_of_the_evaluation(language: Language) -> None:
    dev = few("csconv-sample:dev", language)
    program = create("support-agent", Options(language=language))
    course = Course(dev, program.options.taxonomy, seed=3)
    with csc.using("embedded"):
        progress = Answers(program, course, whole=True, concurrency=8).until(len(course.turns))
    made = goals(tuple(QUALITY), {}, Weights(), program, course.examples, None)
    found = dict(zip(QUALITY.values(), made.values(course.by_dialogue(progress.predictions)), strict=True))
    table = csc.evaluate(program, dev, contexts=["reference"]).scores["reference"]
    assert {name: round(value, 4) for name, value in found.items()} == {
        name: table[name].value for name in QUALITY.values()
    }


def test_marks_of_means_have_the_score_as_their_mean() -> None:
    names = ("accuracy", "mid", "stage-accuracy", "chrf", "composite")
    made = wanted(*names)
    predictions = said()
    strategies = create("support-agent").options.taxonomy.strategies
    predictions[3:9] = said(Predicted(None, strategies[5], "I see."))[3:9]
    rows = [made.marks(each) for each in predictions]
    for place, value in enumerate(made.values([predictions])):
        marks = [row[place] for row in rows if row[place] is not None]
        assert 100 * sum(marks) / len(marks) == pytest.approx(value)


def test_marks_for_the_f1_count_all_strategies_alike() -> None:
    made = wanted("macro-f1", program="strategy-predictor")
    predictions = said()
    marks: dict[str, float] = {}
    for each in predictions:
        [mark] = made.marks(each)
        assert each.example.turn.strategy
        assert mark is not None
        name = each.example.turn.strategy.id
        marks[name] = marks.get(name, 0.0) + mark
    assert len(marks) > 5
    assert list(marks.values()) == pytest.approx([len(predictions) / len(marks)] * len(marks))
    assert sum(marks.values()) == pytest.approx(len(predictions))
    [wrong] = made.marks(said(Predicted(error="no answer"))[0])
    assert wrong == 0
    assert made.values([predictions]) == (100.0,)


def test_costs() -> None:
    usage = Usage(calls=3, input_tokens=1000, output_tokens=50, cached_tokens=400)
    made = wanted(*COSTS, price=Price(2.0, 10.0, 1.0))
    values = made.values([said(usage=usage, seconds=0.25)])
    # 600 fresh tokens at 2, 400 cached ones at 1 and 50 written ones at 10 dollars for a million.
    assert values == pytest.approx((1050, 3, 0.25, 1000 * (1200 + 400 + 500) / 1e6))
    assert [each.maximize for each in made.measures] == [False] * 4
    assert made.marks(said()[0]) == (0, 0, 0, 0)


def test_limits() -> None:
    made = wanted("accuracy", calls_per_turn=2, tokens_per_turn=2000)
    turns = said(usage=Usage(calls=3, input_tokens=1000, output_tokens=50))
    assert made.excess(turns) == {"calls-per-turn": 1, "tokens-per-turn": -950}


@pytest.mark.parametrize(
    ("name", "program"),
    [("accuracy", "stage-tracker"), ("chrf", "strategy-predictor"), ("stage-accuracy", "response-writer")],
)
def test_what_a_program_is_not_asked_for_cannot_count(name: str, program: str) -> None:
    with pytest.raises(ConfigError, match=f"{program} is not asked for the .* that {name} is about"):
        require_answered([name], create(program, Options()))
    require_answered(["composite", "latency"], create(program, Options()))


def test_the_order_of_turns_depends_on_the_seed_alone() -> None:
    dev = few("csconv-sample:dev")
    taxonomy = dev[0].taxonomy
    orders = [[turn.example.id for turn in Course(dev, taxonomy, seed).turns] for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == sorted(each.id for each in turn_examples(dev))
    assert len({turn.dialogue for turn in Course(dev, taxonomy, 0).turns[:12]}) > 1
