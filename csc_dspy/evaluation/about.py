"""What a result says of how it came about."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from csc_dspy import __version__
from csc_dspy.evaluation.cases import Overview
from csc_dspy.taxonomy import Localized, Taxonomy


def about(
    program: str, *, data: str, overview: Overview, lm: str | None, seed: int, taxonomy: Taxonomy
) -> dict[str, Any]:
    """The head of ``scores.json``."""
    return {
        "program": program,
        "data": data,
        "data_fingerprint": overview.fingerprint,
        "lm": lm,
        "seed": seed,
        "languages": sorted(overview.languages),
        "versions": {
            "csc-dspy": __version__,
            "dspy": version("dspy"),
            "numpy": version("numpy"),
            "python": platform.python_version(),
        },
        "taxonomy": _taxonomy(taxonomy),
    }


def _taxonomy(taxonomy: Taxonomy) -> dict[str, Any]:
    return {
        "id": taxonomy.id,
        "name": _both(taxonomy.name),
        "stages": [
            {"id": stage.id, "number": stage.number, "name": _both(stage.name)} for stage in taxonomy.stages
        ],
        "strategies": [
            {
                "id": strategy.id,
                "number": strategy.number,
                "abbreviation": strategy.abbreviation,
                "name": _both(strategy.name),
                "stage": strategy.stage and strategy.stage.id,
            }
            for strategy in taxonomy.strategies
        ],
    }


def _both(name: Localized) -> dict[str, str]:
    return {"en": name.en, "zh": name.zh}
