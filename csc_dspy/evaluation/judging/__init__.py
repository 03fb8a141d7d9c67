"""Language models as judges of whole conversations, and how far a judge can be trusted."""

from csc_dspy.evaluation.judging._base import Finding, Judge, Judgement
from csc_dspy.evaluation.judging.labels import Labels, conversation_name, labels_of, read_labels
from csc_dspy.evaluation.judging.many import Judged, Judging
from csc_dspy.evaluation.judging.quality import QualityJudge
from csc_dspy.evaluation.judging.role_play import RolePlayJudge
from csc_dspy.evaluation.judging.summary import Summary, summarise
from csc_dspy.evaluation.judging.trust import JudgeAgreement, judge_agreement

__all__ = [
    "Finding",
    "Judge",
    "JudgeAgreement",
    "Judged",
    "Judgement",
    "Judging",
    "Labels",
    "QualityJudge",
    "RolePlayJudge",
    "Summary",
    "conversation_name",
    "judge_agreement",
    "labels_of",
    "read_labels",
    "summarise",
]
