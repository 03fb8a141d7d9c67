"""The planner: what has happened, and what the customer wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.roleplay.roles._base import RoleModule
from csc_dspy.signatures import plan_scene
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import dspy


class Planner(RoleModule):
    """Profile, industry, topic, difficulty, events, occasions → scene, goal."""

    role = "planner"
    name = "planner"

    @staticmethod
    def signature(taxonomy: Taxonomy, language: Language) -> type[dspy.Signature]:  # noqa: ARG004  customers and planners know of no labels
        """What is asked."""
        return plan_scene(language)
