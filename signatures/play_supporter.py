"""Role play, the supporter: what do I say by this strategy?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from . import _fields, _role_play
from ._shown import DEFAULT, Shown, strategy_guide

_INSTRUCTIONS: Final = Localized(
    en="""\
You play the supporter in a practice conversation at a customer support desk. Someone behind you names the strategy of \
your coming turn; you find the words.

The strategies:
{strategies}

How to speak:
{manners}

{material}""",
    zh="""\
你在一场客服练习对话中扮演客服。身后有人为你接下来的这一轮指定策略，话由你来说。

各策略如下：
{strategies}

说话要求：
{manners}

{material}""",
)


@lru_cache(maxsize=64)
def play_supporter(taxonomy: Taxonomy, language: Language, shown: Shown = DEFAULT) -> type[dspy.Signature]:
    """Desk, conversation, happening, strategy → response."""
    return dspy.Signature(
        {
            "desk": _role_play.desk(language),
            "conversation": _fields.conversation(language),
            "happening": _role_play.supporter_happening(language),
            "strategy": _fields.known_strategy(language),
            "response": _fields.response(language),
        },
        _INSTRUCTIONS[language].format(
            strategies=strategy_guide(taxonomy.strategies, language, shown),
            manners=_role_play.SUPPORTER_MANNERS[language],
            material=_role_play.MATERIAL[language],
        ),
        signature_name="PlaySupporter",
    )
