"""What does the supporter say, given the strategy?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from . import _fields
from ._shown import DEFAULT, Shown, strategy_guide

RULES: Final = Localized(
    en="""\
- Say one or two sentences, as one speaks, in the language of the conversation. No label, no speaker name, \
no quotes.
- Do what the strategy says and nothing beyond it.
- Take up what the customer has just said; do not repeat phrases that were used before.
- Promise and state nothing that the conversation does not support. If the customer asks for something \
unreasonable, say so politely and say what is possible.
- Write placeholders in square brackets, such as [NAME], for personal data.""",
    zh="""\
- 用对话所用的语言说一到两句口语，不带标签、说话人和引号。
- 只做该策略要做的事，不做多余的事。
- 接住客户刚说的话，不要重复前面用过的套话。
- 没有依据的不承诺、不断言。客户的要求不合理时，礼貌地说明，并告诉他能怎么办。
- 涉及个人信息的地方用方括号占位，如[姓名]。""",
)

_INSTRUCTIONS: Final = Localized(
    en="""\
You are an experienced customer support agent. Write the supporter's next turn in the conversation so that \
it follows the given strategy.

The strategies:
{strategies}

How to write:
{rules}""",
    zh="""\
你是一名经验丰富的客服。请按照给定的策略，写出客服在这段对话中的下一句话。

各策略如下：
{strategies}

写作要求：
{rules}""",
)


@lru_cache(maxsize=64)
def write_response(taxonomy: Taxonomy, language: Language, shown: Shown = DEFAULT) -> type[dspy.Signature]:
    """Conversation [, stage], strategy → response."""
    return dspy.Signature(
        {
            "conversation": _fields.conversation(language),
            **({"stage": _fields.known_stage(language)} if shown.stage else {}),
            "strategy": _fields.known_strategy(language),
            "response": _fields.response(language),
        },
        _INSTRUCTIONS[language].format(
            strategies=strategy_guide(taxonomy.strategies, language, shown), rules=RULES[language]
        ),
        signature_name="WriteResponse",
    )
