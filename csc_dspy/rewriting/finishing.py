"""Which rewritten conversations are kept: the rules of CSConv for what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.rewriting._base import Dropped, Transcript
from csc_dspy.rewriting.notices import without_notices
from csc_dspy.rewriting.rules import Broken

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Strategy, Taxonomy

_OPENING_AND_CLOSING: Final = {"copc": ("greeting", "identity_verification", "appreciation_closure")}
"""What the paper asks to be present, by taxonomy; of others nothing is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """The thresholds; those of the paper unless others are given."""

    fewest_utterances: int = 10
    """Turns that there must be."""
    most_utterances: int = 50
    """Turns that there may be."""
    required_strategies: tuple[str, ...] | None = None
    """Strategies that must occur, in any spelling; None stands for those of the paper, where they exist."""

    def required(self, taxonomy: Taxonomy) -> tuple[Strategy, ...]:
        """The strategies that must occur; LabelError if one is none of the taxonomy's."""
        named = self.required_strategies
        if named is None:
            named = _OPENING_AND_CLOSING.get(taxonomy.id, ())
        return tuple(taxonomy.strategy(each) for each in named)


AS_IN_THE_PAPER: Final = Finish()


def apply_finish(conversation: Conversation, finish: Finish = AS_IN_THE_PAPER) -> tuple[Broken, ...]:
    """The rules that a labelled conversation breaks; take the notices from its end first."""
    return tuple(_broken(conversation, finish))


def _broken(conversation: Conversation, finish: Finish) -> Iterator[Broken]:
    turns = conversation.dialogue
    if len(turns) < finish.fewest_utterances:
        yield Broken("few_utterances", f"{len(turns)}, at least {finish.fewest_utterances} are wanted")
    if len(turns) > finish.most_utterances:
        yield Broken("many_utterances", f"{len(turns)}, at most {finish.most_utterances} are wanted")
    same = sum(one.speaker == other.speaker for one, other in pairwise(turns))
    if same:
        yield Broken("not_alternating", f"{same} turns are by the speaker of the turn before")
    followed = [turn.strategy for _, turn in conversation.supporter_turns()]
    if unlabelled := followed.count(None):
        yield Broken("no_strategy", f"{unlabelled} supporter turns have none")
    missing = [each.id for each in finish.required(conversation.taxonomy) if each not in followed]
    if missing:
        yield Broken("missing_strategy", f"there is no {', '.join(missing)}")


@dataclass(frozen=True)
class Finishing:
    """`apply_finish` as a step, without notices at the end; the first broken rule is the reason."""

    finish: Finish = AS_IN_THE_PAPER
    name: str = "finish"

    @property
    def identity(self) -> Mapping[str, Any]:
        """The thresholds."""
        return {"finish": asdict(self.finish)}

    async def take(self, transcript: Transcript) -> Transcript | Dropped:
        """Let through what keeps all rules."""
        transcript = transcript.having(without_notices(transcript.conversation))
        broken = apply_finish(transcript.conversation, self.finish)
        if not broken:
            return transcript
        return Dropped(self.name, broken[0].rule, "; ".join(each.detail for each in broken), transcript)
