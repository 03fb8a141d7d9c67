"""A conversation falls back no further than the taxonomy allows."""

from __future__ import annotations

import pytest

from csc_dspy.programs.stage_rule import allowed_stage
from csc_dspy.taxonomy import BUILT_IN, load_taxonomy


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_pair_of_stages(name: str) -> None:
    taxonomy = load_taxonomy(name)
    for running in taxonomy.stages:
        for proposed in taxonomy.stages:
            stage = allowed_stage(proposed, running, taxonomy)
            assert stage.number == max(proposed.number, running.number - 1)
