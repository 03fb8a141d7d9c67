"""The statistics of a corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from csc_dspy.data.statistics.duplicates import Duplicates
from csc_dspy.data.statistics.entropy import Entropy, conditional_entropy, entropy
from csc_dspy.data.statistics.labels import Labels
from csc_dspy.data.statistics.lengths import Lengths
from csc_dspy.data.statistics.overview import Overview
from csc_dspy.data.statistics.transitions import Sequences, Transitions
from csc_dspy.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Statistics:
    """What there is to count in a corpus whose dialogues are labelled by ``taxonomy``."""

    taxonomy: Taxonomy
    overview: Overview
    lengths: Lengths
    labels: Labels
    transitions: Transitions
    sequences: Sequences
    duplicates: Duplicates

    @property
    def strategy_entropy(self) -> Entropy | None:
        """How uncertain the strategy of a supporter turn is; None without labels."""
        return entropy(self.labels.strategies.values())

    @property
    def conditional_entropy(self) -> Entropy | None:
        """How uncertain it is for whom knows the strategy before; None where no strategy follows another."""
        return conditional_entropy(self.transitions.between)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, under the same keys whatever the corpus holds."""
        unigram, conditional = self.strategy_entropy, self.conditional_entropy
        return {
            "taxonomy": self.taxonomy.id,
            **self.overview.to_dict(),
            "unlabelled_supporter_turns": self.labels.unlabelled,
            "lengths": self.lengths.to_dict(),
            **self.labels.to_dict(),
            "transitions": self.transitions.to_dict(),
            "entropy": {
                "unigram": unigram.to_dict() if unigram else None,
                "conditional": conditional.to_dict() if conditional else None,
            },
            "sequences": self.sequences.to_dict(),
            "duplicates": self.duplicates.to_dict(),
        }
