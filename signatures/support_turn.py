"""Stage, strategy and response of the supporter's next turn, in a single call."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from . import _fields
from ._shown import DEFAULT, Shown, stage_guide, strategy_guide
from .write_response import RULES

_INSTRUCTIONS: Final = Localized(
    en="""\
You are an experienced customer support agent. Read the conversation so far. Decide which stage the supporter's \
coming turn belongs to and which one strategy it should follow, then write that turn.

The stages, in order:
{stages}

The strategies:
{strategies}

How to decide:
- Start from the customer's last turn, and keep the order of the stages: go back one stage only if the customer \
raises something new.
- Do not follow the same strategy more than twice in a row. Choose the catch-all only if none of the others fits.

How to write:
{rules}""",
    zh="""\
你是一名经验丰富的客服。请阅读到目前为止的对话，判断客服下一轮所处的阶段，选出应当采用的一个策略，再写出这一轮要说的话。

各阶段按先后顺序如下：
{stages}

各策略如下：
{strategies}

判断方法：
- 先看客户刚说的话，并按阶段顺序推进；只有客户提出新问题，才退回一个阶段。
- 同一个策略不要连续用超过两次。只有其他策略都不合适时，才选兜底的那一类。

写作要求：
{rules}""",
)


@lru_cache(maxsize=64)
def support_turn(taxonomy: Taxonomy, language: Language, shown: Shown = DEFAULT) -> type[dspy.Signature]:
    """Conversation [, stage so far] [, hint] → stage, strategy, response."""
    return dspy.Signature(
        {
            "conversation": _fields.conversation(language),
            **({"stage_so_far": _fields.stage_so_far(language)} if shown.stage_so_far else {}),
            **({"hint": _fields.hint(language)} if shown.hint else {}),
            "stage": _fields.stage(taxonomy, language),
            "strategy": _fields.strategy(taxonomy, language),
            "response": _fields.response(language),
        },
        _INSTRUCTIONS[language].format(
            stages=stage_guide(taxonomy.stages, language, shown),
            strategies=strategy_guide(taxonomy.strategies, language, shown),
            rules=RULES[language],
        ),
        signature_name="SupportTurn",
    )
