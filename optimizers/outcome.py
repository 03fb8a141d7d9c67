"""What a compilation gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csc_dspy.evaluation import Score
    from csc_dspy.programs import Program

    from .judging import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """The compiled program, and what it has gained."""

    program: Program
    artifact: Path | None
    """Its folder; None if it was written nowhere."""
    optimizer: str
    metric: str
    dev_before: Score
    dev_after: Score
    difference: Score
    significant: Verdict
    statement: str
    """The same in a plain sentence."""
    trials: int
    """How many programs were scored on dev."""
    calls: int
    """Calls of all language models; answers that were there already are none."""
    tokens: int
    seconds: float
    """The time that it took, since it was begun or taken up."""
    usd: float | None
    """None where a price is not known."""
    partial: bool
    """Whether a limit was reached before the optimizer was done."""
    model: str | None = None
    """The language model that was fine-tuned on the way, as ``--lm`` takes it."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the program."""
        return {
            "artifact": None if self.artifact is None else str(self.artifact),
            "optimizer": self.optimizer,
            "metric": self.metric,
            "dev_before": asdict(self.dev_before),
            "dev_after": asdict(self.dev_after),
            "difference": asdict(self.difference),
            "significant": self.significant,
            "statement": self.statement,
            "trials": self.trials,
            "calls": self.calls,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "usd": self.usd,
            "partial": self.partial,
            **({} if self.model is None else {"model": self.model}),
        }


class CompilationInterrupted(KeyboardInterrupt):
    """A compilation was interrupted; the best program until then is ``compiled``, and saved."""

    def __init__(self, compiled: Compiled) -> None:
        super().__init__()
        self.compiled = compiled
