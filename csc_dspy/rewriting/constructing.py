"""The construction of CSConv: what follows when a redacted transcript is to be rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import Journal
from csc_dspy.rewriting._base import Step
from csc_dspy.rewriting.asking import Asking
from csc_dspy.rewriting.counting import write_statistics
from csc_dspy.rewriting.finishing import AS_IN_THE_PAPER, Finish, Finishing
from csc_dspy.rewriting.judging import Judging
from csc_dspy.rewriting.preserving import Preserving
from csc_dspy.rewriting.rewording import Rewording, Writer
from csc_dspy.rewriting.screening import Screening
from csc_dspy.rewriting.staging import ByRule, ByTracker, Stages
from csc_dspy.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from csc_dspy.rewriting.parting import Parting
    from csc_dspy.taxonomy import Language, Taxonomy

_EMBEDDED: Final = "embedded"


@dataclass(frozen=True, kw_only=True)
class Construction:
    """How transcripts are rewritten and chosen."""

    lm: str | None = None
    """The spec of the language model in force; ConfigError if it cannot write."""
    taxonomy: Taxonomy = field(default_factory=load_taxonomy)
    language: Language | None = None
    """That of all questions; else they are in the language of each dialogue."""
    screen: bool = True
    """Whether a language model looks for abuse and bad service first."""
    finish: Finish = AS_IN_THE_PAPER
    judge: bool = True
    """Whether a language model judges what comes out."""
    stages: Stages = "rule"
    history_tokens: int | None = None
    """The most tokens of history that the stage tracker is shown."""
    parting: Parting | None = None
    """The parts to split into, if any."""

    def __post_init__(self) -> None:
        _require_writer(self.lm)
        # So that a strategy that is none is refused before anything is asked.
        self.finish.required(self.taxonomy)

    @property
    def identity(self) -> Mapping[str, Any]:
        """What the journal of a run belongs to; what is asked is under keys of its own."""
        identity: dict[str, Any] = {"mode": "rewrite"}
        for step in self.steps(None):
            identity |= step.identity
        return identity

    def steps(self, journal: Journal | None) -> Iterator[Step]:
        """The steps, in order."""
        from csc_dspy.signatures import Wanted

        asking = Asking(journal)
        required = self.finish.required(self.taxonomy)
        wanted = Wanted(self.finish.fewest_utterances, self.finish.most_utterances, required)
        writer = Writer(asking, self.taxonomy, wanted, self.language)
        if self.screen:
            yield Screening(asking, self.language)
        yield Rewording(writer)
        yield Preserving(writer)
        yield Finishing(self.finish)
        if self.judge:
            yield Judging(asking, self.taxonomy, self.language)
        yield self._staging(asking)

    def end(self, folder: Path) -> dict[str, Any]:
        """Add statistics and parts to the folder of the result."""
        write_statistics(folder, self.taxonomy)
        return {"parts": self.parting.write(folder, self.taxonomy)} if self.parting else {}

    def _staging(self, asking: Asking) -> Step:
        if self.stages == "rule":
            return ByRule()
        from csc_dspy.choosing import Programs

        tracker = Programs(
            "stage-tracker",
            taxonomy=self.taxonomy,
            language=self.language,
            history_tokens=self.history_tokens,
            lm=self.lm,
        )
        return ByTracker(asking, tracker)


def _require_writer(lm: str | None) -> None:
    if lm is not None and lm.partition("/")[0] == _EMBEDDED:
        raise ConfigError(
            "rewriting needs a real language model; the embedded engine cannot write",
            where=f"--lm {lm}",
            remedy="--annotate-only labels the dialogues as they are, --rules-only filters and redacts them",
        )
