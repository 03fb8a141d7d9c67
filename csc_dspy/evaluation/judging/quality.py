"""The judge of rewritten calls, by what the paper's last filter asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.evaluation.judging._base import Judge
from csc_dspy.signatures import QUALITY_CRITERIA, judge_quality
from csc_dspy.taxonomy import Language

if TYPE_CHECKING:
    import dspy


class QualityJudge(Judge):
    """Conversation → a finding for each of `QUALITY_CRITERIA`."""

    name = "quality"
    criteria = QUALITY_CRITERIA

    def signature(self, language: Language) -> type[dspy.Signature]:
        """The task in one language."""
        return judge_quality(self.taxonomy, language)
