"""Placeholders in place of personal data, the same for the same throughout a dialogue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.redaction._base import PLACEHOLDERS, Kind, Span
from csc_dspy.redaction.dictated import dictated
from csc_dspy.redaction.finding import personal_data
from csc_dspy.redaction.names_en import parts_to_find
from csc_dspy.taxonomy import Language

_SHORTEST_NAME: Final = 2
_BLOT: Final = "▇"
_LONGEST_BLOT: Final = 12


@dataclass(frozen=True, slots=True)
class Redaction:
    """How personal data is replaced."""

    orders: bool = False
    """Whether numbers of orders, tickets and parcels go too."""

    def kinds(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """Those of ``spans`` that are to go."""
        return tuple(span for span in spans if self.orders or span.kind != "order")


STANDARD: Final = Redaction()


@dataclass(frozen=True, slots=True)
class Replaced:
    """One thing that was replaced: in which turn, where the placeholder stands in it, and what was there."""

    turn: int
    start: int
    placeholder: str
    kind: Kind
    text: str

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {"turn": self.turn, "start": self.start, "placeholder": self.placeholder, "text": self.text}


@dataclass(frozen=True, slots=True)
class Redacted:
    """A conversation without personal data, and what was taken out of it."""

    conversation: Conversation
    replaced: tuple[Replaced, ...]

    @property
    def counts(self) -> Counter[Kind]:
        """How much of each kind."""
        return Counter(each.kind for each in self.replaced)


def redact(conversation: Conversation, redaction: Redaction = STANDARD) -> Redacted:
    """Put a placeholder in place of everything personal in the turns of a conversation.

    It is numbered within the conversation and in its language: ``[PHONE_1]``, ``[电话1]``. What is replaced
    twice has one number, however it is spelled. A name that is given once is found in all turns.
    """
    texts = [turn.text for turn in conversation.dialogue]
    found = _all_found(texts, [turn.speaker for turn in conversation.dialogue], redaction)
    numbering = _Numbering(conversation.spoken_language, texts)
    turns, replaced = [], []
    for index, (turn, spans) in enumerate(zip(conversation.dialogue, found, strict=True)):
        text, here = _replaced(index, turn.text, spans, numbering)
        turns.append(turn.model_copy(update={"text": text}) if here else turn)
        replaced += here
    return Redacted(conversation.with_turns(turns) if replaced else conversation, tuple(replaced))


def restore(conversation: Conversation, replaced: Iterable[Replaced]) -> Conversation:
    """The conversation as it was before `redact`."""
    turns = list(conversation.dialogue)
    for each in sorted(replaced, key=lambda each: (each.turn, -each.start)):
        text = turns[each.turn].text
        before, behind = text[: each.start], text[each.start + len(each.placeholder) :]
        turns[each.turn] = turns[each.turn].model_copy(update={"text": f"{before}{each.text}{behind}"})
    return conversation.with_turns(turns)


def blotted(
    conversation: Conversation, redaction: Redaction = STANDARD, *, known: Iterable[str] = ()
) -> Conversation:
    """The conversation with a blot in place of everything personal, for those who look at what it was.

    What is ``known`` to be personal is blotted out wherever it stands.
    """
    done = redact(conversation, redaction)
    shown = restore(done.conversation, (replace(each, text=_blot(each.text)) for each in done.replaced))
    pieces = sorted(known, key=lambda piece: (-len(piece), piece))
    if not pieces:
        return shown
    pattern = re.compile("|".join(map(re.escape, pieces)))
    texts = (pattern.sub(lambda found: _blot(found[0]), turn.text) for turn in shown.dialogue)
    return shown.with_turns(
        [turn.model_copy(update={"text": text}) for turn, text in zip(shown.dialogue, texts, strict=True)]
    )


def masked(text: str, redaction: Redaction = STANDARD) -> str:
    """A text with a blot in place of everything personal, where there is no dialogue around it."""
    for span in reversed(redaction.kinds(personal_data(text))):
        text = f"{text[: span.start]}{_blot(text[span.start : span.end])}{text[span.end :]}"
    return text


def _blot(text: str) -> str:
    return _BLOT * min(len(text), _LONGEST_BLOT)


def _all_found(texts: Sequence[str], speakers: Sequence[str], redaction: Redaction) -> list[tuple[Span, ...]]:
    """What goes from each text; names that are found in one are looked for in all."""
    found = [personal_data(text) for text in texts]
    names = _names(texts, found)
    if names:
        again = [any(name in text for name in names) for text in texts]
        found = [
            personal_data(text, names) if look else spans
            for text, spans, look in zip(texts, found, again, strict=True)
        ]
    whole = [list(redaction.kinds(spans)) for spans in found]
    for turn, span in dictated(texts, speakers):
        if all(span.end <= each.start or each.end <= span.start for each in whole[turn]):
            whole[turn].append(span)
    return [tuple(sorted(spans, key=lambda each: each.start)) for spans in whole]


def _names(texts: Sequence[str], found: Sequence[tuple[Span, ...]]) -> tuple[str, ...]:
    """Names to look for, the longest first."""
    names: set[str] = set()
    for text, spans in zip(texts, found, strict=True):
        for span in spans:
            name = text[span.start : span.end]
            if span.kind == "name" and name.isascii():
                names.update(parts_to_find(name))
            elif span.kind == "name" and len(name) >= _SHORTEST_NAME:
                names.add(name)
    return tuple(sorted(names, key=lambda name: (-len(name), name)))


@dataclass
class _Numbering:
    """Gives placeholders their numbers; one that the texts have already is passed over."""

    language: Language
    texts: Sequence[str]
    _given: dict[tuple[Kind, str], str] = field(default_factory=dict)
    _last: Counter[Kind] = field(default_factory=Counter)

    def placeholder(self, span: Span) -> str:
        key = (span.kind, span.value)
        if key not in self._given:
            self._given[key] = self._next(span.kind)
        return self._given[key]

    def _next(self, kind: Kind) -> str:
        word, line = PLACEHOLDERS[kind][self.language], "" if self.language == "zh" else "_"
        while True:
            self._last[kind] += 1
            placeholder = f"[{word}{line}{self._last[kind]}]"
            if not any(placeholder in text for text in self.texts):
                return placeholder


def _replaced(
    turn: int, text: str, spans: Iterable[Span], numbering: _Numbering
) -> tuple[str, list[Replaced]]:
    parts: list[str] = []
    done: list[Replaced] = []
    place = length = 0
    for span in spans:
        placeholder = numbering.placeholder(span)
        before = text[place : span.start]
        length += len(before)
        done.append(Replaced(turn, length, placeholder, span.kind, text[span.start : span.end]))
        parts += (before, placeholder)
        length += len(placeholder)
        place = span.end
    return "".join((*parts, text[place:])), done
