"""All cheap checks on a dialogue."""

from __future__ import annotations

from typing import Final

from csc_dspy.conversations import Conversation
from csc_dspy.roleplay._base import Ending, Flaw, Played
from csc_dspy.roleplay.quality._base import STANDARD, Check, Checked, Limits
from csc_dspy.roleplay.quality.alternation import alternation
from csc_dspy.roleplay.quality.labels import labels
from csc_dspy.roleplay.quality.languages import languages
from csc_dspy.roleplay.quality.leaks import leaks
from csc_dspy.roleplay.quality.lengths import lengths
from csc_dspy.roleplay.quality.personal import personal
from csc_dspy.roleplay.quality.repetition import repetition
from csc_dspy.roleplay.quality.spoken_labels import spoken_labels
from csc_dspy.taxonomy import Taxonomy

CHECKS: Final[tuple[Check, ...]] = (
    lengths,
    alternation,
    labels,
    languages,
    spoken_labels,
    leaks,
    personal,
    repetition,
)

REASONS: Final = {
    "too_short": "fewer turns than a conversation has",
    "too_long": "more turns than allowed",
    "long_turn": "a turn that is too long to be spoken",
    "not_alternating": "one speaker twice running, or a customer who begins",
    "no_end": "the last words break off",
    "unlabelled": "a supporter turn without a strategy",
    "opening": "does not open with a greeting",
    "closing": "goes on after the farewell, or ends without one",
    "running": "one strategy more than twice running",
    "missing_strategy": "a strategy that no call goes without is missing",
    "stages": "falls back more stages than the taxonomy allows",
    "language": "a turn is in another language",
    "leaked_label": "a label of the framework is spoken aloud",
    "leaked_prompt": "words of the prompt or of the machine are spoken aloud",
    "stage_direction": "directions are spoken aloud",
    "personal_data": "personal data where a placeholder should be",
    "set_phrase": "one side says the same sentence again and again",
    "pattern": "one side begins or builds its turns by one pattern",
    "near_duplicate": "nearly the same as an earlier dialogue",
    "strategy_adherence": "judged: a turn does not do what its strategy means",
    "unreasonable_needs": "judged: a demand that cannot be met goes unanswered",
    "naturalness": "judged: nobody would speak like that",
    "variety": "judged: the wording repeats itself",
    "role_consistency": "judged: somebody falls out of the role",
    "unjudged": "the judge gave no readable verdict",
}
"""Every reason for which a dialogue is not kept, in words."""


def flaws(played: Played, taxonomy: Taxonomy, limits: Limits = STANDARD) -> list[Flaw]:
    """What the cheap checks find in a dialogue that was played; nothing if it is good so far."""
    return flaws_of(played.conversation(taxonomy), limits, ended=played.ended)


def flaws_of(
    conversation: Conversation, limits: Limits = STANDARD, *, ended: Ending | None = None
) -> list[Flaw]:
    """The same for any conversation, such as one of a reference corpus."""
    checked = Checked(conversation, conversation.spoken_language, limits, ended)
    return [flaw for check in CHECKS for flaw in check(checked)]
