"""Role play in one call a side, the customer's: what do I want to do, what do I say, and am I done?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized

from . import _role_play

_INSTRUCTIONS: Final = Localized(
    en="""\
You play a customer who has got in touch with a support desk. For each of your turns first settle what you want to do, in a \
few words for yourself, then say it.

How to speak:
{manners}
- If something special is said about your coming turn, it comes first.

{material}""",
    zh="""\
你扮演一位联系客服的客户。每一轮先用几个字想好这句话要做什么，再把它说出来。

说话要求：
{manners}
- 如果对接下来这句话有特殊说明，以它为先。

{material}""",
)


@lru_cache(maxsize=8)
def play_customer_side(language: Language) -> type[dspy.Signature]:
    """Profile, scene, goal, conversation without labels, happening → direction, utterance, over."""
    return dspy.Signature(
        {
            **_role_play.person(language),
            "conversation": _role_play.heard(language),
            "happening": _role_play.customer_happening(language),
            "direction": _role_play.direction(language),
            "utterance": _role_play.utterance(language),
            "over": _role_play.over(language),
        },
        _INSTRUCTIONS[language].format(
            manners=_role_play.CUSTOMER_MANNERS[language], material=_role_play.MATERIAL[language]
        ),
        signature_name="PlayCustomerSide",
    )
