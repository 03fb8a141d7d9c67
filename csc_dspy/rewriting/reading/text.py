"""Transcripts as text: a line for each turn, dialogues apart by headers or by blank lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final, Literal

from csc_dspy.rewriting._base import Transcript
from csc_dspy.rewriting.reading._base import NO_SPEAKER, NO_TEXT, Draft, Reading
from csc_dspy.rewriting.reading.cleaning import clean_lines
from csc_dspy.rewriting.reading.lines import Line, LineParser

Separator = Literal["auto", "blank", "header", "file"]
"""What stands between two dialogues: a blank line, a header, or nothing as each has its own file."""

_FIRST_LOOK: Final = 2_000
_ARROW: Final = "-->"
_Numbered = tuple[int, str | None]


def text_transcripts(
    lines: Iterable[_Numbered], file: str, reading: Reading, separator: Separator = "auto"
) -> Iterator[Transcript]:
    """The transcripts in the lines of a file, one at a time."""
    lines = iter(lines)
    parser = LineParser(reading.speakers)
    first = list(islice(lines, _FIRST_LOOK))
    blanks = _blanks_between(first, parser) if separator == "auto" else int(separator == "blank")
    headers = separator in {"auto", "header"}
    # The lines of subtitles have numbers of their own.
    subtitles = any(_ARROW in (text or "") for _, text in first)
    assembly = _Assembly(file, reading, parser, blanks=blanks, headers=headers, subtitles=subtitles)
    for number, text in chain(first, lines):
        yield from assembly.take(number, text)
    yield from assembly.end()


def text_transcript(text: str, file: str, line: int, reading: Reading) -> Draft:
    """The one transcript that a text is, as a field of a row has it."""
    assembly = _Assembly(file, reading, LineParser(reading.speakers), blanks=0, headers=False, every=line)
    for each in text.split("\n"):
        for _ in assembly.take(line, each):
            pass
    return assembly.draft or Draft(reading, file, line)


def _blanks_between(lines: Iterable[_Numbered], parser: LineParser) -> int:
    """How many blank lines end a dialogue; 0 where headers do, or where there are just blank lines."""
    parts, longest, blanks = [0], 0, 0
    for _, text in lines:
        for line in map(parser.parse, clean_lines("?" if text is None else parser.untabbed(text))):
            if line.what == "begin":
                return 0
            if line.what == "blank":
                blanks += 1
                longest = max(longest, blanks) if any(parts) else longest
            elif line.what == "said":
                if blanks:
                    parts.append(0)
                parts[-1] += 1
                blanks = 0
    spoken = [count for count in parts if count]
    if not spoken or sum(count > 1 for count in spoken) * 2 > len(spoken):
        return 1
    # Every turn stands by itself, so that a single blank line says nothing.
    return longest if longest > 1 else 0


class _Assembly:
    """Puts lines together to transcripts."""

    def __init__(
        self,
        file: str,
        reading: Reading,
        parser: LineParser,
        *,
        blanks: int,
        headers: bool,
        every: int | None = None,
        subtitles: bool = False,
    ) -> None:
        self.draft: Draft | None = None
        self._file = file
        self._reading = reading
        self._parser = parser
        self._ending_blanks = blanks
        self._headers = headers
        self._every = every
        self._subtitles = subtitles
        self._blanks = 0
        self._count = 0
        self._timed = False
        self._headed = False
        self._strangers_turn = False

    def take(self, number: int, text: str | None) -> Iterator[Transcript]:
        """One more line; yields a transcript that it ends."""
        if text is None:
            self._lose(self._draft_at(number), number, None)
            return
        for clean in clean_lines(self._parser.untabbed(text)):
            line = self._parser.parse(clean)
            if line.what == "blank":
                self._blanks += 1
                continue
            if line.what == "clock" or (self._subtitles and clean.isdecimal()):
                continue
            if self._ends(line):
                yield from self.end()
            self._blanks = 0
            draft = self._draft_at(number)
            if line.what == "begin" and self._headers:
                draft.id = line.id
            elif line.what != "about" or draft.begun:
                self._add(draft, number, line, clean)

    def end(self) -> Iterator[Transcript]:
        """The transcript that is not ended yet, if any."""
        draft, self.draft = self.draft, None
        self._timed = self._headed = self._strangers_turn = False
        if draft is not None and draft.begun:
            self._count += 1
            yield draft.done(self._count)

    def _ends(self, line: Line) -> bool:
        if line.what == "begin":
            return self._headers
        return bool(self._ending_blanks) and self._blanks >= self._ending_blanks

    def _draft_at(self, number: int) -> Draft:
        if self.draft is None:
            self.draft = Draft(self._reading, self._file, self._every or number)
        return self.draft

    def _add(self, draft: Draft, number: int, line: Line, clean: str) -> None:
        if line.what == "said" and line.voice in {"supporter", "customer"}:
            self._timed = self._timed or line.time is not None
            self._headed = not line.text
            self._strangers_turn = False
            draft.say("supporter" if line.voice == "supporter" else "customer", line.text, line.time)
        elif line.what == "notice":
            draft.hush()
        elif self._goes_on(line) and draft.more(line.text if self._timed else clean):
            return
        elif line.what != "begin":
            self._strangers_turn = True
            self._lose(draft, number, clean)

    def _goes_on(self, line: Line) -> bool:
        """Whether a line belongs to what was said before it.

        Where turns have times, a line without one begins no turn, whatever stands before its colon; nor does
        any line below a name that stands alone.
        """
        if self._strangers_turn:
            return False
        free = self._headed or (self._timed and line.time is None)
        return free or line.what in {"more", "about", "begin"}

    def _lose(self, draft: Draft, number: int, raw: str | None) -> None:
        draft.hush()
        draft.lose()
        self._reading.put_aside(
            self._file, self._every or number, raw, NO_TEXT if raw is None else NO_SPEAKER
        )
