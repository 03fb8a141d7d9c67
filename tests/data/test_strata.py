"""How even a split came out."""

from __future__ import annotations

import pytest

from csc_dspy.data.strata import Stratum, count_strata, unevenness

FRACTIONS = {"train": 0.8, "test": 0.2}


def test_dialogues_are_counted_by_language_source_and_part() -> None:
    drawn = [
        ("zh", "RoleCS", "train"),
        ("en", "RoleCS", "test"),
        ("zh", "", "train"),
        ("zh", "RoleCS", "test"),
    ]
    strata = count_strata(drawn, FRACTIONS)  # type: ignore[arg-type]
    assert strata == (
        Stratum("en", "RoleCS", {"train": 0, "test": 1}),
        Stratum("zh", "", {"train": 1, "test": 0}),
        Stratum("zh", "RoleCS", {"train": 1, "test": 1}),
    )
    assert [str(stratum) for stratum in strata] == ["en RoleCS", "zh", "zh RoleCS"]
    assert strata[0].to_dict() == {
        "language": "en",
        "source": "RoleCS",
        "dialogues": {"train": 0, "test": 1},
    }


@pytest.mark.parametrize(
    ("train", "test", "lines"),
    [
        (80, 20, []),
        (70, 30, []),
        (69, 31, ["test has 31 of the 100 dialogues of zh CSConv, not about 20"]),
        (91, 9, ["test has 9 of the 100 dialogues of zh CSConv, not about 20"]),
        (100, 0, ["test has none of the 100 dialogues of zh CSConv"]),
        (5, 0, ["test has none of the 5 dialogues of zh CSConv"]),
        # Where less than one is expected, none is no surprise.
        (4, 0, []),
        (2, 8, []),
        (0, 3, ["train has none of the 3 dialogues of zh CSConv"]),
    ],
)
def test_what_is_far_off_is_told(train: int, test: int, lines: list[str]) -> None:
    stratum = Stratum("zh", "CSConv", {"train": train, "test": test, "leaked": 1000})
    assert list(unevenness([stratum], FRACTIONS)) == lines
