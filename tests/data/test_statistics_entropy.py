"""Entropies of known sequences."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.data.statistics.entropy import Entropy, conditional_entropy, entropy


@pytest.mark.parametrize(
    ("counts", "bits"),
    [
        ([7], 0),
        ([3, 0, 0], 0),
        ([5, 5], 1),
        ([2] * 8, 3),
        ([2, 1, 1], 1.5),
    ],
)
def test_entropy(counts: list[int], bits: float) -> None:
    assert entropy(counts) == Entropy(pytest.approx(bits))  # type: ignore[arg-type]


@pytest.mark.parametrize("counts", [[], [0, 0]])
def test_nothing_has_no_entropy(counts: list[int]) -> None:
    assert entropy(counts) is None
    assert conditional_entropy({"a": dict.fromkeys("ab", 0)}) is None


def test_perplexity_is_the_number_of_equal_choices() -> None:
    found = entropy([1] * 12)
    assert found is not None
    assert found.perplexity == pytest.approx(12)
    assert found.to_dict() == {"bits": pytest.approx(math.log2(12)), "perplexity": pytest.approx(12)}


def test_a_fixed_order_leaves_nothing_uncertain() -> None:
    assert conditional_entropy({"a": {"a": 0, "b": 9}, "b": {"a": 9, "b": 0}}) == Entropy(0)


def test_rows_weigh_by_how_often_they_occur() -> None:
    # After a (three times of four) a coin is thrown, after b all is fixed.
    found = conditional_entropy({"a": {"a": 3, "b": 3}, "b": {"a": 2, "b": 0}})
    assert found is not None
    assert found.bits == pytest.approx(0.75)


@given(st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=3, max_size=3))
def test_knowing_what_went_before_never_hurts(rows: list[list[int]]) -> None:
    found = conditional_entropy({str(i): dict(zip("012", row, strict=True)) for i, row in enumerate(rows)})
    unigram = entropy([sum(column) for column in zip(*rows, strict=True)])
    if found is None or unigram is None:
        assert not any(map(any, rows))
    else:
        assert -1e-9 <= found.bits <= unigram.bits + 1e-9
