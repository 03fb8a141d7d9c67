"""Calls that nobody should learn from, found by a language model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.rewriting._base import Dropped, Transcript
from csc_dspy.rewriting.asking import Asking, AskingStep
from csc_dspy.rewriting.showing import shown

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Language

REASONS: Final = {
    "no_abuse": "abuse",
    "patient": "impatient_supporter",
    "caring": "indifferent_supporter",
}
"""Why a call is dropped that does not meet a criterion of `csc_dspy.signatures.PREFILTER_CRITERIA`."""


@dataclass(frozen=True)
class Screening(AskingStep):
    """Drops by the first criterion that is not met, with the language model's reason."""

    asking: Asking
    language: Language | None = None
    """That of the questions; else they are in the language of each call."""
    name: str = "screen"

    @property
    def identity(self) -> Mapping[str, Any]:
        """That calls are screened."""
        return {"screen": True}

    async def taken(self, transcript: Transcript) -> Transcript | Dropped:
        """Ask what the call is like."""
        from csc_dspy.signatures import PREFILTER_CRITERIA, parse_verdict, prefilter_call

        language = self.language or transcript.conversation.spoken_language
        inputs = {"conversation": shown(transcript.conversation, language, numbered=True)}
        found = await self.asking.fields(prefilter_call(language), inputs)
        for each in PREFILTER_CRITERIA:
            if not parse_verdict(found[each.id]):
                return self.dropped(REASONS[each.id], found[each.reason], transcript)
        return transcript
