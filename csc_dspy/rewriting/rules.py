"""Which transcripts are worth working on: the rules by which CSConv was chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.rewriting._base import Dropped, Transcript

REASONS: Final = {
    "empty": "holds no turns",
    "one_speaker": "only one of the two speaks",
    "too_long": "is longer than a transcript may be",
    "unread_lines": "too many of its lines could not be read",
    "few_exchanges": "too few exchanges",
    "many_exchanges": "too many exchanges",
    "long_utterance": "an utterance is too long",
    "silent_customer": "the customer takes too few turns",
    "short_answers": "the customer says too little in most turns",
    "failed": "the language model could not be asked",
    "abuse": "somebody is abused in it",
    "impatient_supporter": "the supporter is impatient",
    "indifferent_supporter": "the supporter is indifferent",
    "unreadable_rewriting": "no readable rewriting came, even when asked for again",
    "meaning_changed": "the rewriting says something else, even when asked for again",
    "few_utterances": "too few utterances when rewritten",
    "many_utterances": "too many utterances when rewritten",
    "not_alternating": "the speakers do not alternate",
    "no_strategy": "a turn of the supporter has no strategy",
    "missing_strategy": "a strategy that is required does not occur",
    "incomplete": "the judge finds it incomplete",
    "untrue_strategies": "the judge finds a turn untrue to its strategy",
    "third_party": "the judge finds others speaking in it",
    "mixed_strategies": "the judge finds two strategies in one turn",
}
"""What each reason for dropping means."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The thresholds; those of the paper unless others are given. Lengths are characters."""

    fewest_exchanges: int = 3
    """Exchanges, of one turn of each speaker, that there must be."""
    most_exchanges: int = 30
    """Exchanges that there may be."""
    longest_utterance: int = 500
    """Characters that a turn may have."""
    customer_share: float = 0.5
    """The customer must take more than so many turns for each of the supporter's."""
    short_turn: int = 3
    """A turn of the customer of so many characters, or fewer, is short."""
    long_share: float = 0.7
    """The share of the customer's turns that must not be short."""
    unread_share: float = 0.1
    """The share of lines that may be set aside because nobody known says them."""


OF_THE_PAPER: Final = Rules()


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a transcript does not keep, and by how much."""

    rule: str
    detail: str


def apply_rules(
    transcript: Transcript | Conversation, rules: Rules | None = OF_THE_PAPER
) -> tuple[Broken, ...]:
    """The rules that a transcript breaks, as it is; merge its turns first. None if it is to be kept.

    Without ``rules`` only those hold without which there is no dialogue: turns, of both speakers, and no more
    than can be held.
    """
    whole = transcript if isinstance(transcript, Transcript) else Transcript(transcript)
    broken = list(_necessary(whole))
    if rules is not None and not broken:
        broken = [
            *_as_read(whole, rules),
            *_exchanges(whole.conversation, rules),
            *_turns(whole.conversation, rules),
        ]
    return tuple(broken)


def _necessary(transcript: Transcript) -> Iterator[Broken]:
    turns = transcript.conversation.dialogue
    speakers = {turn.speaker for turn in turns}
    if transcript.cut:
        yield Broken("too_long", f"more than {len(turns):,} turns")
    elif not turns:
        yield Broken("empty", "no turns")
    elif len(speakers) == 1:
        yield Broken("one_speaker", f"only the {speakers.pop()} speaks")


def _as_read(transcript: Transcript, rules: Rules) -> Iterator[Broken]:
    if transcript.unread > rules.unread_share * transcript.lines:
        yield Broken("unread_lines", f"{transcript.unread} of {transcript.lines} lines")


def _exchanges(conversation: Conversation, rules: Rules) -> Iterator[Broken]:
    exchanges = sum(1 for _ in groupby(conversation.dialogue, key=lambda turn: turn.speaker)) // 2
    if exchanges < rules.fewest_exchanges:
        yield Broken("few_exchanges", f"{exchanges}, at least {rules.fewest_exchanges} are wanted")
    if exchanges > rules.most_exchanges:
        yield Broken("many_exchanges", f"{exchanges}, at most {rules.most_exchanges} are wanted")


def _turns(conversation: Conversation, rules: Rules) -> Iterator[Broken]:
    longest = max(len(turn.text) for turn in conversation.dialogue)
    if longest > rules.longest_utterance:
        yield Broken(
            "long_utterance", f"{longest:,} characters, at most {rules.longest_utterance:,} are wanted"
        )
    said = [len(turn.text.strip()) for turn in conversation.dialogue if turn.speaker == "customer"]
    supporters = len(conversation.dialogue) - len(said)
    if len(said) <= rules.customer_share * supporters:
        yield Broken("silent_customer", f"{len(said)} turns beside {supporters} of the supporter")
    long = sum(length > rules.short_turn for length in said)
    if long < rules.long_share * len(said):
        yield Broken("short_answers", f"{len(said) - long} of {len(said)} turns are short")


@dataclass(frozen=True)
class Filtering:
    """`apply_rules` as a step; the first rule that is broken is the reason."""

    rules: Rules | None
    name: str = "rules"

    @property
    def identity(self) -> Mapping[str, Any]:
        """The thresholds."""
        return {"rules": asdict(self.rules) if self.rules else None}

    async def take(self, transcript: Transcript) -> Transcript | Dropped:
        """Let through what keeps all rules."""
        broken = apply_rules(transcript, self.rules)
        if not broken:
            return transcript
        return Dropped(self.name, broken[0].rule, "; ".join(each.detail for each in broken), transcript)
