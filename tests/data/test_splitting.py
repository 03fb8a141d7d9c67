"""Splitting a corpus by dialogue."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csc_dspy.conversations import Conversation
from csc_dspy.data.leaks import LeaksFoundError
from csc_dspy.data.packaged import FOLDER
from csc_dspy.data.split_parts import DEFAULT, LEAKED, draw
from csc_dspy.data.splitting import Split, split
from csc_dspy.exceptions import ConfigError, DataError

Row = dict[str, Any]

ROWS: list[Row] = [
    json.loads(line)
    for path in sorted(FOLDER.glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
SAMPLES = [Conversation.model_validate(row) for row in ROWS]
LETTERS = {
    "zh": [chr(0x4E00 + 37 * place) for place in range(400)],
    "en": list("abcdefghijklmnopqrstuvwxyz "),
}


def invented(number: int, **fields: Any) -> Conversation:  # noqa: ANN401 - whatever a row has
    """A dialogue like no other; half of them Chinese, half English."""
    draw, language = random.Random(number), ("zh", "en")[number % 2]
    texts = ("".join(draw.choices(LETTERS[language], k=50)) + "." for _ in range(4))
    turns = [{"speaker": ("客服", "客户")[place % 2], "text": text} for place, text in enumerate(texts)]
    return Conversation.model_validate({"id": f"d{number}", "dialogue": turns} | fields)


def edited(conversation: Conversation) -> Conversation:
    """Nearly the same dialogue: one turn has another ending."""
    first, *others = conversation.dialogue
    turn = first.model_copy(update={"text": first.text + " 谢谢 thanks"})
    return conversation.with_turns([turn, *others]).model_copy(update={"id": f"{conversation.id}-edited"})


def parts_by_id(made: Split) -> dict[str, str]:
    return dict(zip((dialogue.id for dialogue in made.dialogues), made.assignment, strict=True))


NUMBERS = st.lists(st.integers(0, 10_000), min_size=60, max_size=90, unique=True)


@given(NUMBERS, st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_further_dialogues_move_no_other(numbers: list[int], seed: int) -> None:
    corpus = [invented(number) for number in numbers]
    before = parts_by_id(split(corpus[: len(corpus) // 2], {"train": 0.5, "test": 0.5}, seed=seed))
    after = parts_by_id(split(corpus, {"train": 0.5, "test": 0.5}, seed=seed))
    assert before.items() <= after.items()


@given(NUMBERS, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_makes_no_difference(numbers: list[int], draw: random.Random) -> None:
    corpus = [invented(number) for number in numbers]
    corpus += [edited(conversation) for conversation in corpus[:20]]
    shuffled = draw.sample(corpus, len(corpus))
    parts = {"train": 0.6, "test": 0.4}
    one, other = split(corpus, parts), split(shuffled, parts)
    assert parts_by_id(one) == parts_by_id(other)
    assert one.to_dict()["parts"] == other.to_dict()["parts"]


@given(NUMBERS)
@settings(max_examples=20, deadline=None)
def test_every_dialogue_is_in_one_part_in_its_order(numbers: list[int]) -> None:
    corpus = [invented(number) for number in numbers]
    made = split(corpus, {"train": 0.6, "test": 0.4})
    parts = {
        part: [conversation.id or "" for conversation in made.conversations(part)] for part in made.parts
    }
    assert sorted(parts["train"] + parts["test"]) == sorted(f"d{number}" for number in numbers)
    for ids in parts.values():
        assert ids == [each.id for each in corpus if each.id in set(ids)]


@given(NUMBERS, st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_near_duplicates_are_never_in_two_parts(numbers: list[int], seed: int) -> None:
    corpus = [invented(number) for number in numbers]
    corpus += [edited(conversation) for conversation in corpus]
    made = split(corpus, {"train": 0.5, "test": 0.5}, seed=seed)
    parts = parts_by_id(made)
    assert all(parts[f"d{number}"] == parts[f"d{number}-edited"] for number in numbers)
    assert made.moved == len(made.leaks)


def test_fractions_are_kept_in_every_stratum() -> None:
    corpus = [invented(number, source=("CSConv", "RoleCS")[number % 4 // 2]) for number in range(4000)]
    made = split(corpus, seed=1)
    assert len(made.strata) == 4
    for stratum in made.strata:
        for part, fraction in DEFAULT.items():
            spread = math.sqrt(1000 * fraction * (1 - fraction))
            assert abs(stratum.dialogues[part] - 1000 * fraction) < 5 * spread
    assert made.warnings == ()


def test_the_samples_of_both_languages_split_without_a_leak() -> None:
    made = split(SAMPLES)
    assert made.leaks == ()
    assert made.moved == 0
    assert Counter(made.assignment).total() == 140
    assert {(each.language, each.source) for each in made.strata} == {
        (language, source) for language in ("zh", "en") for source in ("CSConv-sample", "RoleCS-sample")
    }


def test_another_taxonomy_splits_the_same() -> None:
    """Which labels a dialogue carries has no say in where it goes."""
    turns = [[{"speaker": turn["speaker"], "text": turn["text"]} for turn in row["dialogue"]] for row in ROWS]
    relabelled = [
        Conversation.model_validate({"id": row["id"], "taxonomy": "esconv", "dialogue": dialogue})
        for row, dialogue in zip(ROWS, turns, strict=True)
    ]
    assert parts_by_id(split(relabelled)) == parts_by_id(split(SAMPLES))


def test_a_group_goes_where_its_smallest_hash_belongs() -> None:
    corpus = [invented(number) for number in range(100)]
    copies = [edited(conversation) for conversation in corpus]
    made = split([*corpus, *copies], {"train": 0.5, "test": 0.5})
    assert made.leaks
    for leak in made.leaks:
        assert leak.part == min(leak.dialogues, key=lambda each: each.content_hash).part
    assert {each.part for leak in made.leaks for each in leak.dialogues} == {"train", "test"}


def test_leaks_are_refused_by_name_and_never_by_text() -> None:
    corpus = [invented(number) for number in range(40)]
    copies = [edited(conversation) for conversation in corpus]
    with pytest.raises(LeaksFoundError) as caught:
        split([*corpus, *copies], {"train": 0.5, "test": 0.5}, leaks="refuse")
    assert len(caught.value.leaks) == len(split([*corpus, *copies], {"train": 0.5, "test": 0.5}).leaks)
    first = caught.value.leaks[0].dialogues
    assert f"{first[0].id} ({first[0].part}) ~ {first[1].id} ({first[1].part})" in str(caught.value)
    assert not any(turn.text[:12] in str(caught.value) for each in corpus for turn in each.dialogue)


def test_without_a_leak_refusing_changes_nothing() -> None:
    assert split(SAMPLES, leaks="refuse") == split(SAMPLES)


def test_a_dialogue_without_id_is_named_by_its_hash() -> None:
    nameless = [invented(number, id=None) for number in range(20)]
    made = split(nameless, {"train": 0.5, "test": 0.5})
    assert [each.id for each in made.dialogues] == [each.content_hash[:16] for each in nameless]


def test_what_is_in_another_corpus_is_left_out() -> None:
    corpus = [invented(number) for number in range(50)]
    known = [edited(conversation) for conversation in corpus[:5]] + [invented(1000)]
    made = split(corpus, {"train": 0.5, "test": 0.5}, against=[known, SAMPLES])
    assert [each.id for each in made.conversations(LEAKED)] == [f"d{number}" for number in range(5)]
    assert made.parts == ("train", "test", LEAKED)
    assert parts_by_id(made).items() >= parts_by_id(split(corpus[5:], {"train": 0.5, "test": 0.5})).items()
    assert made.to_dict()["parts"][LEAKED]["dialogues"] == 5
    assert {leak.part for leak in made.leaks} == {LEAKED}
    with pytest.raises(LeaksFoundError, match=r"d0 \(\w+\) ~ d0-edited \(against\)"):
        split(corpus, {"train": 0.5, "test": 0.5}, against=[known], leaks="refuse")


def test_the_answer_counts_dialogues_and_turns() -> None:
    answer = split(SAMPLES).to_dict()
    assert list(answer) == ["seed", "threshold", "parts", "strata", "moved", "warnings"]
    assert list(answer["parts"]) == ["train", "dev", "test"]
    assert sum(part["dialogues"] for part in answer["parts"].values()) == 140
    assert sum(part["turns"] for part in answer["parts"].values()) == sum(
        map(len, (c.dialogue for c in SAMPLES))
    )
    assert sum(part["share"] for part in answer["parts"].values()) == pytest.approx(1)
    for stratum in answer["strata"]:
        assert stratum["dialogues"].keys() == answer["parts"].keys()
    assert json.loads(json.dumps(answer)) == answer


def test_the_fingerprint_is_of_the_dialogues_whatever_their_order() -> None:
    fingerprints = [
        {part["fingerprint"] for part in split(corpus).to_dict()["parts"].values()}
        for corpus in (SAMPLES, SAMPLES[::-1], SAMPLES[1:])
    ]
    assert fingerprints[0] == fingerprints[1]
    assert len(fingerprints[0]) == 3
    assert len(fingerprints[0] & fingerprints[2]) == 2


def test_a_stratum_that_a_part_lacks_is_told() -> None:
    rare = [invented(number, source="rare") for number in range(0, 40, 2)]
    usual = [invented(number, source="usual") for number in range(1, 401, 2)]
    seed = next(
        seed for seed in range(100) if "test" not in {draw(each.content_hash, DEFAULT, seed) for each in rare}
    )
    assert "test has none of the 20 dialogues of zh rare" in split(rare + usual, seed=seed).warnings


class Changing:
    """A source that says something else every time it is read."""

    def __init__(self, *readings: list[Conversation]) -> None:
        self._readings = iter(readings)

    def __iter__(self) -> Iterator[Conversation]:
        return iter(next(self._readings))


@pytest.mark.parametrize("later", [SAMPLES[:-1], [*SAMPLES, invented(1)], SAMPLES[::-1]])
def test_a_source_that_changes_in_between_is_an_error(later: list[Conversation]) -> None:
    made = split(Changing(SAMPLES, later))
    with pytest.raises(DataError, match="the source has changed"):
        list(made.assigned())


def test_a_source_that_is_used_up_by_reading_is_refused() -> None:
    with pytest.raises(DataError, match="can be read only once, and a split reads twice"):
        split(iter(SAMPLES))
    with pytest.raises(DataError, match=r"^-: can be read only once, and a split reads twice"):
        split("-")


@pytest.mark.parametrize("corpus", [[], SAMPLES[:2]])
def test_a_part_without_dialogues_is_refused(corpus: list[Conversation]) -> None:
    with pytest.raises(DataError, match=r"would get none of the \d dialogues \(give another seed"):
        split(corpus)


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, math.nan])
def test_a_threshold_is_a_share(threshold: float) -> None:
    with pytest.raises(ConfigError, match="the threshold is"):
        split(SAMPLES, threshold=threshold)


def test_leaks_are_moved_or_refused() -> None:
    with pytest.raises(ConfigError, match=r"it is .move. or .refuse."):
        split(SAMPLES, leaks="ignore")  # type: ignore[arg-type]


def test_parts_may_be_written_as_text() -> None:
    assert split(SAMPLES, "train=80,dev=10,test=10") == split(SAMPLES)
