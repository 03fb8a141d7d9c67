"""What a machine puts behind a conversation: that it has ended, that somebody has hung up."""

from __future__ import annotations

import re
from typing import Final

from csc_dspy.conversations import Conversation

_DRESS: Final = " \t*_-—–=~.。!！…[]【】()（）<>《》"
_NOTICE: Final = re.compile(
    r"(?:系统(?:消息|提示|通知)?[:： ]*)?(?:"
    r"(?:您的|本次|此次|本通|该)?(?:通话|会话|对话|聊天|服务|来电|录音)(?:已经|已|自动|到此|至此|现已)*"
    r"(?:结束|关闭|挂断|断开|终止|完毕)(?:了)?|"
    r"(?:客户|用户|顾客|客服|坐席|对方|双方)(?:已经|已)?(?:挂断|挂机|离开|离线|下线|退出)(?:电话|会话|了)*)"
    r"|(?:system(?: message| notice)?[: ]*)?(?:"
    r"(?:(?:the|this|your) )?(?:call|chat|conversation|session|dialogue|recording|transcript) "
    r"(?:(?:has|is|was|been|now) )*(?:ended|ends|closed|disconnected|terminated|over|complete|completed)|"
    r"end of (?:the )?(?:call|chat|conversation|session|dialogue|recording|transcript)|"
    r"(?:the )?(?:customer|caller|agent|supporter|user) (?:has )?"
    r"(?:hung up|hangs up|disconnected|left the chat|left))",
    re.IGNORECASE,
)


def is_notice(text: str) -> bool:
    """Whether a text is the notice of a machine and nothing else."""
    return _NOTICE.fullmatch(text.strip(_DRESS)) is not None


def without_notices(conversation: Conversation) -> Conversation:
    """The conversation without the notices at its end, whoever they are put down to."""
    turns = list(conversation.dialogue)
    while turns and is_notice(turns[-1].text):
        turns.pop()
    return conversation if len(turns) == len(conversation.dialogue) else conversation.with_turns(turns)
