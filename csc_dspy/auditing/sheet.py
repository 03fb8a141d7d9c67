"""The review sheet: a table and a page with the same suspects, and all of the audit as JSON."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Final

from csc_dspy.auditing.cells import csv_text
from csc_dspy.auditing.page import content_of, page_of
from csc_dspy.auditing.result import Audit
from csc_dspy.auditing.suspects import Doubt, Suspect
from csc_dspy.files import atomic_write
from csc_dspy.taxonomy import Language

TABLE: Final = "review.csv"
PAGE: Final = "review.html"
RESULT: Final = "audit.json"
_PROPOSED: Final = 3
_COLUMNS: Final = (
    "rank",
    "score",
    "dialogue",
    "turn",
    "before",
    "text",
    "given_strategy",
    *(f"{what}_{number}" for number in range(1, _PROPOSED + 1) for what in ("proposed", "probability")),
    "given_stage",
    "proposed_stage",
    "why",
    "decision",
    "new_strategy",
    "new_stage",
    "note",
    "who",
    "when",
)


def write_sheet(found: Audit, out: str | Path, *, language: Language | None = None) -> tuple[Path, ...]:
    """Write ``review.csv``, ``review.html`` and ``audit.json`` into a folder; their paths.

    The page speaks ``language``, or else that of most suspects.
    """
    folder = Path(out)
    language = language or _usual(found)
    contents = {
        TABLE: csv_text(_COLUMNS, (_row(found, each) for each in found.suspects)),
        PAGE: page_of(content_of(found, language), language),
        RESULT: json.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n",
    }
    for name, content in contents.items():
        atomic_write(folder / name, content.encode("utf-8", "replace"))
    return tuple(folder / name for name in contents)


def _usual(found: Audit) -> Language:
    ((language, _),) = Counter(each.language for each in found.suspects).most_common(1)
    return language


def _row(found: Audit, suspect: Suspect) -> list[object]:
    turns = found.conversations[suspect.dialogue].dialogue
    before = turns[suspect.turn - 1].text if suspect.turn else ""
    return [
        suspect.rank,
        suspect.score,
        suspect.dialogue,
        suspect.turn,
        before,
        suspect.text,
        suspect.strategy.given.name[suspect.language],
        *_proposed(suspect.strategy, suspect.language),
        suspect.stage.given.name[suspect.language] if suspect.stage else None,
        suspect.stage.likely.name[suspect.language] if suspect.stage else None,
        suspect.why,
        *[None] * (len(_COLUMNS) - _COLUMNS.index("decision")),
    ]


def _proposed(doubt: Doubt, language: Language) -> list[object]:
    """The most likely other labels, each with its probability."""
    others = [(label.name[language], share) for label, share in doubt.others()][:_PROPOSED]
    cells: list[object] = [cell for other in others for cell in other]
    return [*cells, *[None] * (2 * _PROPOSED - len(cells))]
