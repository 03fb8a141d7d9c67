"""What a chat looks like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from csc_dspy.cli.chatting.response import ResponseLine
from csc_dspy.cli.output import bar
from csc_dspy.conversations import render_turn, speaker_name
from csc_dspy.programs import StreamItem, SupportPrediction
from csc_dspy.taxonomy import Language, Localized, Stage, Strategy, Taxonomy

if TYPE_CHECKING:
    from rich.console import Console

    from csc_dspy.conversations import Conversation

_SHOWN: Final = 5
_BAR: Final = 20
_COLON: Final = Localized(en=": ", zh="：")


class Screen:
    """Draws a chat on a rich console; lines are broken for people, not for pipes."""

    def __init__(self, console: Console, language: Language, taxonomy: Taxonomy) -> None:
        self._console = console
        self._language = language
        self._taxonomy = taxonomy

    def note(self, text: str) -> None:
        """Something that is not part of the conversation."""
        self._say(text, style="dim")

    def error(self, error: Exception) -> None:
        """What went wrong, while the chat goes on."""
        self._say(f"error: {error}", style="red")

    def answer(self, items: Iterator[StreamItem]) -> None:
        """The stages and the strategy, and the text as it comes.

        What is decided before the text is shown before it; a program that decides all at once shows it after.
        """
        line = ResponseLine(self._console, f"{speaker_name('supporter', self._language)}{self._colon}")
        shown = False
        try:
            for item in items:
                if isinstance(item, str):
                    line.write(item)
                    continue
                line.end()
                if not shown:
                    self._decided(item)
                shown = True
        finally:
            line.end()

    def forced(self, strategy: Strategy) -> None:
        """What the next answer is to follow."""
        self.note(f"the next answer follows {strategy.number} {strategy.name[self._language]}")

    def why(self, prediction: SupportPrediction, history: Conversation) -> None:
        """Everything that is known about an answer."""
        strategy = prediction.strategy
        if strategy is not None:
            self._say(f"{strategy.name[self._language]}{self._colon}{strategy.definition[self._language]}")
            self._say(strategy.distinction[self._language], style="dim")
        for line in self._likely(prediction):
            self._say(line)
        if prediction.stage_adjusted and prediction.stage_proposed and prediction.stage:
            proposed = prediction.stage_proposed.name[self._language]
            stage = prediction.stage.name[self._language]
            self.note(f"the model said {proposed}, which is too far back; {stage} is the earliest allowed")
        if prediction.reasoning:
            self._say(prediction.reasoning)
        self._labels(history)
        usage = prediction.usage
        self.note(f"calls {usage.calls}, tokens in {usage.input_tokens}, out {usage.output_tokens}")

    def strategies(self) -> None:
        """All strategies that can be forced."""
        for strategy in self._taxonomy.strategies:
            self._say(f"{strategy.number:>2}  {strategy.abbreviation:<4} {strategy.name[self._language]}")

    @property
    def _colon(self) -> str:
        return _COLON[self._language]

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

    def _labels(self, history: Conversation) -> None:
        """The supporter's turns with their labels, given or found out."""
        labelled = [render_turn(turn, self._language) for turn in history.dialogue if turn.strategy]
        if labelled:
            self.note("strategies so far:")
        for line in labelled:
            self.note(f"  {line}")

    def _say(self, text: str, *, style: str | None = None) -> None:
        wrap = self._console.is_terminal
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=not wrap)
