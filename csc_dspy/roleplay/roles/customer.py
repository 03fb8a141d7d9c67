"""The customer: what to say, and whether that was all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.roleplay.roles._base import RoleModule
from csc_dspy.signatures import play_customer
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import dspy


class Customer(RoleModule):
    """Profile, scene, goal, conversation without labels, direction → utterance, over."""

    role = "customer"
    name = "customer"

    @staticmethod
    def signature(taxonomy: Taxonomy, language: Language) -> type[dspy.Signature]:  # noqa: ARG004  customers and planners know of no labels
        """What is asked."""
        return play_customer(language)
