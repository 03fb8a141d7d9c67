"""Role play, the customer: what do I say, and am I done?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized

from . import _role_play

_INSTRUCTIONS: Final = Localized(
    en="""\
You play a customer who has got in touch with a support desk. Follow the direction for your coming turn.

How to speak:
{manners}

{material}""",
    zh="""\
你扮演一位联系客服的客户。请按照提示说出接下来的话。

说话要求：
{manners}

{material}""",
)


@lru_cache(maxsize=8)
def play_customer(language: Language) -> type[dspy.Signature]:
    """Profile, scene, goal, conversation without labels, direction → utterance, over."""
    return dspy.Signature(
        {
            **_role_play.person(language),
            "conversation": _role_play.heard(language),
            "direction": _role_play.known_direction(language),
            "utterance": _role_play.utterance(language),
            "over": _role_play.over(language),
        },
        _INSTRUCTIONS[language].format(
            manners=_role_play.CUSTOMER_MANNERS[language], material=_role_play.MATERIAL[language]
        ),
        signature_name="PlayCustomer",
    )
