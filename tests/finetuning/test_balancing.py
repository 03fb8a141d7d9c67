"""Rare strategies: capped, repeated, or shared out by square roots."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning import export
from csc_dspy.finetuning.balancing import Balance, apportioned, parse_balance
from csc_dspy.taxonomy import LANGUAGES
from tests.finetuning.exports import Collected, dialogues, rows_of

TRAIN = [*dialogues("en")[:10], *dialogues("zh")[:10]]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """How many rows each strategy has as it is, by language."""
    rows, _ = rows_of("strategy-predictor", TRAIN, tmp_path_factory.mktemp("there") / "out")
    return {each: Counter(row.strategy for row in rows if row.language == each) for each in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("balance", ["none", "cap:5", "oversample", "sqrt"])
def test_counts_are_exact(
    balance: str, language: str, there: dict[str, Counter[str]], tmp_path: Path
) -> None:
    rows, made = rows_of("strategy-predictor", TRAIN, tmp_path / "out", balance=balance)
    found = Counter(row.strategy for row in rows if row.language == language)
    counts = there[language]
    if balance == "none":
        assert found == counts
    elif balance == "cap:5":
        assert found == {name: min(count, 5) for name, count in counts.items()}
    elif balance == "oversample":
        assert found == dict.fromkeys(counts, max(counts.values()))
    else:
        assert found.total() == counts.total()
        roots = {name: count**0.5 for name, count in counts.items()}
        for name, root in roots.items():
            assert abs(found[name] - counts.total() * root / sum(roots.values())) < 1
    assert made.strategies == {
        each.id: sum(row.strategy == each.id for row in rows) for each in TRAIN[0].taxonomy.strategies
    }


def test_rows_are_repeated_evenly(there: dict[str, Counter[str]], tmp_path: Path) -> None:
    rows, made = rows_of("strategy-predictor", TRAIN, tmp_path / "out", balance="oversample")
    assert len({row.id for row in rows}) == len(rows)
    originals = [row for row in rows if "~" not in row.id]
    assert len(originals) == sum(count.total() for count in there.values())
    assert "not drawn" not in made.left_out
    times = Counter((row.language, row.strategy, row.id.partition("~")[0]) for row in rows)
    for language, strategy in {(row.language, row.strategy) for row in rows}:
        of_it = [count for (a, b, _), count in times.items() if (a, b) == (language, strategy)]
        assert max(of_it) - min(of_it) <= 1
    one, two = [row for row in rows if row.id.partition("~")[0] == rows[0].id][:2]
    assert (one.messages, one.answer) == (two.messages, two.answer)
    assert two.id == f"{one.id}~2"


def test_the_same_seed_draws_the_same(tmp_path: Path) -> None:
    first, _ = rows_of("strategy-predictor", TRAIN, tmp_path / "out", balance="cap:3")
    again, _ = rows_of("strategy-predictor", TRAIN, tmp_path / "out", balance="cap:3")
    other, _ = rows_of("strategy-predictor", TRAIN, tmp_path / "out", balance="cap:3", seed=1)
    assert first == again
    assert first != other
    assert len(first) == len(other)


def test_rows_to_validate_by_stay_as_they_are(tmp_path: Path) -> None:
    plain, balanced = Collected(), Collected()
    for form, balance in ((plain, "none"), (balanced, "oversample")):
        export(
            "strategy-predictor",
            train=TRAIN,
            out=tmp_path / "out",
            form=form,
            validation=0.2,
            balance=balance,
        )
    assert balanced.of("validation") == plain.of("validation") != []
    assert len(balanced.of("train")) > len(plain.of("train"))


def test_a_mixture_of_balanced_tasks(tmp_path: Path) -> None:
    rows, _ = rows_of(
        "support-agent",
        dialogues("zh")[:10],
        tmp_path / "out",
        balance="oversample",
        task="strategy=1,stage=1",
    )
    found = Counter((row.task, row.strategy) for row in rows)
    assert sum(count for (task, _), count in found.items() if task == "stage") * 2 == len(rows)
    for task in ("stage", "strategy"):
        of_it = [count for (its_task, _), count in found.items() if its_task == task]
        assert max(of_it) - min(of_it) <= 1


def test_apportioning_by_hand() -> None:
    assert apportioned(10, [1, 1, 1]) == [4, 3, 3]
    assert apportioned(7, [3, 2, 1]) == [4, 2, 1]
    assert apportioned(5, [0, 0]) == [0, 0]
    # 9 rows by the roots 4, 2 and 1: 5.14, 2.57, 1.29.
    assert Balance("sqrt").wanted([16, 4, 1]) == [12, 6, 3]


@given(
    total=st.integers(0, 10_000),
    weights=st.lists(st.fractions(0, 100), min_size=1).filter(lambda w: sum(w) > 0),
)
def test_apportioning_is_fair(total: int, weights: list[Fraction]) -> None:
    shares = apportioned(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - total * weight / sum(weights)) < 1


@pytest.mark.parametrize("text", ["none", "cap:12", "oversample", "sqrt"])
def test_what_is_read_is_written(text: str) -> None:
    assert str(parse_balance(text)) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cap", "'cap' does not say how many rows (write cap:500)"),
        ("cap:0", "'cap:0' does not say how many rows"),
        ("cap:-3", "'cap:-3' does not say how many rows"),
        ("cap:many", "'cap:many' does not say how many rows"),
        ("undersample", "'undersample' is no way to balance (it is none, cap:N, oversample or sqrt)"),
        ("sqrt:2", "'sqrt:2' is no way to balance"),
        ("", "'' is no way to balance"),
    ],
)
def test_what_is_no_balance(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_balance(text)
    assert str(caught.value).startswith(f"--balance: {problem}")
