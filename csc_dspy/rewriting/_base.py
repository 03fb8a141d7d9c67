"""What goes through the steps, and what a step is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from csc_dspy.conversations import Conversation

if TYPE_CHECKING:
    from csc_dspy.redaction import Replaced


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation on its way, and where it came from."""

    conversation: Conversation
    origin: str = ""
    """The file and the line where it begins."""
    lines: int = 0
    """How many lines or rows it consists of."""
    unread: int = 0
    """How many of them nobody is known to have said; their text is not in the conversation."""
    cut: bool = False
    """Whether it goes on behind the most turns that are held of one transcript."""
    replaced: tuple[Replaced, ...] = ()
    """What placeholders stand for by now."""
    original: Conversation | None = None
    """What it was, without personal data, before it was rewritten."""

    def having(self, conversation: Conversation) -> Transcript:
        """The same with another conversation."""
        return replace(self, conversation=conversation)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A transcript that a step does not let through.

    ``reason`` is a word that is the same for all alike, ``detail`` says what it is in this one. Of what was
    said it quotes nothing but figures and what a language model gives as its reason, which never saw more
    than the redacted words.
    """

    step: str
    reason: str
    detail: str
    transcript: Transcript


class Step(Protocol):
    """One step from raw transcripts to labelled conversations."""

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What its results depend on besides the transcript; a run with another is not taken up."""

    async def take(self, transcript: Transcript) -> Transcript | Dropped:
        """Let a transcript through, changed or not, or drop it.

        An error that would meet all others too is raised. What is finished of work that costs something is
        kept in a journal by the step itself.
        """
