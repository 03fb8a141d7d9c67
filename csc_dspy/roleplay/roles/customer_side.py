"""Customer and assistant in one: what to do, what to say, and whether that was all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.roleplay.roles._base import RoleModule
from csc_dspy.signatures import play_customer_side
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import dspy


class CustomerSide(RoleModule):
    """Profile, scene, goal, conversation without labels, happening → direction, utterance, over."""

    role = "customer"
    name = "customer_side"

    @staticmethod
    def signature(taxonomy: Taxonomy, language: Language) -> type[dspy.Signature]:  # noqa: ARG004  customers and planners know of no labels
        """What is asked."""
        return play_customer_side(language)
