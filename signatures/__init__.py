"""The tasks that a language model is asked to do, as DSPy signatures: one file a task, both languages in it.

Installed as ``csc_dspy.signatures``. Each function makes the signature of its task for a taxonomy and a
language; labels, definitions and distinctions come from the taxonomy.
"""

from __future__ import annotations

if __name__ == "signatures":
    raise ImportError("signatures is part of csc_dspy; import csc_dspy.signatures instead", name=__name__)

from ._criteria import Criterion
from ._labels import Labels, labels_of
from ._shown import Shown
from ._verdicts import Verdict, parse_verdict, verdict_of
from .classify_strategy import classify_strategy
from .compare_outcome import OUTCOME_CRITERIA, compare_outcome
from .describe_customer import describe_customer
from .direct_customer import direct_customer
from .direct_supporter import direct_supporter
from .judge_quality import QUALITY_CRITERIA, judge_quality
from .judge_role_play import ROLE_PLAY_CRITERIA, judge_role_play
from .plan_scene import plan_scene
from .play_customer import play_customer
from .play_customer_side import play_customer_side
from .play_supporter import play_supporter
from .play_supporter_side import play_supporter_side
from .predict_strategy import predict_strategy
from .prefilter_call import PREFILTER_CRITERIA, prefilter_call
from .rewrite_call import Wanted, rewrite_call, rewrite_call_again
from .support_turn import support_turn
from .track_stage import track_stage
from .write_response import write_response

__all__ = [
    "OUTCOME_CRITERIA",
    "PREFILTER_CRITERIA",
    "QUALITY_CRITERIA",
    "ROLE_PLAY_CRITERIA",
    "Criterion",
    "Labels",
    "Shown",
    "Verdict",
    "Wanted",
    "classify_strategy",
    "compare_outcome",
    "describe_customer",
    "direct_customer",
    "direct_supporter",
    "judge_quality",
    "judge_role_play",
    "labels_of",
    "parse_verdict",
    "plan_scene",
    "play_customer",
    "play_customer_side",
    "play_supporter",
    "play_supporter_side",
    "predict_strategy",
    "prefilter_call",
    "rewrite_call",
    "rewrite_call_again",
    "support_turn",
    "track_stage",
    "verdict_of",
    "write_response",
]
