"""Role play, the supporter's assistant: which strategy comes next?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from . import _fields, _role_play
from ._shown import DEFAULT, Shown, stage_guide, strategy_guide

HOW_TO_CHOOSE: Final = Localized(
    en="""\
- Greet first. Verify the identity before anything is looked up or changed. Take leave last, when nothing is open.
- Move through the stages: forward when the present one has done its work, back only if something new must be understood.
- Start from the customer's last turn: feelings before facts, questions before proposals, agreement before action; after \
action ask whether it helped.
- No strategy more than twice in a row, and no strategy only to fill a turn.
- Choose among those that may come now. The catch-all is for what truly fits none of the others.""",
    zh="""\
- 先问候；查看或更改任何资料之前先核实身份；事情都办完了才道别。
- 按阶段推进：这个阶段该做的做完了就往前走，有新情况要弄清楚时才往回走。
- 从客户刚说的话出发：先安抚再谈事，先问清再建议，谈妥了再去办；办完问问是否解决。
- 同一个策略不要连续用超过两次，也不要为了凑一轮而选。
- 只在现在可以采用的策略里选。兜底的那一类只用于其他都不合适的情况。""",
)
_INSTRUCTIONS: Final = Localized(
    en="""\
You stand behind a customer support agent and name the strategy of each coming turn; the agent finds the words.

The stages of a conversation:
{stages}

The strategies:
{strategies}

How to choose:
{rules}

{material}""",
    zh="""\
你站在一名客服身后，为他接下来的每一轮指定策略；话由他自己说。

对话的各个阶段：
{stages}

各策略如下：
{strategies}

选择方法：
{rules}

{material}""",
)


@lru_cache(maxsize=64)
def direct_supporter(taxonomy: Taxonomy, language: Language, shown: Shown = DEFAULT) -> type[dspy.Signature]:
    """Desk, conversation, stage so far, happening, allowed → strategy."""
    return dspy.Signature(
        {
            "desk": _role_play.desk(language),
            "conversation": _fields.conversation(language),
            "stage_so_far": _fields.stage_so_far(language),
            "happening": _role_play.supporter_happening(language),
            "allowed": _role_play.allowed(language),
            "strategy": _fields.strategy(taxonomy, language),
        },
        _INSTRUCTIONS[language].format(
            stages=stage_guide(taxonomy.stages, language, shown),
            strategies=strategy_guide(taxonomy.strategies, language, shown),
            rules=HOW_TO_CHOOSE[language],
            material=_role_play.MATERIAL[language],
        ),
        signature_name="DirectSupporter",
    )
