"""Supporter and assistant in one: which strategy comes next, and what to say by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.roleplay.roles._base import RoleModule
from csc_dspy.signatures import play_supporter_side
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import dspy


class SupporterSide(RoleModule):
    """Desk, conversation, stage so far, happening, allowed → strategy, response."""

    role = "supporter"
    name = "supporter_side"

    @staticmethod
    def signature(taxonomy: Taxonomy, language: Language) -> type[dspy.Signature]:
        """What is asked."""
        return play_supporter_side(taxonomy, language)
