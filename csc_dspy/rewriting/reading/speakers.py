"""Who is meant by what stands before the colon: 客服小王, Agent 2, 【坐席】, Anna (Support)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from csc_dspy.conversations.speakers import Speaker, parse_speaker
from csc_dspy.exceptions import ConfigError
from csc_dspy.redaction.words import phrases, words

Voice = Literal["supporter", "customer", "system"]
"""Who speaks; what a machine announces is no turn of anybody."""

_SUPPORTERS: Final = words("""
    人工客服 在线客服 客服代表 客服专员 客服人员 客服坐席 客服座席 售后客服 售前客服 客服 坐席 座席
    话务员 接线员 接线生 客服顾问 服务人员 服务专员 工作人员 专员 商家 卖家 店家 店小二 小二
    """)
_CUSTOMERS: Final = words("""
    客户 顾客 用户 来电人 来电者 来电客户 买家 会员 访客 市民 乘客 旅客 群众 业主 消费者 咨询者 投诉人
    来访者
    """)
_SYSTEMS: Final = words("""
    系统 系统消息 系统提示 系统通知 语音提示 自动语音 提示音 ivr system notice notification auto-message
    """)
_SUPPORTERS_EN: Final = phrases("""
    customer service representative, customer service rep, customer service agent, customer service,
    customer support agent, customer support, call center agent, call centre agent, support agent,
    support rep, support specialist, service agent, service rep, service representative, help desk,
    helpdesk, live agent, human agent, supporter, assistant, representative, operator, advisor, adviser,
    consultant, specialist, associate, support, staff, agent, rep, csr, seller, merchant
    """)
_CUSTOMERS_EN: Final = words("""
    customer caller client user guest visitor buyer member subscriber passenger shopper seeker
    """)
_SYSTEMS_EN: Final = ["system message", "system notice"]

# Behind the word these make another thing of it, not the name of one who speaks.
_NO_NAME: Final = re.compile(
    r"经理|电话|热线|中心|部|邮箱|时间|工号|编号|姓名|名|号|地址|要求|反馈|服务|信息|问题|说|来电|回复|满意|评价|类型|等级|备注|"
    r"\b(?:id|name|number|no|phone|email|address|account|type|service|note|notes|feedback|since|satisfaction|issue|said|says)\b"
)
_SUFFIX_ZH: Final = re.compile(
    r"[ \-_#·]*(?:[（(\[【].{1,20}[)）\]】]|[A-Za-z]{0,3}\d{1,10}|[\u4e00-\u9fff]{1,4}|"
    r"[A-Za-z][A-Za-z ]{0,19})"
)
_SUFFIX_EN: Final = re.compile(
    r"(?:[ \-_#]*(?:[（(\[].{1,30}[)）\]]|#?\d{1,10}|[A-Z]\d{1,8})|"
    r"[ \-_]+[A-Z\u4e00-\u9fff][\w.'\u4e00-\u9fff-]*(?: [A-Z][\w.'-]*){0,2})"
)
_ROLE_BEHIND: Final = re.compile(r"[（(\[【](?P<role>[^()（）\[\]【】]{1,30})[)）\]】]$")
_AROUND: Final = " *_#\"'`•\t"
_BRACKETS: Final = {"[": "]", "【": "】", "(": ")", "（": "）", "<": ">", "「": "」"}


class Speakers:
    """Knows the names of both sides; more of them may be given."""

    def __init__(self, supporters: Iterable[str] = (), customers: Iterable[str] = ()) -> None:
        self._own: dict[str, Voice] = {}
        for name in supporters:
            self._add(name, "supporter")
        for name in customers:
            self._add(name, "customer")
        self._known: dict[str, Voice] = {
            **dict.fromkeys([*_SYSTEMS, *_SYSTEMS_EN], "system"),
            **dict.fromkeys([*_CUSTOMERS, *_CUSTOMERS_EN], "customer"),
            **dict.fromkeys([*_SUPPORTERS, *_SUPPORTERS_EN], "supporter"),
            **self._own,
        }
        self._longest_first = sorted(self._known, key=len, reverse=True)

    def _add(self, name: str, voice: Speaker) -> None:
        key = name.strip().casefold()
        if not key or self._own.get(key, voice) != voice:
            raise ConfigError(
                f"{name!r} is to be both supporter and customer" if key else "a speaker has no name",
                remedy="give each name once",
            )
        self._own[key] = voice

    def who(self, name: object) -> Voice | None:
        """Who is meant by a name, or a number, that stands for itself; None if nobody known is."""
        if isinstance(name, bool) or not isinstance(name, str | int):
            return None
        bare = _bare(str(name))
        return self.known(bare) or self._with_suffix(bare) or self._role_behind(bare)

    def known(self, name: str) -> Voice | None:
        """The same for a name with nothing behind it."""
        key = _bare(name).casefold()
        return self._known.get(key) or parse_speaker(key)

    def _with_suffix(self, name: str) -> Voice | None:
        key = name.casefold()
        for known in self._longest_first:
            if key.startswith(known):
                rest = name[len(known) :]
                pattern = _SUFFIX_EN if known.isascii() else _SUFFIX_ZH
                fits = pattern.fullmatch(rest) and not _NO_NAME.search(rest.casefold())
                return self._known[known] if fits else None
        return None

    def _role_behind(self, name: str) -> Voice | None:
        found = _ROLE_BEHIND.search(name)
        return self._known.get(found["role"].strip().casefold()) if found else None


def _bare(name: str) -> str:
    """A name without what decorates it."""
    name = name.strip(_AROUND)
    while len(name) > 2 and _BRACKETS.get(name[0]) == name[-1]:
        name = name[1:-1].strip(_AROUND)
    return name
