"""The supporter assistant: which strategy comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.roleplay.roles._base import RoleModule
from csc_dspy.signatures import direct_supporter
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import dspy


class SupporterAssistant(RoleModule):
    """Desk, conversation, stage so far, happening, allowed → strategy."""

    role = "supporter_assistant"
    name = "supporter_assistant"

    @staticmethod
    def signature(taxonomy: Taxonomy, language: Language) -> type[dspy.Signature]:
        """What is asked."""
        return direct_supporter(taxonomy, language)
