"""What readers of transcripts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.conversations.speakers import Speaker
from csc_dspy.data.problems import Flaw, Problem
from csc_dspy.data.readers import RawRow
from csc_dspy.rewriting._base import Transcript
from csc_dspy.rewriting.reading.speakers import Speakers
from csc_dspy.taxonomy import Language

MOST_TURNS: Final = 5_000
"""So many turns of one transcript are held; what comes behind them is counted only."""

NO_SPEAKER: Final[Flaw] = (
    "nobody known is named as the speaker",
    "name who it is with --supporter NAME or --customer NAME, or mend the line",
)
NO_TEXT: Final[Flaw] = ("is text in no known encoding", "save the file as UTF-8")

Aside = Callable[[RawRow, Problem], None]
"""Takes what cannot be read."""


def refuse(_row: RawRow, problem: Problem) -> None:
    """An `Aside` that takes nothing."""
    raise problem.as_error("or set such lines aside")


@dataclass(frozen=True, slots=True)
class Reading:
    """How transcripts are read."""

    speakers: Speakers
    aside: Aside
    language: Language | None = None

    def put_aside(self, file: str, line: int, text: str | None, flaw: Flaw) -> None:
        """Set a line aside."""
        problem = Problem(file, line, None, *flaw)
        self.aside(RawRow(file, line, None, text, (problem,)), problem)


@dataclass
class Draft:
    """A transcript while its lines come in."""

    reading: Reading
    file: str
    line: int
    id: str | None = None
    topic: str | None = None
    lines: int = 0
    unread: int = 0
    cut: bool = False
    _turns: list[Turn] = field(default_factory=list)
    _speaker: Speaker | None = None
    _text: list[str] = field(default_factory=list)
    _time: str | None = None

    @property
    def begun(self) -> bool:
        """Whether anything has come in."""
        return bool(self.lines or self.unread)

    def say(self, speaker: Speaker, text: str, time: str | None = None) -> None:
        """Somebody says something; what belongs to it may follow."""
        self._end_turn()
        self.lines += 1
        self._speaker, self._time = speaker, time
        self._text = [text] if text else []

    def more(self, text: str) -> bool:
        """It goes on; False if nobody has said anything."""
        if self._speaker is None:
            return False
        self.lines += 1
        if sum(map(len, self._text)) < 2**20:
            self._text.append(text)
        return True

    def hush(self) -> None:
        """Whatever follows is not said by the one who spoke last."""
        self._end_turn()

    def lose(self) -> None:
        """A line could not be read."""
        self.lines += 1
        self.unread += 1

    def done(self, number: int) -> Transcript:
        """The transcript, which is the so-manieth of its file."""
        self._end_turn()
        stem = self.file.replace("\\", "/").rpartition("/")[2].partition(".")[0] or "transcript"
        conversation = Conversation(
            dialogue=tuple(self._turns),
            id=self.id or f"{stem}-{number}",
            language=self.reading.language,
            topic=self.topic,
        )
        return Transcript(conversation, f"{self.file}:{self.line}", self.lines, self.unread, self.cut)

    def _end_turn(self) -> None:
        text = " ".join(self._text).strip()
        speaker, self._speaker = self._speaker, None
        self._text = []
        if speaker is None or not text:
            return
        if len(self._turns) >= MOST_TURNS:
            self.cut = True
            return
        turn = Turn(speaker=speaker, text=text)
        self._turns.append(turn.model_copy(update={"time": self._time}) if self._time else turn)
