"""Transcripts in JSON, JSON Lines and Parquet: a dialogue a row, or a turn a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from csc_dspy.data.problems import Flaw
from csc_dspy.data.readers import RawRow
from csc_dspy.redaction.words import words
from csc_dspy.rewriting._base import Transcript
from csc_dspy.rewriting.reading._base import Draft, Reading
from csc_dspy.rewriting.reading.columns import Columns
from csc_dspy.rewriting.reading.grouping import Grouping, Spoken, add_turn
from csc_dspy.rewriting.reading.text import text_transcript

_TURNS: Final = words("""
    dialogue dialog turns messages conversation conversations utterances transcript segments history
    entries 对话 消息 会话
    """)
_NO_DIALOGUE: Final[Flaw] = (
    "holds neither a list of turns nor a text",
    "name the keys: --columns dialogue=…,speaker=…,text=…",
)


def row_transcripts(
    rows: Iterable[RawRow], file: str, reading: Reading, columns: Columns
) -> Iterator[Transcript]:
    """The transcripts in the rows of a file."""
    grouping = Grouping(file, reading, whole=False)
    count = 0
    for row in rows:
        turns = _turns(row.value, columns)
        if turns is not None:
            yield from grouping.end()
            count += 1
            yield _whole(row, turns, reading, columns).done(count)
        elif isinstance(row.value, dict) and not row.problems and (flat := _flat(row, columns)):
            yield from grouping.take(flat)
        else:
            for problem in row.problems[:1]:
                reading.aside(row, problem)
            if not row.problems:
                reading.put_aside(file, row.line, row.text, _NO_DIALOGUE)
    yield from grouping.end()


def _turns(value: object, columns: Columns) -> list[Any] | str | None:
    """The turns of a row that is a dialogue: a list, or a text with a line for each."""
    if isinstance(value, list) and any(isinstance(turn, dict | str) for turn in value):
        return value
    if not isinstance(value, dict):
        return None
    for name in filter(None, (columns.dialogue, *_TURNS)):
        if isinstance(value.get(name), list):
            turns: list[Any] = value[name]
            return turns
    if columns.of("speaker", value) is None:
        text = next((value[name] for name in _TURNS if isinstance(value.get(name), str)), None)
        found = columns.of("text", value) if text is None else text
        return found if isinstance(found, str) else None
    return None


def _whole(row: RawRow, turns: list[Any] | str, reading: Reading, columns: Columns) -> Draft:
    draft = (
        text_transcript(turns, row.file, row.line, reading)
        if isinstance(turns, str)
        else _listed(row, turns, reading, columns)
    )
    if isinstance(row.value, Mapping):
        draft.id = _id(row.value, columns)
        draft.topic = _text(columns.of("topic", row.value)) or None
    return draft


def _listed(row: RawRow, turns: list[Any], reading: Reading, columns: Columns) -> Draft:
    if turns and all(isinstance(turn, str) for turn in turns):
        return text_transcript(
            "\n".join(" ".join(turn.split("\n")) for turn in turns), row.file, row.line, reading
        )
    draft = Draft(reading, row.file, row.line)
    for turn in turns:
        spoken = turn if isinstance(turn, dict) else {"text": turn}
        add_turn(draft, _spoken(spoken, row.line, columns, dialogue=None), row.file, reading)
    return draft


def _flat(row: RawRow, columns: Columns) -> Spoken | None:
    value = row.value
    if columns.of("text", value) is None or columns.of("speaker", value) is None:
        return None
    return _spoken(value, row.line, columns, dialogue=_id(value, columns))


def _spoken(turn: Mapping[str, Any], line: int, columns: Columns, dialogue: str | None) -> Spoken:
    return Spoken(
        line=line,
        text=_text(columns.of("text", turn)),
        speaker=columns.of("speaker", turn),
        dialogue=dialogue,
        time=_text(columns.of("time", turn)) or None,
        topic=_text(columns.of("topic", turn)) or None,
    )


def _id(value: Mapping[str, Any], columns: Columns) -> str | None:
    own = value.get("id")
    found = own if own not in (None, "") and columns.dialogue is None else columns.of("dialogue", value)
    return _text(found) or _text(own) or None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
