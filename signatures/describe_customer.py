"""A customer described in the second person, for whoever plays them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized

_FACTS: Final = Localized(en="what is known of the customer, one fact a line", zh="已知的客户情况，每行一项")
_DESCRIPTION: Final = Localized(
    en="the description, three to six sentences addressed to the customer as “you”, and nothing else",
    zh="以“你”称呼客户的描述，三到六句话，不写其他内容",
)
_INSTRUCTIONS: Final = Localized(
    en="""\
You describe a customer of a company to the actor who will play them in a conversation with its support. Turn the facts \
into a short, lively portrait that an actor can work from: how this person lives, what they are used to, how they talk \
and react, and what mood they are in now.

- Address the actor as this person: “You are …”.
- Keep every fact. State the age as a number, and name the occupation in the very words of the facts.
- Add small, ordinary details that follow from the facts. Add no names, addresses, numbers or firms.
- Say nothing of why they get in touch this time: that is decided later.""",
    zh="""\
你要为演员描述一位客户，由演员在与公司客服的对话中扮演。请把已知情况写成一段简短、生动、便于表演的人物描述：这个人怎样生活、习惯什么、\
怎样说话、遇事如何反应、此刻是什么心情。

- 用第二人称写，以“你”称呼。
- 每一项情况都要保留。年龄写成数字，职业照用原词。
- 可以补充由这些情况自然引出的日常细节，但不要写姓名、地址、号码和企业名称。
- 不要写这次为什么联系客服，事由另行安排。""",
)


@lru_cache(maxsize=2)
def describe_customer(language: Language) -> type[dspy.Signature]:
    """Facts → description."""
    return dspy.Signature(
        {
            "facts": (str, dspy.InputField(desc=_FACTS[language])),
            "description": (str, dspy.OutputField(desc=_DESCRIPTION[language])),
        },
        _INSTRUCTIONS[language],
        signature_name="DescribeCustomer",
    )
