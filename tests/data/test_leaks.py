"""What becomes of near-duplicates that drew different parts."""

from __future__ import annotations

from csc_dspy.data.leaks import Dialogue, Leak, LeaksFoundError, find_leaks
from csc_dspy.data.split_parts import AGAINST, LEAKED
from csc_dspy.exceptions import LeakError


def dialogue(name: str, content_hash: str, part: str, position: int = 1) -> Dialogue:
    return Dialogue(name, position, content_hash, "zh", "CSConv", 20, part)


DIALOGUES = [
    dialogue("a", "c0", "train", 1),
    dialogue("b", "a0", "test", 2),
    dialogue("c", "b0", "train", 3),
    dialogue("d", "d0", "dev", 4),
    dialogue("other", "00", AGAINST, 1),
    dialogue("another", "01", AGAINST, 2),
]


def test_a_group_goes_where_its_smallest_hash_drew() -> None:
    (leak,) = find_leaks([[0, 1, 2]], DIALOGUES)
    assert leak == Leak("test", (DIALOGUES[0], DIALOGUES[1], DIALOGUES[2]))


def test_a_group_in_one_part_is_no_leak() -> None:
    assert find_leaks([[0, 2]], DIALOGUES) == ()


def test_what_is_like_a_dialogue_of_another_corpus_is_left_out() -> None:
    leaks = find_leaks([[0, 4], [1, 3], [5]], DIALOGUES)
    assert [leak.part for leak in leaks] == [LEAKED, "test"]


def test_near_duplicates_inside_the_other_corpus_are_no_leak() -> None:
    assert find_leaks([[4, 5]], DIALOGUES) == ()


def test_a_leak_as_plain_values() -> None:
    (leak,) = find_leaks([[3, 4]], DIALOGUES)
    assert leak.to_dict() == {
        "part": "leaked",
        "dialogues": [
            {"id": "d", "position": 4, "drew": "dev"},
            {"id": "other", "position": 1, "drew": "against"},
        ],
    }


def test_the_error_names_the_first_leaks_and_has_all() -> None:
    leaks = find_leaks([[0, 1]], DIALOGUES) * 5
    error = LeaksFoundError(leaks)
    assert isinstance(error, LeakError)
    assert error.exit_code == 1
    assert error.leaks == leaks
    assert str(error).startswith(
        "5 groups of near-duplicates would be in different parts: a (train) ~ b (test); "
    )
    assert str(error).count("a (train)") == 3
    assert "; …" in str(error)
    assert "…" not in str(LeaksFoundError(leaks[:3]))
