"""What a chat looks like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from csc_dspy.cli.output import bar
from csc_dspy.conversations import one_line, render_turn, speaker_name
from csc_dspy.programs import StreamItem, SupportPrediction
from csc_dspy.taxonomy import Language, Stage, Strategy, Taxonomy

if TYPE_CHECKING:
    from rich.console import Console

    from csc_dspy.conversations import Conversation

_SHOWN: Final = 5
_BAR: Final = 20


class Screen:
    """Draws a chat on a rich console."""

    def __init__(self, console: Console, language: Language, taxonomy: Taxonomy) -> None:
        self._console = console
        self._language = language
        self._taxonomy = taxonomy

    def note(self, text: str) -> None:
        """Something that is not part of the conversation."""
        self._console.print(text, style="dim", markup=False, highlight=False)

    def answer(self, items: Iterator[StreamItem]) -> None:
        """The stages and the strategy, and the text as it comes.

        What is decided before the text is shown before it; a program that decides all at once shows it after.
        """
        shown = begun = False
        for item in items:
            if isinstance(item, SupportPrediction):
                if begun:
                    self._console.print()
                if not shown:
                    self._decided(item)
                shown, begun = True, False
            else:
                if not begun:
                    self._say(f"{speaker_name('supporter', self._language)}: ", end="", style="bold")
                begun = True
                self._say(_piece(item), end="")

    def why(self, prediction: SupportPrediction, history: Conversation) -> None:
        """Everything that is known about an answer."""
        strategy = prediction.strategy
        if strategy is not None:
            self._say(f"{strategy.name[self._language]}: {strategy.definition[self._language]}")
            self._say(strategy.distinction[self._language], style="dim")
        for line in self._likely(prediction):
            self._say(line)
        if prediction.stage_adjusted and prediction.stage_proposed and prediction.stage:
            proposed, stage = (
                prediction.stage_proposed.name[self._language],
                prediction.stage.name[self._language],
            )
            self.note(
                f"stage: the model said {proposed}, which is too far back; {stage} is the earliest allowed"
            )
        if prediction.reasoning:
            self._say(prediction.reasoning)
        labelled = [render_turn(turn, self._language) for turn in history.dialogue if turn.strategy]
        for line in labelled:
            self.note(line)
        usage = prediction.usage
        self.note(f"calls {usage.calls}, tokens in {usage.input_tokens}, out {usage.output_tokens}")

    def strategies(self) -> None:
        """All strategies that can be forced."""
        for strategy in self._taxonomy.strategies:
            self._say(f"{strategy.number:>2}  {strategy.abbreviation:<4} {strategy.name[self._language]}")

    def _decided(self, prediction: SupportPrediction) -> None:
        if prediction.stage is not None:
            self._say(self._stages(prediction.stage), style="cyan")
        if prediction.strategy is not None:
            self._say(self._strategy(prediction.strategy, prediction), style="green")

    def _stages(self, now: Stage) -> str:
        """All stages in order, the one that is running in brackets."""
        names = ((stage, stage.name[self._language]) for stage in self._taxonomy.stages)
        return " → ".join(f"[{name}]" if stage == now else name for stage, name in names)

    def _strategy(self, strategy: Strategy, prediction: SupportPrediction) -> str:
        measured = (prediction.strategy_probabilities or {}).get(strategy.id)
        share = f" {measured:.0%}" if measured is not None else ""
        return f"{strategy.number} {strategy.name[self._language]}{share}"

    def _likely(self, prediction: SupportPrediction) -> Iterator[str]:
        measured = prediction.strategy_probabilities
        if measured is None:
            yield "the probabilities of the strategies were not measured"
            return
        likely = sorted(self._taxonomy.strategies, key=lambda each: -measured.get(each.id, 0.0))
        for strategy in likely[:_SHOWN]:
            value = measured.get(strategy.id, 0.0)
            yield f"{value:>5.0%} {bar(value, 1.0, _BAR):<{_BAR}} {strategy.name[self._language]}"

    def _say(self, text: str, *, end: str = "\n", style: str = "") -> None:
        self._console.print(text, end=end, style=style or None, markup=False, highlight=False, soft_wrap=True)


def _piece(text: str) -> str:
    """A piece of the text, safe for the terminal; blanks at its ends belong to it."""
    inner = one_line(text)
    if not inner:
        return " "
    return f"{' ' * text[0].isspace()}{inner}{' ' * text[-1].isspace()}"
