"""Role play in one call a side, the supporter's: which strategy comes next, and what do I say by it?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from . import _fields, _role_play
from ._shown import DEFAULT, Shown, stage_guide, strategy_guide
from .direct_supporter import HOW_TO_CHOOSE

_INSTRUCTIONS: Final = Localized(
    en="""\
You play the supporter in a practice conversation at a customer support desk. For each of your turns first choose the \
strategy, then speak by it.

The stages of a conversation:
{stages}

The strategies:
{strategies}

How to choose:
{rules}

How to speak:
{manners}

{material}""",
    zh="""\
你在一场客服练习对话中扮演客服。每一轮先选定策略，再按它说话。

对话的各个阶段：
{stages}

各策略如下：
{strategies}

选择方法：
{rules}

说话要求：
{manners}

{material}""",
)


@lru_cache(maxsize=64)
def play_supporter_side(
    taxonomy: Taxonomy, language: Language, shown: Shown = DEFAULT
) -> type[dspy.Signature]:
    """Desk, conversation, stage so far, happening, allowed → strategy, response."""
    return dspy.Signature(
        {
            "desk": _role_play.desk(language),
            "conversation": _fields.conversation(language),
            "stage_so_far": _fields.stage_so_far(language),
            "happening": _role_play.supporter_happening(language),
            "allowed": _role_play.allowed(language),
            "strategy": _fields.strategy(taxonomy, language),
            "response": _fields.response(language),
        },
        _INSTRUCTIONS[language].format(
            stages=stage_guide(taxonomy.stages, language, shown),
            strategies=strategy_guide(taxonomy.strategies, language, shown),
            rules=HOW_TO_CHOOSE[language],
            manners=_role_play.SUPPORTER_MANNERS[language],
            material=_role_play.MATERIAL[language],
        ),
        signature_name="PlaySupporterSide",
    )
