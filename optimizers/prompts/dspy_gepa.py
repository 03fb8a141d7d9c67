"""``dspy.GEPA`` with our adapter for its reflections, and a listener that scores what lives on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import dspy
from dspy.teleprompt.gepa import InstructionProposer

from .dspy_run import Run

if TYPE_CHECKING:
    from csc_dspy.programs import Program


def compiler(run: Run, program: Program, metric: Callable[..., Any], **options: Any) -> dspy.GEPA:  # noqa: ANN401 - GEPA's
    """GEPA for a program."""
    return dspy.GEPA(
        metric=run.watch.metric(metric),
        instruction_proposer=InstructionProposer(adapter=run.adapter),
        num_threads=run.threads,
        # Merging pays for itself only where there are many predictors.
        use_merge=False,
        warn_on_score_mismatch=False,
        gepa_kwargs={"callbacks": [_Survivors(run, program)]},
        **options,
    )


class _Survivors:
    """Hears of every candidate that was accepted, and has it scored on dev."""

    def __init__(self, run: Run, program: Program) -> None:
        self._run = run
        self._program = program

    def on_valset_evaluated(self, event: Mapping[str, Any]) -> None:
        """GEPA has taken up a candidate, as instructions by the names of predictors."""
        candidate = self._program.deepcopy()
        for name, predictor in candidate.named_predictors():
            predictor.signature = predictor.signature.with_instructions(event["candidate"][name])
        self._run.score(candidate, f"candidate {event['candidate_idx']}")
