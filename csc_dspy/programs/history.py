"""Histories as a service has them, made ready for a prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from csc_dspy.conversations import Conversation, Turn, one_line, render_turn
from csc_dspy.data.wording import flaw_of
from csc_dspy.exceptions import DataError
from csc_dspy.signatures import Shown
from csc_dspy.taxonomy import Language, Localized, Stage, Strategy, Taxonomy

History = Conversation | Sequence[Turn] | Sequence[Mapping[str, Any]]
"""What a program takes as a history: a conversation, turns, or rows of turns."""

_WIDE: Final = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_BYTES_PER_TOKEN: Final = 4

_EARLIER: Final = Localized(
    en="({count} earlier turns left out; the supporter's strategies in them: {strategies})",
    zh="（更早的{count}轮略去；其间客服依次采用的策略：{strategies}）",
)
_ARROW: Final = " → "
_NONE: Final = Localized(en="none labelled", zh="无标注")


def as_conversation(history: History, taxonomy: Taxonomy) -> Conversation:
    """``history`` as a conversation labelled by ``taxonomy``; DataError if it cannot be one."""
    if isinstance(history, Conversation):
        return _under(history, taxonomy)
    try:
        return Conversation.model_validate({"dialogue": list(history)}, context=taxonomy)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    # Not as its cause: the library's error quotes the turn.
    problem, remedy = flaw_of({**first, "loc": first["loc"][2:]})
    raise DataError(problem, where=_place(first["loc"]), remedy=remedy)


def _under(conversation: Conversation, taxonomy: Taxonomy) -> Conversation:
    """The conversation under the taxonomy, which one without labels can be whatever it was read under."""
    if conversation.taxonomy == taxonomy:
        return conversation
    if any(turn.strategy or turn.stage for turn in conversation.dialogue):
        raise DataError(
            f"the history is labelled by the taxonomy {conversation.taxonomy.id!r}, "
            f"and the program works by {taxonomy.id!r}",
            remedy="use one taxonomy throughout",
        )
    return conversation.model_copy(update={"taxonomy": taxonomy})


def _place(location: tuple[int | str, ...]) -> str:
    turn = next((each for each in location if isinstance(each, int)), None)
    return "history" if turn is None else f"history, turn {turn + 1}"


def estimated_tokens(text: str) -> int:
    """About how many tokens a text takes: one a wide character, one for four bytes of anything else."""
    wide = len(_WIDE.findall(text))
    other = len(text.encode("utf-8", "replace")) - len("".join(_WIDE.findall(text)).encode())
    return wide + -(-other // _BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a conversation stands when the supporter is about to speak."""

    conversation: Conversation
    language: Language
    tokens: int | None = None
    """The most the rendered history may take; None for no limit."""
    turn: str | None = None
    """The text of the coming turn, where the task is to label it."""
    strategy: Strategy | None = None
    """The strategy of the coming turn, where the caller has decided it."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The standard of its labels."""
        return self.conversation.taxonomy

    @property
    def stage(self) -> Stage:
        """The stage that is running."""
        stages = self.conversation.stages()
        return stages[-1] if stages else self.taxonomy.stages[0]

    @property
    def strategies(self) -> tuple[Strategy | None, ...]:
        """The supporter's strategies so far; None where a turn is not labelled."""
        return tuple(turn.strategy for _, turn in self.conversation.supporter_turns())

    def inputs(self, shown: Shown) -> dict[str, str]:
        """The inputs that every decision starts from."""
        so_far = {"stage_so_far": self.stage.name[self.language]} if shown.stage_so_far else {}
        return {"conversation": self.rendered(), **so_far}

    def spoken(self) -> str:
        """The coming turn's text as a prompt shows it."""
        return one_line(self.turn or "")

    def rendered(self) -> str:
        """The history as a prompt shows it, within the limit.

        Turns that do not fit are left out whole, the oldest first, and one line says which strategies they
        followed. The last turn always stays.
        """
        turns = self.conversation.dialogue
        lines = [render_turn(turn, self.language) for turn in turns]
        kept = len(lines) if self.tokens is None else _fitting(lines, self.tokens)
        left_out = len(lines) - kept
        summary = [_summary(turns[:left_out], self.language)] if left_out else []
        return "\n".join([*summary, *lines[left_out:]])


def _fitting(lines: Sequence[str], tokens: int) -> int:
    """How many lines from the end fit, at least one."""
    kept = 0
    for line in reversed(lines):
        tokens -= estimated_tokens(line) + 1
        if tokens < 0 and kept:
            break
        kept += 1
    return kept


def _summary(turns: Sequence[Turn], language: Language) -> str:
    names = [turn.strategy.name[language] for turn in turns if turn.strategy]
    strategies = _ARROW.join(names) if names else _NONE[language]
    return _EARLIER[language].format(count=len(turns), strategies=strategies)
