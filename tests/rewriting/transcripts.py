"""Raw transcripts for tests, and what was read of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.rewriting import Transcript, read_transcripts

Said = list[tuple[str, str]]


def written(folder: Path, content: str | bytes, name: str = "raw.txt") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def said(transcript: Transcript | Conversation) -> Said:
    """Who said what, the speaker by one letter."""
    conversation = transcript.conversation if isinstance(transcript, Transcript) else transcript
    return [(turn.speaker[0], turn.text) for turn in conversation.dialogue]


def read_all(path: Path, **options: Any) -> tuple[list[Transcript], list[str]]:  # noqa: ANN401  as they are
    """The transcripts, and the places of the lines that could not be read."""
    aside: list[str] = []
    read = list(
        read_transcripts(path, aside=lambda row, _problem: aside.append(f"{row.file}:{row.line}"), **options)
    )
    return read, [place.removeprefix(f"{path}:") for place in aside]


def spoken(*turns: str) -> Conversation:
    """A conversation in turns like ``c: text``."""
    speakers = {"s": "supporter", "c": "customer"}
    return Conversation(
        dialogue=tuple(
            Turn.model_validate({"speaker": speakers[turn[0]], "text": turn[3:]}) for turn in turns
        )
    )
