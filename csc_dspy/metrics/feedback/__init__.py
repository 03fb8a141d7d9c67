"""What is right and wrong with an answer, in words, for optimizers that read."""

from csc_dspy.metrics.feedback.metric import Feedback

__all__ = ["Feedback"]
