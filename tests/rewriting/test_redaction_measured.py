"""How much personal data is found in sentences that were written for it."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from benchmarks.rewriting import CASES, Score, scores
from csc_dspy.redaction import NUMBERS

ROWS = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
SCORES = scores()


def test_there_are_enough_cases_of_everything() -> None:
    cases = Counter(row["language"] for row in ROWS)
    assert cases["zh"] >= 150
    assert cases["en"] >= 150
    nothing = Counter(row["language"] for row in ROWS if not row["spans"])
    assert min(nothing["zh"], nothing["en"]) >= 40
    kinds = Counter((row["language"], span["kind"]) for row in ROWS for span in row["spans"])
    assert len(kinds) == 14
    assert min(kinds.values()) >= 8
    assert len({row["text"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("score", SCORES, ids=[f"{each.language} {each.kind}" for each in SCORES])
def test_precision_and_recall(score: Score) -> None:
    assert score.recall >= (0.98 if score.kind in NUMBERS else 0.9)
    assert score.precision >= 0.95
