"""The tasks that a language model is asked to do, as DSPy signatures: one file a task, both languages in it.

Installed as ``csc_dspy.signatures``. Each function makes the signature of its task for a taxonomy and a
language; labels, definitions and distinctions come from the taxonomy.
"""

from __future__ import annotations

if __name__ == "signatures":
    raise ImportError("signatures is part of csc_dspy; import csc_dspy.signatures instead", name=__name__)

from ._labels import Labels, labels_of
from ._shown import Shown
from .classify_strategy import classify_strategy
from .predict_strategy import predict_strategy
from .support_turn import support_turn
from .track_stage import track_stage
from .write_response import write_response

__all__ = [
    "Labels",
    "Shown",
    "classify_strategy",
    "labels_of",
    "predict_strategy",
    "support_turn",
    "track_stage",
    "write_response",
]
