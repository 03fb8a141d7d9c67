"""What is to say of a stage and a strategy."""

from __future__ import annotations

from typing import Final

from csc_dspy.metrics.feedback._sentences import first_sentence, joined
from csc_dspy.metrics.reading import Answer, Gold
from csc_dspy.taxonomy import Language, Localized, Stage

_STRATEGY_RIGHT: Final = Localized(en='The strategy "{name}" is right. {why}', zh="策略“{name}”选对了。{why}")
_STRATEGY_WRONG: Final = Localized(
    en='The strategy should be "{gold}", not "{given}". What sets them apart: '
    '"{gold}": {distinction_of_gold} "{given}": {distinction_of_given}',
    zh="策略应为“{gold}”，而不是“{given}”。两者的区别："
    "“{gold}”：{distinction_of_gold}“{given}”：{distinction_of_given}",
)
_STAGE_RIGHT: Final = Localized(en='The stage "{name}" is right. {why}', zh="阶段“{name}”判断正确。{why}")
_STAGE_WRONG: Final = Localized(
    en='The stage should be "{gold}", not "{given}". '
    '"{gold}": {definition_of_gold} "{given}": {definition_of_given}',
    zh="阶段应为“{gold}”，而不是“{given}”。“{gold}”：{definition_of_gold}“{given}”：{definition_of_given}",
)
_RULE: Final = Localized(
    en='The answer "{proposed}" is further back than a conversation may fall; the rule made it "{stage}".',
    zh="回答的“{proposed}”超出了对话可以回退的范围，规则把它改成了“{stage}”。",
)


def on_strategy(gold: Gold, answer: Answer) -> str:
    """Whether the strategy is right, and why; nothing where that is not known."""
    expected, given, language = gold.strategy, answer.strategy, gold.language
    if expected is None or given is None:
        return ""
    if given == expected:
        why = first_sentence(expected.distinction[language])
        return _STRATEGY_RIGHT[language].format(name=expected.name[language], why=why)
    return _STRATEGY_WRONG[language].format(
        gold=expected.name[language],
        given=given.name[language],
        distinction_of_gold=expected.distinction[language],
        distinction_of_given=given.distinction[language],
    )


def on_stage(gold: Gold, answer: Answer) -> str:
    """Whether the stage is right, and why, and what the rule about stages did."""
    expected, given, language = gold.stage, answer.stage, gold.language
    if expected is None or given is None:
        return ""
    if given == expected:
        why = first_sentence(expected.definition[language])
        said = _STAGE_RIGHT[language].format(name=expected.name[language], why=why)
    else:
        said = _STAGE_WRONG[language].format(
            gold=expected.name[language],
            given=given.name[language],
            definition_of_gold=expected.definition[language],
            definition_of_given=given.definition[language],
        )
    return joined((said, _on_rule(given, answer.stage_proposed, language)), language)


def _on_rule(stage: Stage, proposed: Stage | None, language: Language) -> str:
    if proposed is None or proposed == stage:
        return ""
    return _RULE[language].format(proposed=proposed.name[language], stage=stage.name[language])
