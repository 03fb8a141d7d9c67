"""Role play on a Ray cluster: many processes play, one keeps the journal."""

from csc_dspy.roleplay.spreading._base import Cluster
from csc_dspy.roleplay.spreading.driver import spread

__all__ = ["Cluster", "spread"]
