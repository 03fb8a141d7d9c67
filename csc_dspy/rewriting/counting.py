"""Statistics of what was written, as ``csc-dspy data stats`` gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from csc_dspy.rewriting.writing import CONVERSATIONS, STATISTICS

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Taxonomy


def write_statistics(folder: Path, taxonomy: Taxonomy | None = None) -> None:
    """Write ``statistics.json``, where there is anything to count."""
    from csc_dspy.data.statistics import stats

    if (folder / CONVERSATIONS).stat().st_size:
        counted = stats(folder / CONVERSATIONS, taxonomy=taxonomy).to_dict()
        (folder / STATISTICS).write_text(
            json.dumps(counted, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
