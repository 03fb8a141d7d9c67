"""The embedded engine: a small, deterministic in-context learner that works offline. It is a baseline."""

from csc_dspy.lm.embedded.engine import EmbeddedEngine
from csc_dspy.lm.embedded.provider import EmbeddedProvider

__all__ = ["EmbeddedEngine", "EmbeddedProvider"]
