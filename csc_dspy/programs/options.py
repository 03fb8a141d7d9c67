"""How a program is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from csc_dspy.signatures import Shown
from csc_dspy.taxonomy import Language, Taxonomy, load_taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a program is built. Everything but the language has a default that suits most uses."""

    language: Language = "en"
    """The language of its prompts and labels."""
    taxonomy: Taxonomy = field(default_factory=load_taxonomy)
    """The standard it works by."""
    shown: Shown = field(default_factory=Shown)
    """What its prompts show."""
    reasoning: bool = False
    """Whether the language model reasons in words before it answers (``dspy.ChainOfThought``)."""
    history_tokens: int | None = None
    """The most tokens of history in a prompt; older turns are summed up by their strategies."""
    unlabelled: Literal["classify", "unknown"] = "classify"
    """What becomes of supporter turns without a label: they are classified first, or shown without one."""
