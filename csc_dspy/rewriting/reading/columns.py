"""Which columns or keys hold what: as the user says, or as they are usually called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.redaction.words import words

_USUAL: Final[dict[str, tuple[str, ...]]] = {
    "dialogue": words("""
        dialogue_id dialog_id conversation_id conversationid conv_id call_id callid session_id chat_id
        ticket_id case_id interaction_id contact_id dialogue conversation call session 会话id 会话编号
        通话id 通话编号 对话id 对话编号 会话 通话 流水号 id
        """),
    "speaker": words("""
        speaker role from sender author participant participant_role party who channel speaker_role
        说话人 角色 发言人 发送者 发送方 身份 说话者
        """),
    "text": words("""
        text utterance content message body transcript transcription value sentence msg 内容 文本 消息
        发言 说话内容 消息内容 对话内容 转写文本 话语
        """),
    "time": words("""
        time timestamp ts start start_time starttime created_at date datetime offset 时间 时间戳
        发送时间 开始时间
        """),
    "topic": words("""
        topic subject category 主题 话题 业务类型
        """),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns in a table, or of keys in JSON; None where the usual names are looked for."""

    dialogue: str | None = None
    """What rows of one dialogue have in common."""
    speaker: str | None = None
    """Who speaks; without it the text is a whole transcript."""
    text: str | None = None
    time: str | None = None
    topic: str | None = None

    @classmethod
    def parse(cls, text: str) -> Columns:
        """``dialogue=call_id,speaker=role,text=utterance``; ConfigError if it says anything else."""
        known = [field.name for field in fields(cls)]
        given: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, equals, column = (piece.strip() for piece in part.partition("="))
            if not equals or not column or name not in known or name in given:
                raise ConfigError(
                    f"{part!r} names no column",
                    where="--columns",
                    remedy=f"write NAME=COLUMN with each of {', '.join(known)} at most once",
                )
            given[name] = column
        return cls(**given)

    def among(self, names: Sequence[str], where: str) -> Columns:
        """The columns that there are; DataError if one that was named is not, or if there is no text."""
        folded: dict[str, str] = {}
        for name in filter(None, names):
            folded.setdefault(name.strip().casefold(), name)
        found = {field.name: self._one(field.name, folded, where) for field in fields(self)}
        if found["text"] is None:
            raise DataError(
                f"no column holds the text, among {', '.join(names)}"[:300],
                where=where,
                remedy="name it: --columns text=COLUMN",
            )
        return replace(self, **found)

    def _one(self, role: str, names: Mapping[str, str], where: str) -> str | None:
        given: str | None = getattr(self, role)
        if given is None:
            return next((names[usual] for usual in _USUAL[role] if usual in names), None)
        if given.casefold() not in names:
            raise DataError(
                f"has no column {given!r}, but {', '.join(names.values())}"[:300],
                where=where,
                remedy=f"mend --columns {role}=…",
            )
        return names[given.casefold()]

    def of(self, role: str, row: Mapping[str, Any]) -> Any:  # noqa: ANN401  whatever a row holds
        """What a row, whose keys need not be the same as those of others, has in a role."""
        given: str | None = getattr(self, role)
        names = (given,) if given else _USUAL[role]
        for name in names:
            if name in row:
                return row[name]
        folded = {str(key).casefold(): value for key, value in row.items()}
        return next((folded[name.casefold()] for name in names if name.casefold() in folded), None)
