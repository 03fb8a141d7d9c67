"""Fine-tuning models of Hugging Face's with TRL and PEFT: what the optional extra ``train`` adds.

Nothing of it is imported before it is needed.
"""

from csc_dspy.finetuning.huggingface.estimate import Estimate, dry_run
from csc_dspy.finetuning.huggingface.options import HFOptions
from csc_dspy.finetuning.huggingface.result import Progress, Trained
from csc_dspy.finetuning.huggingface.training import train

__all__ = ["Estimate", "HFOptions", "Progress", "Trained", "dry_run", "train"]
