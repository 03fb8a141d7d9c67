"""Calls written anew, so that every supporter turn follows one strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import Conversation, Turn, one_line
from csc_dspy.exceptions import AnswerError
from csc_dspy.rewriting._base import Dropped, Transcript
from csc_dspy.rewriting.asking import Asking, AskingStep
from csc_dspy.rewriting.drafts import DraftError, read_draft
from csc_dspy.rewriting.placeholders import relocated
from csc_dspy.rewriting.showing import shown

if TYPE_CHECKING:
    from csc_dspy.signatures import Wanted
    from csc_dspy.taxonomy import Language, Localized, Taxonomy


@dataclass(frozen=True)
class Writer:
    """Writes conversations anew by a taxonomy."""

    asking: Asking
    taxonomy: Taxonomy
    wanted: Wanted
    language: Language | None = None
    """That of the questions; else they are in the language of each conversation."""

    def language_of(self, conversation: Conversation) -> Language:
        """The language in which a conversation is asked about."""
        return self.language or conversation.spoken_language

    async def rewrite(self, conversation: Conversation) -> Conversation:
        """The conversation in other words; AnswerError if it cannot be read after a second try."""
        from csc_dspy.signatures import rewrite_call

        language = self.language_of(conversation)
        signature = rewrite_call(self.taxonomy, language, self.wanted)
        said = await self.asking.fields(
            signature, {"conversation": shown(conversation, language)}, final=True
        )
        try:
            return self._made(conversation, said["rewriting"])
        except DraftError as error:
            return await self._mended(conversation, said["rewriting"], error.told)

    async def rewrite_again(
        self, conversation: Conversation, rewriting: Conversation, flaws: Localized
    ) -> Conversation:
        """The conversation in other words than ``rewriting``, which has ``flaws``; AnswerError likewise."""
        draft = shown(rewriting, self.language_of(conversation))
        return await self._mended(conversation, draft, flaws)

    async def _mended(self, conversation: Conversation, draft: str, flaws: Localized) -> Conversation:
        from csc_dspy.signatures import rewrite_call_again

        language = self.language_of(conversation)
        inputs = {
            "conversation": shown(conversation, language),
            "draft": _harmless(draft),
            "flaws": one_line(flaws[language]),
        }
        signature = rewrite_call_again(self.taxonomy, language, self.wanted)
        said = await self.asking.fields(signature, inputs, final=True)
        try:
            return self._made(conversation, said["rewriting"])
        except DraftError as error:
            raise AnswerError(f"the rewriting cannot be read: {error}") from error

    def _made(self, conversation: Conversation, draft: str) -> Conversation:
        turns: tuple[Turn, ...] = read_draft(draft, self.taxonomy)
        return conversation.model_copy(update={"dialogue": turns, "taxonomy": self.taxonomy})


@dataclass(frozen=True)
class Rewording(AskingStep):
    """Rewrites; what cannot be read, even after it was asked for again with the reason, is dropped."""

    writer: Writer
    name: str = "rewrite"

    @property
    def identity(self) -> Mapping[str, Any]:
        """The standard, and what a rewriting is to be like."""
        wanted = self.writer.wanted
        return {
            "taxonomy": self.writer.taxonomy.fingerprint,
            "language": self.writer.language,
            "turns-wanted": [wanted.fewest, wanted.most],
            "strategies-wanted": [each.id for each in wanted.required],
        }

    async def taken(self, transcript: Transcript) -> Transcript | Dropped:
        """Rewrite the transcript, which stays beside as its original."""
        original = transcript.conversation
        try:
            rewriting = await self.writer.rewrite(original)
        except AnswerError as error:
            return self.dropped("unreadable_rewriting", str(error), transcript)
        return rewritten(replace(transcript, original=original), rewriting)


def rewritten(transcript: Transcript, rewriting: Conversation) -> Transcript:
    """The transcript in other words; its placeholders stand elsewhere in them."""
    replaced = relocated(transcript.replaced, rewriting)
    return replace(transcript, conversation=rewriting, replaced=replaced)


def _harmless(draft: str) -> str:
    """A draft that cannot be taken for the layout of a prompt."""
    return "\n".join(one_line(line) for line in draft.splitlines())
