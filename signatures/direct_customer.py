"""Role play, the customer's assistant: what does the customer do next?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized

from . import _role_play

_INSTRUCTIONS: Final = Localized(
    en="""\
You direct the customer in a practice conversation with a support desk. Give one direction for the customer's coming turn: \
what to do and in which mood, not the words.

- Keep the goal in view, and answer what the supporter has just asked or offered, as this person would.
- One step at a time: a detail, a doubt, a refusal, a question, a consent. People do not tell everything at once.
- Unreasonable demands, silence, and wandering off belong to people; use them where they fit, and let go of them in time.
- If something special is said about the coming turn, it comes first.
- Direct towards the end once the goal is reached or there is no hope for it.

{material}""",
    zh="""\
你在一场与客服的练习对话中指导客户。请为客户接下来的这句话给出一句提示：做什么、带着什么情绪，不写具体的话。

- 不忘目的，按这个人的方式回应客服刚问的或刚提的。
- 一次走一步：一个细节、一点怀疑、一次拒绝、一个问题、一声同意。人不会一口气全说完。
- 不合理的要求、沉默、跑题都是人之常情，合适时可以用，也要适时收住。
- 如果对接下来这句话有特殊说明，以它为先。
- 目的达到了，或者没有希望了，就引向结束。

{material}""",
)


@lru_cache(maxsize=8)
def direct_customer(language: Language) -> type[dspy.Signature]:
    """Profile, scene, goal, conversation without labels, happening → direction."""
    return dspy.Signature(
        {
            **_role_play.person(language),
            "conversation": _role_play.heard(language),
            "happening": _role_play.customer_happening(language),
            "direction": _role_play.direction(language),
        },
        _INSTRUCTIONS[language].format(material=_role_play.MATERIAL[language]),
        signature_name="DirectCustomer",
    )
