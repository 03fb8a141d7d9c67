"""A conversation in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Final

from csc_dspy.conversations import Turn, speaker_name
from csc_dspy.roleplay.showing.folding import folded
from csc_dspy.roleplay.showing.selecting import Shown
from csc_dspy.roleplay.showing.wording import facts, visible
from csc_dspy.taxonomy import Language, Stage

if TYPE_CHECKING:
    from rich.text import Text

_COLOURS: Final = ("cyan", "blue", "magenta", "green", "yellow")
"""Of the stages, in order; more stages begin anew."""
_RULE: Final = 60
_BETWEEN: Final = "  "
_NARROWEST: Final = 20
"""However narrow the window is, so much is left for what is said."""

Piece = tuple[str, str]
"""Words, and their style."""


def lines(shown: Shown, *, width: int | None, colours: bool) -> str:
    """The conversation, broken into lines of this width; without one a turn is as long as it is."""
    from rich.console import Console

    paper = StringIO()
    console = Console(
        file=paper,
        force_terminal=colours,
        color_system="standard" if colours else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for line in _Drawing(shown, width).lines():
        console.print(line, soft_wrap=True)
    return paper.getvalue()


@dataclass(frozen=True)
class _Drawing:
    shown: Shown
    width: int | None

    def lines(self) -> Iterator[Text]:
        """Title, what is known, what is wrong, and all turns."""
        conversation = self.shown.conversation
        name = visible(conversation.id or conversation.content_hash[:16])
        yield from self._row([], [(f"━━ {self.shown.place}  {name} ".ljust(_RULE, "━"), "bold")])
        for fact, value in facts(conversation, self._language):
            yield from self._row([(fact, "dim")], [(visible(value), "")])
        for flaw in self.shown.flaws:
            place = f"{flaw.turn}: " if flaw.turn else ""
            yield from self._row([], [(f"✗ {flaw.reason}  {place}{visible(flaw.detail)}", "red")])
        yield from self._row([], [("", "")])
        yield from self._turns()

    @property
    def _language(self) -> Language:
        return self.shown.conversation.spoken_language

    @property
    def _longest_name(self) -> int:
        return len(speaker_name("supporter", self._language))

    def _turns(self) -> Iterator[Text]:
        conversation = self.shown.conversation
        wrong = {flaw.turn for flaw in self.shown.flaws}
        running: Stage | None = None
        for number, (turn, stage) in enumerate(
            zip(conversation.dialogue, conversation.stages(), strict=True), 1
        ):
            if turn.speaker == "supporter" and stage != running:
                running = stage
                yield from self._row([("    ", "")], [(f"── {stage.name[self._language]}", _colour(stage))])
            mark = ("✗" if number in wrong else "") + str(number)
            yield from self._turn(mark.rjust(4), turn, stage)

    def _turn(self, mark: str, turn: Turn, stage: Stage) -> Iterator[Text]:
        style = f"bold {_colour(stage)}" if turn.speaker == "supporter" else "bold"
        speaker = (speaker_name(turn.speaker, self._language).ljust(self._longest_name), style)
        label = f"[{turn.strategy.name[self._language]}] " if turn.strategy else ""
        yield from self._row([(mark, "dim"), speaker], [(label, _colour(stage)), (visible(turn.text), "")])

    def _row(self, before: Sequence[Piece], words: Sequence[Piece]) -> Iterator[Text]:
        """Words behind others, below which nothing stands."""
        from rich.cells import cell_len
        from rich.text import Text

        indent = sum(cell_len(text) + len(_BETWEEN) for text, _ in before)
        room = None if self.width is None else max(self.width - indent, _NARROWEST)
        first = Text()
        for text, style in before:
            first.append(text, style).append(_BETWEEN)
        for number, line in enumerate(_styled(words, room)):
            yield (first if number == 0 else Text(" " * indent)).append_text(line)


def _styled(words: Sequence[Piece], room: int | None) -> Iterator[Text]:
    """The words in lines; the first piece keeps its style."""
    from rich.text import Text

    head, style = words[0]
    rest = words[1][0] if len(words) > 1 else ""
    left = len(head)
    for line in folded(head + rest, room):
        drawn = Text(line)
        drawn.stylize(style, 0, min(left, len(line)))
        left = max(left - len(line), 0)
        yield drawn


def _colour(stage: Stage) -> str:
    return _COLOURS[(stage.number - 1) % len(_COLOURS)]
