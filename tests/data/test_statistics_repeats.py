"""What occurs more than once is found whether it fits in memory or not."""

from __future__ import annotations

import resource
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.data.statistics.names import MOST_FREQUENT, NameCount, Names
from csc_dspy.data.statistics.repeats import RepeatCount, Repeats, text_key
from csc_dspy.data.statistics.scratch import Scratch
from csc_dspy.exceptions import OutputError

Dialogues = list[list[str]]
DIALOGUES = st.lists(st.lists(st.sampled_from([*"abcdefghij", "k l"]), max_size=8), max_size=30)


def repeats(dialogues: Dialogues, room: int) -> Repeats:
    with Scratch() as scratch:
        count = RepeatCount(scratch, room)
        for number, texts in enumerate(dialogues):
            count.add(number, map(text_key, texts))
        return count.result()


def repeats_the_plain_way(dialogues: Dialogues) -> Repeats:
    counts: Counter[str] = Counter()
    owners: defaultdict[str, set[int]] = defaultdict(set)
    for number, texts in enumerate(dialogues):
        counts.update(texts)
        for text in texts:
            owners[text].add(number)
    return Repeats(
        count=counts.total(),
        distinct=len(counts),
        repeated=sum(count for count in counts.values() if count > 1),
        elsewhere=sum(counts[text] for text, numbers in owners.items() if len(numbers) > 1),
    )


@given(DIALOGUES, st.integers(1, 40))
def test_repeats_are_exact_however_little_fits_in_memory(dialogues: Dialogues, room: int) -> None:
    assert repeats(dialogues, room) == repeats_the_plain_way(dialogues)


def test_many_runs_are_merged() -> None:
    # Each text three times, far apart, so that its occurrences lie in different runs.
    dialogues = [[f"{number % 5000} said"] for number in range(15_000)]
    dialogues[7].append("only here")
    assert repeats(dialogues, room=400) == Repeats(15_001, 5001, 15_000, 15_000)


def test_whitespace_does_not_tell_texts_apart() -> None:
    assert text_key(" One\tmoment, \u3000please.\n") == text_key("One moment, please.")
    assert text_key("One moment") != text_key("Onemoment")


def names(given_names: list[str | None], room: int) -> Names:
    with Scratch() as scratch:
        count = NameCount(scratch, room)
        for name in given_names:
            count.add(name)
        return count.result()


@given(st.lists(st.none() | st.text(max_size=3), max_size=80), st.integers(0, 2000))
def test_names_are_counted_exactly_however_little_fits_in_memory(
    given_names: list[str | None], room: int
) -> None:
    known = Counter(name for name in given_names if name)
    first = sorted(known.items(), key=lambda item: (-item[1], item[0]))[:MOST_FREQUENT]
    found = names(given_names, room)
    assert list(found.most_frequent.items()) == first
    assert found.distinct == len(known)
    assert found.unnamed == len(given_names) - known.total()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow; not a fixture, as then the test's own report could not either."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_reported() -> None:
    message = r"temporary file: cannot be written: .* \(set TMPDIR"
    with pytest.raises(OutputError, match=message), full_disk():
        names(["a", "b"], room=0)
    with pytest.raises(OutputError, match=message), full_disk():
        repeats([["a"], ["b"]], room=1)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert names(["a", "b"], room=0).distinct == repeats([["a"], ["b"]], room=1).distinct == 2
    assert list(tmp_path.iterdir()) == []
