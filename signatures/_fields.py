"""The fields that several tasks share, described once in both languages.

The conversation comes first among the inputs: it grows at its end, and what stays the same of a prompt stays
in front of what changes.
"""

from __future__ import annotations

from typing import Any, Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from ._labels import Labels

Field = tuple[Any, Any]

_CONVERSATION: Final = Localized(
    en="the conversation so far, one turn a line, the supporter's turns with their strategies in brackets; "
    "empty before the first turn",
    zh="到目前为止的对话，每轮一行，客服轮次在方括号【】中标注所用策略；还没有人开口时为空",
)
_TURN: Final = Localized(en="what the supporter says next", zh="客服接下来说的话")
_STAGE_SO_FAR: Final = Localized(
    en="the stage of the supporter's turn before; the first stage if there was none",
    zh="客服上一轮所处的阶段；客服还没有开口时为第一个阶段",
)
_KNOWN_STAGE: Final = Localized(en="the stage of the supporter's coming turn", zh="客服下一轮所处的阶段")
_KNOWN_STRATEGY: Final = Localized(
    en="the strategy that the supporter's coming turn follows", zh="客服下一轮要采用的策略"
)
_HINT: Final = Localized(
    en="what usually comes next after such a sequence of strategies; the conversation itself decides",
    zh="按以往对话的统计，这样的策略序列之后通常会出现什么；最终以对话本身为准",
)
_STAGE: Final = Localized(en="the stage of the supporter's coming turn", zh="客服下一轮所处的阶段")
_STRATEGY: Final = Localized(en="the one strategy that fits best", zh="最合适的一个策略")
_RESPONSE: Final = Localized(
    en="the supporter's next turn: one or two spoken sentences, without label or speaker name",
    zh="客服的下一句话：一到两句口语，不带标签和说话人",
)


def _input(description: Localized, language: Language) -> Field:
    return (str, dspy.InputField(desc=description[language]))


def conversation(language: Language) -> Field:
    """The turns so far."""
    return _input(_CONVERSATION, language)


def turn(language: Language) -> Field:
    """The text of the supporter turn to label."""
    return _input(_TURN, language)


def stage_so_far(language: Language) -> Field:
    """The stage that the conversation is in before the coming turn."""
    return _input(_STAGE_SO_FAR, language)


def known_stage(language: Language) -> Field:
    """The stage, where it is decided before."""
    return _input(_KNOWN_STAGE, language)


def known_strategy(language: Language) -> Field:
    """The strategy, where it is decided before."""
    return _input(_KNOWN_STRATEGY, language)


def hint(language: Language) -> Field:
    """The transition prior in words."""
    return _input(_HINT, language)


def stage(taxonomy: Taxonomy, language: Language) -> Field:
    """The stage to decide."""
    return (Labels("stage", taxonomy, language).annotation(), dspy.OutputField(desc=_STAGE[language]))


def strategy(taxonomy: Taxonomy, language: Language) -> Field:
    """The strategy to decide."""
    return (Labels("strategy", taxonomy, language).annotation(), dspy.OutputField(desc=_STRATEGY[language]))


def response(language: Language) -> Field:
    """The text to write."""
    return (str, dspy.OutputField(desc=_RESPONSE[language]))
