"""Redaction as a step, before any language model sees a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from csc_dspy.redaction import Redaction, redact
from csc_dspy.rewriting._base import Transcript


@dataclass(frozen=True)
class Redacting:
    """`redact` as a step."""

    redaction: Redaction
    name: str = "redact"

    @property
    def identity(self) -> Mapping[str, Any]:
        """What is replaced."""
        return {"redaction": asdict(self.redaction)}

    async def take(self, transcript: Transcript) -> Transcript:
        """Replace what is personal."""
        done = redact(transcript.conversation, self.redaction)
        return replace(transcript, conversation=done.conversation, replaced=done.replaced)
