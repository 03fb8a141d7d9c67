"""What speaks against a label whatever a classifier says of it."""

from __future__ import annotations

from csc_dspy.auditing.rules._base import Place, Rule, places
from csc_dspy.auditing.rules.copc import COPC
from csc_dspy.auditing.rules.general import GENERAL, STAGE_APART
from csc_dspy.taxonomy import Taxonomy

__all__ = ["STAGE_APART", "Place", "Rule", "places", "rules_for"]


def rules_for(taxonomy: Taxonomy) -> tuple[Rule, ...]:
    """The rules that make sense under a taxonomy: the general ones, and for COPC its own."""
    return (*GENERAL, *COPC) if taxonomy.id == "copc" else GENERAL
