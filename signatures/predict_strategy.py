"""Which strategy should the supporter's next turn follow?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from . import _fields
from ._shown import DEFAULT, Shown, strategy_guide

_INSTRUCTIONS: Final = Localized(
    en="""\
You coach a customer support agent. Read the conversation so far and choose the one strategy that the supporter's \
next turn should follow.

The strategies:
{strategies}

How to decide:
- Start from the customer's last turn: an upset customer is heard first, an open question is answered, missing \
facts are asked for, a solution that was agreed on is carried out.
- Keep the order of a good conversation: connect, understand, find a way, carry it out, close. Do not close while \
something is open, and do not ask again for what has been said.
- Do not follow the same strategy more than twice in a row.
- Choose the catch-all only if none of the others fits.""",
    zh="""\
你是客服督导，正在指导一名客服。请阅读到目前为止的对话，选出客服下一轮发言应当采用的一个策略。

各策略如下：
{strategies}

判断方法：
- 先看客户刚说的话：客户有情绪先安抚，有疑问先解答，缺信息就追问，方案谈妥了就去办。
- 按好的服务顺序走：建立联系、弄清问题、商量办法、落实解决、收尾。事情没办完不要结束，客户说过的不要再问。
- 同一个策略不要连续用超过两次。
- 只有其他策略都不合适时，才选兜底的那一类。""",
)


@lru_cache(maxsize=64)
def predict_strategy(taxonomy: Taxonomy, language: Language, shown: Shown = DEFAULT) -> type[dspy.Signature]:
    """Conversation [, stage so far] [, stage] [, hint] → strategy."""
    return dspy.Signature(
        {
            "conversation": _fields.conversation(language),
            **({"stage_so_far": _fields.stage_so_far(language)} if shown.stage_so_far else {}),
            **({"stage": _fields.known_stage(language)} if shown.stage else {}),
            **({"hint": _fields.hint(language)} if shown.hint else {}),
            "strategy": _fields.strategy(taxonomy, language),
        },
        _INSTRUCTIONS[language].format(strategies=strategy_guide(taxonomy.strategies, language, shown)),
        signature_name="PredictStrategy",
    )
