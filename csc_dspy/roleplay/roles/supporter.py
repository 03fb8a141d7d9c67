"""The supporter: what to say by a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.roleplay.roles._base import RoleModule
from csc_dspy.signatures import play_supporter
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import dspy


class Supporter(RoleModule):
    """Desk, conversation, happening, strategy → response."""

    role = "supporter"
    name = "supporter"

    @staticmethod
    def signature(taxonomy: Taxonomy, language: Language) -> type[dspy.Signature]:
        """What is asked."""
        return play_supporter(taxonomy, language)
