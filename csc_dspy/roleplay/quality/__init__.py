"""Which dialogues are good enough to learn from: cheap checks first, then a judge, then novelty."""

from csc_dspy.roleplay.quality._base import REFERENCE, STANDARD, Limits
from csc_dspy.roleplay.quality.checking import REASONS, flaws, flaws_of
from csc_dspy.roleplay.quality.judging import Judge, Verdict
from csc_dspy.roleplay.quality.novelty import Novelty

__all__ = ["REASONS", "REFERENCE", "STANDARD", "Judge", "Limits", "Novelty", "Verdict", "flaws", "flaws_of"]
