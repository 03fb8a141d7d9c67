"""The score of one example."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import dspy
import pytest
import sacrebleu

from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.metrics import Composite, Weights
from csc_dspy.metrics.text import rouge_l
from csc_dspy.programs import SupportPrediction
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.metrics.turns import example, right

TURNS: list[tuple[Language, str]] = [
    (language, taxonomy) for language in LANGUAGES for taxonomy in ("copc", "esconv")
]
OTHER_TEXT = {"zh": "请问您贵姓？", "en": "What is your name?"}


def wrong_strategy(gold: dspy.Example) -> Any:  # noqa: ANN401 - a strategy
    return load_taxonomy(gold.strategy.taxonomy).strategies[5]


@pytest.mark.parametrize(("language", "taxonomy"), TURNS)
def test_all_right(language: Language, taxonomy: str) -> None:
    gold = example(language, taxonomy)
    answer = right(gold, strategy_probabilities={gold.strategy.id: 1.0})
    assert Composite()(gold, answer) == pytest.approx(1)
    assert Composite()(gold, answer, []) is True


@pytest.mark.parametrize(("language", "taxonomy"), TURNS)
def test_the_weighted_mean(language: Language, taxonomy: str) -> None:
    gold = example(language, taxonomy)
    other = wrong_strategy(gold)
    answer = right(
        gold,
        strategy=other,
        response=OTHER_TEXT[language],
        strategy_probabilities={other.id: 0.75, gold.strategy.id: 0.25},
    )
    chrf = sacrebleu.sentence_chrf(OTHER_TEXT[language], [gold.response]).score / 100
    assert 0 < chrf < 1
    assert Composite()(gold, answer) == pytest.approx(0.5 * 0 + 0.1 * 1 + 0.3 * chrf + 0.1 * 0.25)
    weights = Weights(strategy=0, stage=2, response=1, probability=1)
    assert Composite(weights)(gold, answer) == pytest.approx((2 * 1 + chrf + 0.25) / 4)
    words_in_order = rouge_l(OTHER_TEXT[language], gold.response) / 100
    only_text = Weights(strategy=0, stage=0, response=1, probability=0)
    assert Composite(only_text, similarity=rouge_l)(gold, answer) == pytest.approx(words_in_order)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_answered_does_not_count(language: Language) -> None:
    gold = example(language)
    only_strategy = SupportPrediction(strategy=wrong_strategy(gold))
    assert Composite()(gold, only_strategy) == 0
    with_stage = only_strategy.with_fields(stage=gold.stage, stage_proposed=gold.stage)
    assert Composite()(gold, with_stage) == pytest.approx(0.1 / 0.6)
    # A stage that nobody was asked for follows from the strategy.
    derived = only_strategy.with_fields(stage=gold.stage)
    assert Composite()(gold, derived) == 0
    assert Composite()(gold, right(gold, stage=load_taxonomy().stages[4], stage_proposed=None), []) is True


def test_what_the_example_does_not_tell_does_not_count() -> None:
    gold = example(strategy=None)
    answer = SupportPrediction(strategy=load_taxonomy().strategies[0], response=gold.response)
    assert Composite()(gold, answer) == pytest.approx(1)
    # Nor can it be shown as right.
    assert Composite()(gold, answer, []) is False


def test_a_prediction_of_another_program_means_the_stage_it_gives() -> None:
    gold = example()
    answer = dspy.Prediction(strategy=gold.strategy, stage=load_taxonomy().stages[4])
    assert Composite()(gold, answer) == pytest.approx(0.5 / 0.6)
    assert Composite()(gold, answer, []) is False


WRONG: dict[str, Callable[[dspy.Example], SupportPrediction]] = {
    "strategy": lambda gold: right(gold, strategy=wrong_strategy(gold)),
    "stage": lambda gold: right(gold, stage=load_taxonomy(gold.strategy.taxonomy).stages[2]),
    "empty": lambda gold: right(gold, response=" \n"),
    "language": lambda gold: right(gold, response=OTHER_TEXT["en" if gold.response[0] == "请" else "zh"]),
    "nothing": lambda _: SupportPrediction(),
}


@pytest.mark.parametrize(("language", "taxonomy"), TURNS)
@pytest.mark.parametrize("what", WRONG)
def test_strictly_wrong(what: str, language: Language, taxonomy: str) -> None:
    gold = example(language, taxonomy)
    assert Composite()(gold, WRONG[what](gold), []) is False
    assert Composite().strict(gold, WRONG[what](gold)) is False


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_the_first_word_the_reference_tells_the_language(language: Language) -> None:
    gold = example(language)
    first = gold.copy(history=gold.history.with_turns([]))
    assert Composite()(first, right(first), []) is True
    other = OTHER_TEXT["zh" if language == "en" else "en"]
    assert Composite()(first, right(first, response=other), []) is False


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_of_no_language(language: Language) -> None:
    gold = example(language)
    for response in ("[NAME] [PHONE NUMBER] [EMAIL]", "[手机号码]，[姓名]", "123"):
        assert Composite()(gold, right(gold, response=response), []) is True


def test_a_failed_call_is_no_answer() -> None:
    assert Composite()(example(), None) == 0
    assert Composite()(example(), None, []) is False


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"stage": -0.1}, "weight of stage: is -0.1 (give 0 or more)"),
        ({"response": math.nan}, "weight of response: is nan (give 0 or more)"),
        ({"strategy": math.inf}, "weight of strategy: is inf (give 0 or more)"),
        (
            dict.fromkeys(("strategy", "stage", "response", "probability"), 0),
            "all weights are 0 (give at least one part a weight)",
        ),
    ],
)
def test_weights_are_checked(weights: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Weights(**weights)
    assert str(caught.value) == message


def test_a_program_that_answers_nothing_that_counts_is_an_error() -> None:
    only_text = Composite(Weights(strategy=0, stage=0, probability=0))
    gold = example()
    with pytest.raises(
        ConfigError, match="what counts is response, and what is both known and answered is strategy"
    ):
        only_text(gold, SupportPrediction(strategy=gold.strategy))
    with pytest.raises(ConfigError, match="what is both known and answered is nothing"):
        Composite()(gold, SupportPrediction())


@pytest.mark.parametrize(
    ("gold", "answer", "problem"),
    [
        (dspy.Example(history=example().history, strategy=None, stage=None), None, "no field 'response'"),
        ({"history": []}, None, "the example is dict"),
        (example(history=[]), None, "the history is list, not Conversation"),
        (example(strategy="Greeting"), None, "the strategy is str, not Strategy"),
        (example(), "Hello!", "what the program answered is str"),
        (example(), dspy.Prediction(strategy="greeting"), "the strategy is str, not Strategy"),
        (example(), dspy.Prediction(stage=2), "the stage is int, not Stage"),
        (example(), SupportPrediction(response=["Hello!"]), "the response is list, not str"),
        (example(), SupportPrediction(strategy_probabilities=[1.0]), "the strategy_probabilities is list"),
    ],
)
def test_what_is_broken_is_an_error_and_no_low_score(gold: Any, answer: Any, problem: str) -> None:  # noqa: ANN401 - also what it should not be
    with pytest.raises(DataError, match=problem):
        Composite().score(gold, answer)
    with pytest.raises(DataError, match=problem):
        Composite().strict(gold, answer)
