"""What an audit found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from csc_dspy.auditing.suspects import Suspect
from csc_dspy.conversations import Conversation
from csc_dspy.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Audit:
    """The labels most in doubt, the most doubtful first."""

    taxonomy: Taxonomy
    fingerprint: str
    """Of the corpus with its labels, see `csc_dspy.auditing.fingerprints`."""
    dialogues: int
    labelled: int
    """The supporter's turns that have a strategy; all of them are ranked."""
    unlabelled: int
    staged: int
    """How many of the labelled turns also have a stage."""
    learned_besides: int
    """How many turns of other conversations the classifier learned from."""
    seed: int
    suspects: tuple[Suspect, ...]
    """The top of the ranking."""
    conversations: Mapping[str, Conversation]
    """The dialogues that suspects are in, by name."""

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it, without the dialogues."""
        rules = Counter(each.rule for suspect in self.suspects for each in suspect.evidence if each.rule)
        return {
            "taxonomy": self.taxonomy.id,
            "fingerprint": self.fingerprint,
            "dialogues": self.dialogues,
            "labelled": self.labelled,
            "unlabelled": self.unlabelled,
            "staged": self.staged,
            "learned_besides": self.learned_besides,
            "seed": self.seed,
            "doubtful": dict(Counter(each.doubtful for each in self.suspects)),
            "rules": dict(rules.most_common()),
            "given": dict(Counter(each.strategy.given.id for each in self.suspects).most_common()),
            "suspects": [each.to_dict() for each in self.suspects],
        }
