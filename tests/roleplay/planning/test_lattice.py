"""The order of combinations."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import gcd, prod

from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.roleplay.planning.lattice import Lattice

SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=4)


@given(SIZES)
def test_every_combination_comes_once(sizes: list[int]) -> None:
    lattice = Lattice(sizes)
    count = len(lattice)
    assert count == prod(sizes)
    seen = {tuple(lattice.at(index)) for index in range(count)}
    assert len(seen) == count
    assert all(0 <= place < size for each in seen for place, size in zip(each, sizes, strict=True))


@given(SIZES)
def test_then_they_come_again(sizes: list[int]) -> None:
    lattice = Lattice(sizes)
    count = len(lattice)
    assert [lattice.at(index) for index in range(count, 2 * count)] == [
        lattice.at(index) for index in range(count)
    ]


@given(SIZES, st.integers(1, 200))
def test_beginnings_are_even(sizes: list[int], count: int) -> None:
    lattice = Lattice(sizes)
    places = [lattice.at(index) for index in range(count)]
    for axis, size in enumerate(sizes):
        counts = Counter(each[axis] for each in places)
        spread = max(counts.values()) - min(counts[place] for place in range(size))
        shared = any(gcd(one, other) > 1 for one, other in combinations(sizes, 2))
        # Where lists share a factor, the order skips a few places at every turn.
        assert spread <= (1 if not shared else 2 + count // 4)
    assert max(Counter(each[0] for each in places).values()) == -(-count // sizes[0])


def test_lists_without_a_common_factor_are_even_in_pairs_too() -> None:
    lattice = Lattice([7, 11, 3])
    for begin in (0, 77, 154):
        assert len({tuple(lattice.at(index)[:2]) for index in range(begin, begin + 77)}) == 77


def test_long_orders_cost_nothing() -> None:
    lattice = Lattice([4999, 7, 11, 3])
    assert lattice.at(10**15) == lattice.at(10**15 % len(lattice))
