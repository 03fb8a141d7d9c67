"""The customer assistant: what the customer does next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.roleplay.roles._base import RoleModule
from csc_dspy.signatures import direct_customer
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import dspy


class CustomerAssistant(RoleModule):
    """Profile, scene, goal, conversation without labels, happening → direction."""

    role = "customer_assistant"
    name = "customer_assistant"

    @staticmethod
    def signature(taxonomy: Taxonomy, language: Language) -> type[dspy.Signature]:  # noqa: ARG004  customers and planners know of no labels
        """What is asked."""
        return direct_customer(language)
