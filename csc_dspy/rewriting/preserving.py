"""Whether a rewriting says what the call said: figures and names by rules, the outcome by a question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import AnswerError
from csc_dspy.redaction import personal_data
from csc_dspy.rewriting._base import Dropped, Transcript
from csc_dspy.rewriting.asking import AskingStep
from csc_dspy.rewriting.figure import Figure
from csc_dspy.rewriting.placeholders import placeholders_in, without_placeholders
from csc_dspy.rewriting.quantities import figures
from csc_dspy.rewriting.rewording import Writer, rewritten
from csc_dspy.rewriting.showing import shown
from csc_dspy.taxonomy import Localized

What = Literal["lost", "invented", "outcome"]

_SAID: Final[dict[What, Localized]] = {
    "lost": Localized(en="it lost {values}", zh="缺少了{values}"),
    "invented": Localized(
        en="it says {values}, which is not in the transcript", zh="出现了转写稿中没有的{values}"
    ),
    "outcome": Localized(en="its outcome is another one: {values}", zh="结果与原通话不一致：{values}"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """What is in one of the two and not in the other, or why the outcome is not the same."""

    what: What
    values: tuple[str, ...]

    @property
    def told(self) -> Localized:
        """It in words."""
        said = _SAID[self.what]
        return Localized(
            en=said.en.format(values=", ".join(self.values)), zh=said.zh.format(values="、".join(self.values))
        )


def compare_figures(original: Conversation, rewriting: Conversation) -> tuple[Difference, ...]:
    """Amounts, numbers, dates, times, placeholders and names that a rewriting lost or invented.

    A figure may be spelled in another way, and be said by the other speaker.
    """
    before, after = _Content.of(original), _Content.of(rewriting)
    differences = (
        Difference("lost", tuple(before.missing_in(after))),
        Difference("invented", tuple(after.missing_in(before))),
    )
    return tuple(each for each in differences if each.values)


@dataclass(frozen=True, slots=True)
class _Content:
    """What of a conversation must be the same in other words."""

    text: str
    placeholders: frozenset[str]
    names: frozenset[str]
    certain: frozenset[Figure]
    possible: frozenset[Figure]

    @classmethod
    def of(cls, conversation: Conversation) -> _Content:
        texts = [turn.text for turn in conversation.dialogue]
        bare = [without_placeholders(text) for text in texts]
        personal = [_personal(text) for text in bare]
        found = figures("\n".join(map(_without, bare, personal)))
        return cls(
            text="\n".join(bare).casefold(),
            placeholders=frozenset[str]().union(*map(placeholders_in, texts)),
            names=frozenset(
                text[start:end].casefold()
                for text, places in zip(bare, personal, strict=True)
                for start, end in places
            ),
            certain=found.certain,
            possible=found.possible,
        )

    def missing_in(self, other: _Content) -> Iterator[str]:
        yield from sorted(self.placeholders - other.placeholders)
        yield from sorted(name for name in self.names if name not in other.text)
        yield from (str(figure) for figure in sorted(self.certain - other.possible))


def _personal(text: str) -> list[tuple[int, int]]:
    """Where personal data stands in a text. Numbers of orders are none of it: they are figures."""
    return [(span.start, span.end) for span in personal_data(text) if span.kind != "order"]


def _without(text: str, places: Iterable[tuple[int, int]]) -> str:
    for start, end in sorted(places, reverse=True):
        text = f"{text[:start]} ; {text[end:]}"
    return text


@dataclass(frozen=True)
class Preserving(AskingStep):
    """Drops rewritings that mean something else, when a second try with what differs does so too."""

    writer: Writer
    name: str = "meaning"

    @property
    def identity(self) -> Mapping[str, Any]:
        """Nothing of its own."""
        return {}

    async def taken(self, transcript: Transcript) -> Transcript | Dropped:
        """Compare a rewriting with its original."""
        original = transcript.original
        if original is None:
            return transcript
        found = await self.differences(original, transcript.conversation)
        if not found:
            return transcript
        try:
            again = await self.writer.rewrite_again(original, transcript.conversation, _told(found))
        except AnswerError as error:
            return self.dropped("meaning_changed", f"{_told(found).en}; {error}", transcript)
        found, transcript = await self.differences(original, again), rewritten(transcript, again)
        return self.dropped("meaning_changed", _told(found).en, transcript) if found else transcript

    async def differences(self, original: Conversation, rewriting: Conversation) -> tuple[Difference, ...]:
        """What differs. The language model is asked only where the rules find nothing."""
        from csc_dspy.signatures import OUTCOME_CRITERIA, compare_outcome, parse_verdict

        if found := compare_figures(original, rewriting):
            return found
        language = self.writer.language_of(original)
        inputs = {"original": shown(original, language), "rewriting": shown(rewriting, language)}
        said = await self.writer.asking.fields(compare_outcome(language), inputs)
        (outcome,) = OUTCOME_CRITERIA
        return () if parse_verdict(said[outcome.id]) else (Difference("outcome", (said[outcome.reason],)),)


def _told(differences: Iterable[Difference]) -> Localized:
    told = [each.told for each in differences]
    return Localized(en="; ".join(each.en for each in told), zh="；".join(each.zh for each in told))
