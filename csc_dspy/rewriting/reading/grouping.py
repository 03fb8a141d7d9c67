"""Rows with one turn each, put together to the dialogues that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from csc_dspy.exceptions import DataError
from csc_dspy.rewriting._base import Transcript
from csc_dspy.rewriting.reading._base import NO_SPEAKER, Draft, Reading
from csc_dspy.rewriting.reading.cleaning import clean
from csc_dspy.rewriting.reading.text import text_transcript


@dataclass(frozen=True, slots=True)
class Spoken:
    """A row: one turn, or without a speaker a whole transcript as text."""

    line: int
    text: str
    speaker: object = None
    dialogue: str | None = None
    time: str | None = None
    topic: str | None = None
    raw: str = ""


@dataclass
class Grouping:
    """Makes transcripts of the rows of a file. Those of one dialogue stand together."""

    file: str
    reading: Reading
    whole: bool
    """Whether each row is a transcript."""
    _draft: Draft | None = None
    _key: str | None = None
    _count: int = 0
    _seen: set[str] = field(default_factory=set)

    def take(self, row: Spoken) -> Iterator[Transcript]:
        """One more row; yields the transcript that it ends."""
        if self._draft is None or self.whole or row.dialogue != self._key:
            yield from self.end()
            self._begin(row)
        draft = self._draft
        assert draft is not None
        if not self.whole:
            add_turn(draft, row, self.file, self.reading)

    def end(self) -> Iterator[Transcript]:
        """The transcript that is not ended yet, if any."""
        draft, self._draft = self._draft, None
        if draft is not None and (draft.begun or self.whole):
            self._count += 1
            yield draft.done(self._count)

    def _begin(self, row: Spoken) -> None:
        self._key = row.dialogue
        if row.dialogue is not None:
            if row.dialogue in self._seen:
                raise DataError(
                    "the rows of a dialogue do not stand together",
                    where=f"{self.file}:{row.line}",
                    remedy="sort the file by dialogue, and by time within each",
                )
            self._seen.add(row.dialogue)
        if self.whole:
            self._draft = text_transcript(row.text, self.file, row.line, self.reading)
        else:
            self._draft = Draft(self.reading, self.file, row.line)
        self._draft.id = row.dialogue or None
        self._draft.topic = row.topic


def add_turn(draft: Draft, row: Spoken, file: str, reading: Reading) -> None:
    """Add the turn that a row is; one of nobody known is set aside."""
    voice = reading.speakers.who(row.speaker)
    text = clean(row.text)
    if voice == "system" or (voice is None and not text):
        draft.hush()
    elif voice is None:
        draft.lose()
        reading.put_aside(file, row.line, row.raw or row.text, NO_SPEAKER)
    else:
        draft.say("supporter" if voice == "supporter" else "customer", text, row.time)
