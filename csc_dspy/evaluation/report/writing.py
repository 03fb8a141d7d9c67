"""From an evaluation to a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from csc_dspy.conversations import Conversation
from csc_dspy.evaluation.report.header import header, title
from csc_dspy.evaluation.report.page import page
from csc_dspy.evaluation.report.results import Results
from csc_dspy.evaluation.report.sections import (
    calibration_section,
    conversations_section,
    cost_section,
    headline_section,
    stages_section,
    strategies_section,
)
from csc_dspy.evaluation.report.selection import worst
from csc_dspy.evaluation.report.verdicts import Judge
from csc_dspy.files import atomic_write
from csc_dspy.metrics import Attempt


def write_report(
    path: Path,
    scores: Mapping[str, Any],
    dialogues: Iterable[tuple[Conversation, Mapping[str, Sequence[Attempt]]]],
) -> None:
    """Write a page about ``scores``, as ``scores.json`` has them, that opens anywhere and needs nothing else.

    ``dialogues`` are gone through once: each with its attempts by context, in the order of its turns. The
    worst of them are on the page, see `worst`; attempts in contexts without scores are not. The same input
    makes the same bytes.
    """
    results = Results(scores)
    judges = {context: Judge.of(of) for context, of in results.contexts.items()}
    selection = worst(dialogues, judges)
    sections = {
        "scores": headline_section(results),
        "strategies": strategies_section(results),
        "stages": stages_section(results),
        "calibration": calibration_section(results),
        "cost": cost_section(results),
        "conversations": conversations_section(results, judges, selection),
    }
    atomic_write(path, page(title(results), header(results), sections))
