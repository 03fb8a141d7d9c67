"""What feedback says, in the language of the conversation."""

from __future__ import annotations

import dspy
import pytest

from csc_dspy.conversations import detect_language
from csc_dspy.exceptions import DataError
from csc_dspy.metrics import Composite, Feedback
from csc_dspy.metrics.feedback.metric import decided_by
from csc_dspy.programs import PROGRAMS, Options, SupportPrediction, create
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.metrics.turns import SAID, example, right

TURNS: list[tuple[Language, str]] = [
    (language, taxonomy) for language in LANGUAGES for taxonomy in ("copc", "esconv")
]


def asked(
    gold: dspy.Example, answer: SupportPrediction | None, predictor: str | None = None
) -> dspy.Prediction:
    """What GEPA gets when it asks about a predictor, or about the whole answer."""
    found = Feedback()(gold, answer, [] if predictor else None, predictor, [])
    assert isinstance(found, dspy.Prediction)
    return found


def told(gold: dspy.Example, answer: SupportPrediction | None, predictor: str | None = None) -> str:
    feedback: str = asked(gold, answer, predictor).feedback
    return feedback


@pytest.mark.parametrize(("language", "taxonomy"), TURNS)
def test_all_right(language: Language, taxonomy: str) -> None:
    gold = example(language, taxonomy)
    lines = told(gold, right(gold)).split("\n")
    stage, strategy, response = lines
    assert gold.stage.name[language] in stage
    assert gold.strategy.name[language] in strategy
    # Why it is right: the first sentence of what defines it or sets it apart.
    assert gold.stage.definition[language][:10] in stage
    assert gold.strategy.distinction[language][:10] in strategy
    assert gold.strategy.distinction[language] not in strategy
    assert gold.response in response
    assert all(detect_language(line.replace(gold.response, "")) == language for line in lines)
    assert told(gold, right(gold)) == told(gold, right(gold))


@pytest.mark.parametrize(("language", "taxonomy"), TURNS)
def test_a_wrong_strategy(language: Language, taxonomy: str) -> None:
    gold = example(language, taxonomy)
    other = load_taxonomy(taxonomy).strategies[4]
    said = told(gold, right(gold, strategy=other), "predict")
    opening = {
        "en": f'The strategy should be "{gold.strategy.name.en}", not "{other.name.en}".',
        "zh": f"策略应为“{gold.strategy.name.zh}”，而不是“{other.name.zh}”。",
    }
    assert said.startswith(opening[language])
    assert gold.strategy.distinction[language] in said
    assert other.distinction[language] in said
    assert "\n" not in said


@pytest.mark.parametrize(("language", "taxonomy"), TURNS)
def test_a_wrong_stage(language: Language, taxonomy: str) -> None:
    gold = example(language, taxonomy)
    other = load_taxonomy(taxonomy).stages[2]
    said = told(gold, right(gold, stage=other, stage_proposed=other), "tracker.track")
    opening = {
        "en": f'The stage should be "{gold.stage.name.en}", not "{other.name.en}".',
        "zh": f"阶段应为“{gold.stage.name.zh}”，而不是“{other.name.zh}”。",
    }
    assert said.startswith(opening[language])
    assert gold.stage.definition[language] in said
    assert other.definition[language] in said
    assert "the rule made it" not in said
    assert "规则把它改成" not in said


@pytest.mark.parametrize(("language", "taxonomy"), TURNS)
def test_a_stage_that_the_rule_replaced(language: Language, taxonomy: str) -> None:
    gold = example(language, taxonomy)
    first, second, third = load_taxonomy(taxonomy).stages[:3]
    rule = {
        "en": f'The answer "{first.name.en}" is further back than a conversation may fall; '
        f'the rule made it "{{}}".',
        "zh": f"回答的“{first.name.zh}”超出了对话可以回退的范围，规则把它改成了“{{}}”。",
    }[language]
    lucky = told(gold, right(gold, stage_proposed=first), "track")
    assert lucky.endswith(rule.format(second.name[language]))
    unlucky = told(gold, right(gold, stage=third, stage_proposed=first), "track")
    assert unlucky.endswith(rule.format(third.name[language]))


def on_response(language: Language, reference: str, response: str) -> str:
    """What is said of a response, without the reference at the end."""
    gold = example(language, response=reference)
    said = told(gold, right(gold, response=response), "write")
    return said[: said.index({"en": " The reference, to", "zh": "参考回复（"}[language])]


