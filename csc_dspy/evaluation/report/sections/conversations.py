"""Every conversation shown, with what was expected and what was predicted side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from csc_dspy.conversations import Turn
from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element
from csc_dspy.evaluation.report.results import Name, Results
from csc_dspy.evaluation.report.sections.filters import filters
from csc_dspy.evaluation.report.selection import Selection
from csc_dspy.evaluation.report.tables import section
from csc_dspy.evaluation.report.verdicts import Exhibit, Judge
from csc_dspy.metrics import Attempt
from csc_dspy.taxonomy import Stage, Strategy

_SURENESS: Final = "Percentages are the system's probabilities of its answer and of the expected one."


def conversations_section(results: Results, judges: Mapping[str, Judge], selection: Selection) -> Html | None:
    """A list to be filtered; each conversation opens on demand."""
    if not selection.total:
        return None
    sure = bool(results.with_part("calibration"))
    shown = [_Shown(results, judges, exhibit).html() for exhibit in selection.exhibits]
    languages = {exhibit.conversation.spoken_language for exhibit in selection.exhibits}
    return section(
        "conversations",
        "Conversations",
        element("p", _how_many(selection), f" {_SURENESS}" if sure else None, class_="remark"),
        filters(results, languages),
        element("p", id="count", role="status"),
        element("div", *shown, id="list", data_contexts=" ".join(results.contexts)),
    )


def _how_many(selection: Selection) -> str:
    kept, total = len(selection.exhibits), selection.total
    if kept == total:
        return f"All {values.counted(total, 'conversation')}, the largest share of wrong answers first."
    return (
        f"{values.count(kept)} of {values.counted(total, 'conversation')}: "
        "those with the largest shares of wrong answers, worst first."
    )


class _Shown:
    """One conversation on the page."""

    def __init__(self, results: Results, judges: Mapping[str, Judge], exhibit: Exhibit) -> None:
        self._results = results
        self._judges = judges
        self._exhibit = exhibit
        self._language = exhibit.conversation.spoken_language

    def html(self) -> Html:
        """As an element that opens."""
        summary = element("summary", *self._summary())
        return element("details", summary, *self._turns(), data_l=self._language)

    def _summary(self) -> Iterator[Html | None]:
        conversation = self._exhibit.conversation
        yield element("b", conversation.id or conversation.content_hash[:16])
        yield element("span", conversation.topic or "", lang=self._lang, class_="topic")
        for context, wrong in self._exhibit.wrong(self._judges).items():
            turns = len(self._exhibit.attempts[context])
            short = f"{context}: " if len(self._results.contexts) > 1 else ""
            yield element("span", f"{short}{wrong} of {turns} wrong", class_=context)
        if failures := self._exhibit.failures:
            yield element("span", values.counted(failures, "failure"), class_="failures")

    def _turns(self) -> Iterator[Html]:
        attempts = {
            context: {attempt.example.index: attempt for attempt in of}
            for context, of in self._exhibit.attempts.items()
        }
        for index, turn in enumerate(self._exhibit.conversation.dialogue):
            here = {context: of[index] for context, of in attempts.items() if index in of}
            if here:
                yield self._predicted(turn, here)
            else:
                yield element("div", self._text(turn.text), class_=turn.speaker)

    def _predicted(self, turn: Turn, attempts: Mapping[str, Attempt]) -> Html:
        stage = next(iter(attempts.values())).example.stage
        strategy = element("b", self._both(turn.strategy)) if turn.strategy else None
        gold = element("div", strategy, element("i", self._stage(stage)), self._text(turn.text))
        # One place for each context: the style of the page knows them by it.
        answers = (self._answer(each, attempts.get(each)) for each in self._judges)
        return element("div", gold, *answers, class_="turn", data_e=self._strategy(turn.strategy).short)

    def _answer(self, context: str, attempt: Attempt | None) -> Html:
        if attempt is None:
            return element("div", hidden=True)
        said, judge = attempt.predicted, self._judges[context]
        # What is as expected goes without saying.
        other = judge.strategies and said.strategy != attempt.example.turn.strategy
        return element(
            "div",
            *self._labels(judge, attempt),
            self._text(said.response),
            element("p", f"No answer: {said.error}", class_="error") if said.error is not None else None,
            data_p=self._strategy(said.strategy).short if other else None,
            data_w=judge.wrong(attempt),
            data_f=said.error is not None,
        )

    def _labels(self, judge: Judge, attempt: Attempt) -> Iterator[Html | None]:
        said = attempt.predicted
        if said.error is not None:
            return
        if judge.strategy_wrong(attempt):
            yield element("b", self._both(said.strategy))
        elif judge.strategies:
            unsettled = attempt.example.turn.strategy is None
            yield element("b", self._strategy(said.strategy).en, class_="open" if unsettled else None)
        if judge.stages:
            yield element(
                "i", self._stage(said.stage), class_="wrong" if judge.stage_wrong(attempt) else None
            )
        yield _sureness(attempt)

    def _strategy(self, strategy: Strategy | None) -> Name:
        return self._results.strategies[strategy.id if strategy else None]

    def _both(self, strategy: Strategy | None) -> object:
        """In English, and in Chinese beside Chinese texts."""
        name = self._strategy(strategy)
        return name.both if self._lang else name.en

    def _stage(self, stage: Stage | None) -> str:
        return self._results.stages[stage.id if stage else None].en

    @property
    def _lang(self) -> str | None:
        """The language to be marked, where it is not that of the page."""
        return None if self._language == "en" else self._language

    def _text(self, text: str | None) -> Html | None:
        return None if text is None else element("p", text, lang=self._lang)


def _sureness(attempt: Attempt) -> Html | None:
    """The probability of what was predicted, and of what was expected where that is another."""
    said, gold = attempt.predicted.strategy, attempt.example.turn.strategy
    chances = attempt.predicted.strategy_probabilities
    if not chances or said is None:
        return None
    other = f" / {100 * chances.get(gold.id, 0):.0f} %" if gold and gold != said else ""
    return element("small", f"{100 * chances.get(said.id, 0):.0f} %{other}")
