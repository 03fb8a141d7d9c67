"""Finding dialogues that say nearly the same."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csc_dspy.conversations import Conversation
from csc_dspy.data.near_duplicates import NearDuplicates
from csc_dspy.data.packaged import FOLDER

Row = dict[str, Any]

ROWS: list[Row] = [
    json.loads(line)
    for path in sorted(FOLDER.glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
SAMPLES = [Conversation.model_validate(row) for row in ROWS]
LETTERS = {
    language: "".join(turn["text"] for row in ROWS if row["language"] == language for turn in row["dialogue"])
    for language in ("zh", "en")
}


def index(conversations: list[Conversation]) -> NearDuplicates:
    found = NearDuplicates()
    for conversation in conversations:
        found.add(conversation)
    return found


def retold(row: Row, tell: Callable[[str], str]) -> Row:
    return row | {"dialogue": [turn | {"text": tell(turn["text"])} for turn in row["dialogue"]]}


def retouched(row: Row, draw: random.Random, share: float = 0.05) -> Row:
    """One character in twenty becomes another of the same language."""
    letters = LETTERS[row["language"]]
    return retold(
        row, lambda text: "".join(draw.choice(letters) if draw.random() < share else c for c in text)
    )


def thinned(row: Row, draw: random.Random) -> Row:
    """One character in thirty is lost, one in thirty doubled."""
    return retold(row, lambda text: "".join(c * draw.choice([0, *[1] * 28, 2]) for c in text) or "x")


def relabelled(row: Row, draw: random.Random) -> Row:
    turns = [
        turn | {"strategy": f"策略{draw.randint(1, 12)}"} if turn["speaker"] == "客服" else turn
        for turn in row["dialogue"]
    ]
    return row | {"dialogue": turns, "id": "another", "source": "elsewhere", "topic": "another"}


def under_esconv(row: Row, draw: random.Random) -> Row:
    turns = [
        {"speaker": turn["speaker"], "text": turn["text"]}
        | ({"strategy": str(draw.randint(1, 8))} if turn["speaker"] == "客服" else {})
        for turn in row["dialogue"]
    ]
    return {"taxonomy": "esconv", "dialogue": turns}


def reordered_fields(row: Row, draw: random.Random) -> Row:
    return {
        key: row[key] if key != "dialogue" else [dict(reversed(turn.items())) for turn in row[key]]
        for key in draw.sample(sorted(row), len(row))
    }


def other_placeholders(row: Row, draw: random.Random) -> Row:
    return retold(row, lambda text: re.sub(r"\[[^]]*\]", f"【{draw.choice(['资料', 'DATA'])}】", text))


def other_spelling(row: Row, _: random.Random) -> Row:
    """Capitals, full width, and other punctuation."""
    wide = {ord(c): chr(ord(c) + 0xFEE0) for c in "abcdefghij0123456789"} | {ord("，"): "。", ord(","): " -"}
    return retold(row, lambda text: text.translate(wide).upper())


def beginning(row: Row, _: random.Random) -> Row:
    return row | {"dialogue": row["dialogue"][:10]}


def ending(row: Row, _: random.Random) -> Row:
    return row | {"dialogue": row["dialogue"][-10:]}


def shuffled(row: Row, draw: random.Random) -> Row:
    return row | {"dialogue": draw.sample(row["dialogue"], len(row["dialogue"]))}


def merged(row: Row, _: random.Random) -> Row:
    """All that a speaker says in a row of four turns becomes one turn."""
    turns = row["dialogue"]
    together = ["".join(turn["text"] for turn in turns[at : at + 4]) for at in range(0, len(turns), 4)]
    return {"dialogue": [{"speaker": "客户", "text": text} for text in together]}


def extended(row: Row, draw: random.Random) -> Row:
    """Another dialogue of the same language follows."""
    other = draw.choice([each for each in ROWS if each["language"] == row["language"] and each is not row])
    return row | {"dialogue": row["dialogue"] + other["dialogue"][:4]}


CHANGES = [
    retouched,
    thinned,
    relabelled,
    under_esconv,
    reordered_fields,
    other_placeholders,
    other_spelling,
    beginning,
    ending,
    shuffled,
    merged,
    extended,
]


def test_no_sample_is_like_another() -> None:
    found = index(SAMPLES)
    assert found.groups() == []
    assert [found.like(conversation) for conversation in SAMPLES] == [[n] for n in range(len(SAMPLES))]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_dialogue_is_found(change: Callable[[Row, random.Random], Row]) -> None:
    draw = random.Random(7)
    changed = [Conversation.model_validate(change(row, draw)) for row in ROWS]
    assert index(SAMPLES + changed).groups() == [[n, n + len(ROWS)] for n in range(len(ROWS))]


@pytest.mark.parametrize("change", [retouched, beginning, shuffled])
def test_a_new_dialogue_is_looked_up(change: Callable[[Row, random.Random], Row]) -> None:
    found, draw = index(SAMPLES), random.Random(8)
    for number, row in enumerate(ROWS):
        assert found.like(Conversation.model_validate(change(row, draw))) == [number]
    assert found.groups() == []


def test_groups_reach_from_one_to_the_next() -> None:
    """The two halves of a dialogue have nothing in common but the whole."""
    row = ROWS[0]
    halves = [
        Conversation.model_validate(row | {"dialogue": row["dialogue"][cut]})
        for cut in (slice(None, 12), slice(12, None))
    ]
    assert index(halves).groups() == []
    assert index([*halves, SAMPLES[0]]).groups() == [[0, 1, 2]]


@given(st.permutations(range(24)))
@settings(max_examples=25, deadline=None)
def test_order_makes_no_difference(order: list[int]) -> None:
    draw = random.Random(9)
    chosen = [0, 1, 30, 31, 60, 61, 100, 101]
    corpus = [
        conversation
        for number in chosen
        for conversation in (
            SAMPLES[number],
            Conversation.model_validate(beginning(ROWS[number], draw)),
            Conversation.model_validate(retouched(ROWS[number], draw)),
        )
    ]
    groups = index([corpus[place] for place in order]).groups()
    assert {frozenset(order[n] for n in group) for group in groups} == {
        frozenset(range(3 * each, 3 * each + 3)) for each in range(len(chosen))
    }


def test_the_threshold_decides() -> None:
    half = Conversation.model_validate(extended(beginning(ROWS[0], random.Random(0)), random.Random(0)))
    assert NearDuplicates(0.9).groups() == []
    shares = {}
    for threshold in (0.3, 1.0):
        found = NearDuplicates(threshold)
        found.add(SAMPLES[0])
        shares[threshold] = found.like(half)
    assert shares == {0.3: [0], 1.0: []}


def test_short_dialogues_are_alike_only_if_their_text_is() -> None:
    """Thousands of greetings with a farewell, all much alike: each goes with its copies alone."""
    draw = random.Random(3)
    phrases = ["您好", "在的", "请讲", "好的谢谢", "没事了", "再见", "hello there", "thanks a lot", "bye"]
    texts = [tuple(draw.choices(phrases, k=6)) for _ in range(3000)]
    corpus = [
        Conversation.model_validate({"dialogue": [{"speaker": "客户", "text": text} for text in each]})
        for each in texts
    ]
    together: dict[str, list[int]] = {}
    for number, each in enumerate(texts):
        together.setdefault("".join(each).replace(" ", ""), []).append(number)
    assert index(corpus).groups() == sorted(group for group in together.values() if len(group) > 1)


def test_a_crowd_of_copies_is_one_group() -> None:
    """Each differs a little from all the others, and they are too many to compare every pair."""
    draw = random.Random(4)
    crowd = [Conversation.model_validate(retouched(ROWS[30], draw, 0.02)) for _ in range(1500)]
    assert index([*SAMPLES[:30], *crowd]).groups() == [list(range(30, 1530))]


def test_boilerplate_in_every_dialogue_joins_none() -> None:
    """A tenth of each text is the same everywhere; what is left tells the dialogues apart."""
    draw = random.Random(5)
    letters = sorted(set(LETTERS["zh"]))
    opening, closing = "".join(draw.choices(letters, k=30)), "".join(draw.choices(letters, k=30))
    bodies = ["".join(draw.choices(letters, k=500)) for _ in range(1500)]
    bodies += ["".join(c if draw.random() > 0.05 else "改" for c in body) for body in bodies[:20]]
    corpus = [
        Conversation.model_validate({"dialogue": [{"speaker": "客服", "text": text} for text in each]})
        for each in ((opening, body, closing) for body in bodies)
    ]
    assert index(corpus).groups() == [[n, n + 1500] for n in range(20)]


def test_no_dialogues_have_no_groups() -> None:
    found = NearDuplicates()
    assert found.groups() == []
    assert found.like(SAMPLES[0]) == []


# Five million pieces are more than stay in memory; the limit on file size stands for a full disk.
_LARGE = """
import random, resource, sys
from csc_dspy.conversations import Conversation
from csc_dspy.data.near_duplicates import NearDuplicates
from csc_dspy.exceptions import OutputError

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]) * 2**20, -1))
draw, found = random.Random(0), NearDuplicates()
try:
    for _ in range(30):
        text = "".join(map(chr, draw.choices(range(0x4E00, 0x9000), k=100_000)))
        for kept in (text, text[:70_000]):
            found.add(Conversation.model_validate({"dialogue": [{"speaker": "user", "text": kept}]}))
    print(found.groups() == [[n, n + 1] for n in range(0, 60, 2)])
except OutputError as error:
    print(error)
"""


def test_large_corpora_go_through_a_temporary_file(tmp_path: Path) -> None:
    assert run_large(tmp_path, 100) == "True"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    answer = run_large(tmp_path, 10)
    assert answer.startswith(f"{tmp_path}: temporary file cannot be written: ")
    assert "TMPDIR" in answer


def run_large(folder: Path, limit: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _LARGE, str(limit)],
        env={"TMPDIR": str(folder)},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    return done.stdout.strip()