NUMBERED = "It costs 1,250.50 by 10:30, 5% off, for [NAME] and [CITY]."
RESPONSES: list[tuple[Language, str, str, str]] = [
    ("en", "Hello!", " ", "The response is empty."),
    ("zh", "您好！", "", "回复是空的。"),
    ("en", "Yes.", "好的。", "The response is not in English, the language of the conversation."),
    ("zh", "好的。", "Yes.", "回复没有使用中文，而对话是用中文进行的。"),
    (
        "en",
        "How?",
        "hello how can I help?",
        "The response repeats an earlier turn of the supporter word for word.",
    ),
    ("zh", "请问您是谁？", "您好，请问有什么可以帮您??", "回复与客服之前说过的一句话完全相同。"),
    (
        "en",
        NUMBERED,
        "It costs 1250.50 now, for [NAME], in the city.",
        (
            "The response lacks the placeholders of the reference: [CITY]. "
            "The response lacks the numbers of the reference: 10:30, 5%."
        ),
    ),
    (
        "zh",
        "请记下[工号]和[姓名]，尾号１２，金额300元，共300元。",
        "请您记下[姓名]，尾号12，谢谢您。",
        "回复缺少参考中的占位符[工号]。回复缺少参考中的数字300。",
    ),
    ("en", "Is it on?", "It is on.", "The reference asks a question, the response does not."),
    ("en", "It is on.", "Is it on?", "The response asks a question, the reference does not."),
    ("zh", "开了吗？", "开了。", "参考提了问题，而回复没有提问。"),
    ("zh", "开了。", "开了吗?", "回复提了问题，而参考没有提问。"),
    (
        "en",
        "Yes.",
        "Yes, of course it is, and so it was before.",
        "The response is too long: 10 words, the reference has 1.",
    ),
    ("zh", "是的，当然是这样，一直都是这样。", "是的。", "回复过短：只有2字，参考有13字。"),
    ("zh", "是的。", "是的，当然是这样，一直都是这样。", "回复过长：有13字，参考只有2字。"),
    # Short ones are soon more than twice as long.
    (
        "en",
        "Yes.",
        "Yes, of course it is.",
        "In language, length, concrete details and asking or not, the response is like the reference.",
    ),
    ("zh", "请稍等。", "我看一下。", "回复的语言、长度、具体内容以及是否提问，都与参考一致。"),
]


@pytest.mark.parametrize(("language", "reference", "response", "expected"), RESPONSES)
def test_a_response(language: Language, reference: str, response: str, expected: str) -> None:
    assert on_response(language, reference, response).strip() == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_response_by_another_strategy(language: Language) -> None:
    gold = example(language)
    other = load_taxonomy().strategies[4]
    said = told(gold, right(gold, strategy=other), "writer.write")
    expected = {
        "en": f'It was written by the strategy "{other.name.en}", '
        f'the reference follows "{gold.strategy.name.en}".',
        "zh": f"回复是按策略“{other.name.zh}”写的，而参考采用的是“{gold.strategy.name.zh}”。",
    }
    assert expected[language] in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_and_how_similar_the_response_is(language: Language) -> None:
    gold = example(language)
    ending = {
        "en": f'The reference, to which it is similar by 100 of 100: "{SAID["en"][2]}"',
        "zh": f"参考回复（相似度100，满分100）：「{SAID['zh'][2]}」",
    }
    assert told(gold, right(gold), "write").endswith(ending[language])


@pytest.mark.parametrize(("language", "taxonomy"), TURNS)
@pytest.mark.parametrize("reasoning", [False, True])
def test_predictors_hear_of_what_they_decide(language: Language, taxonomy: str, reasoning: bool) -> None:
    options = Options(language=language, taxonomy=load_taxonomy(taxonomy), reasoning=reasoning)
    for name in PROGRAMS:
        for predictor, module in create(name, options).named_predictors():
            decides = {"stage", "strategy", "response"} & module.signature.output_fields.keys()
            assert {*decided_by(predictor)} == decides


def test_other_predictors_hear_of_everything() -> None:
    for name in (None, "reply", "reply.predict"):
        assert decided_by(name) == ("stage", "strategy", "response")
    gold = example()
    assert (
        told(gold, right(gold), "reply")
        == told(gold, right(gold))
        == told(gold, right(gold), "answer.predict")
    )


@pytest.mark.parametrize("predictor", [None, "tracker.track", "strategist.predict", "writer.write"])
def test_the_score_is_that_of_the_whole_answer(predictor: str | None) -> None:
    gold = example()
    answer = right(gold, strategy=load_taxonomy().strategies[4], response="What?")
    assert asked(gold, answer, predictor).score == Composite()(gold, answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failed_call(language: Language) -> None:
    said = asked(example(language), None)
    assert said.score == 0
    assert (
        said.feedback
        == {"en": "There is no answer: the call failed.", "zh": "没有回答：调用失败了。"}[language]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_example_does_not_tell(language: Language) -> None:
    gold = example(language, strategy=None)
    expected = {
        "en": "The example does not tell what would have been right here.",
        "zh": "样例中没有这一项的正确答案。",
    }
    answer = right(gold, strategy=load_taxonomy().strategies[4])
    assert told(gold, answer, "predict") == expected[language]


def test_what_is_broken_is_an_error() -> None:
    with pytest.raises(DataError, match="the strategy is str, not Strategy"):
        Feedback()(example(), dspy.Prediction(strategy="greeting"))


def test_with_a_trace_for_no_predictor_it_is_strict() -> None:
    gold = example()
    assert Feedback()(gold, right(gold), []) is True
    assert Feedback()(gold, right(gold, response=""), []) is False
