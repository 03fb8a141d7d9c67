"""Language models that answer on this machine: transformers' models, fine-tuned or as they come.

Nothing of the extra ``train`` is imported before it is needed.
"""

from csc_dspy.lm.local.checkpoints import Checkpoint, find_checkpoint
from csc_dspy.lm.local.engine import LocalEngine

__all__ = ["Checkpoint", "LocalEngine", "find_checkpoint"]
