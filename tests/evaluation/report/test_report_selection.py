"""Which conversations are on the page when there are too many."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from csc_dspy.conversations import Conversation, turn_examples
from csc_dspy.evaluation.report import write_report
from csc_dspy.evaluation.report.selection import ROOM, worst
from csc_dspy.evaluation.report.verdicts import Judge
from csc_dspy.metrics import Attempt, Predicted
from tests.evaluation.report.document import parsed
from tests.evaluation.report.evaluated import Dialogue, Evaluated

JUDGES = {"reference": Judge(strategies=True, stages=False)}


def dialogue(name: str, wrong: int, turns: int = 10, failed: int = 0) -> Dialogue:
    """A dialogue of Greetings; the first answers are wrong, some of those because there is none."""
    row = {"speaker": "supporter", "strategy": "Greeting", "text": f"Hello {name}."}
    conversation = Conversation.model_validate({"id": name, "dialogue": [row] * turns})
    right, other = (conversation.taxonomy.strategy(label) for label in ("Greeting", "Others"))
    attempts = [
        Attempt(
            example,
            Predicted(error="no answer")
            if place < failed
            else Predicted(strategy=other if place < wrong else right),
        )
        for place, example in enumerate(turn_examples([conversation]))
    ]
    return conversation, {"reference": attempts}


def names(dialogues: Iterator[Dialogue], room: int) -> list[str | None]:
    return [exhibit.conversation.id for exhibit in worst(dialogues, JUDGES, room).exhibits]


def test_worst_first_then_failures_then_the_order_of_the_data() -> None:
    given = [
        dialogue("none wrong", 0),
        dialogue("two", 2),
        dialogue("two failed", 2, failed=2),
        dialogue("two again", 2),
        dialogue("half of four", 2, turns=4),
    ]
    expected = ["half of four", "two failed", "two", "two again", "none wrong"]
    assert names(iter(given), 10) == expected
    assert names(iter(given), 3) == expected[:3]


def test_any_order_of_arrival_keeps_the_worst() -> None:
    shares = list(range(11)) * 4
    random.Random(5).shuffle(shares)
    kept = worst((dialogue(str(place), share) for place, share in enumerate(shares)), JUDGES, 9)
    assert kept.total == 44
    assert [exhibit.wrong(JUDGES)["reference"] for exhibit in kept.exhibits] == [10] * 4 + [9] * 4 + [8]


def test_unlabelled_turns_are_neither_right_nor_wrong() -> None:
    conversation = Conversation.model_validate(
        {"dialogue": [{"speaker": "supporter", "strategy": "", "text": "Hello."}]}
    )
    (example,) = turn_examples([conversation])
    answer = Attempt(example, Predicted(strategy=conversation.taxonomy.strategy("Others")))
    (exhibit,) = worst([(conversation, {"reference": [answer]})], JUDGES).exhibits
    assert exhibit.wrong(JUDGES) == {"reference": 0}


def test_page_says_how_many_it_shows(tmp_path: Path, evaluation: Evaluated) -> None:
    many = (dialogue(f"d{place}", place % 7, turns=7) for place in range(ROOM + 21))
    scores = {key: value for key, value in evaluation.scores.items() if key != "generated"}
    write_report(tmp_path / "report.html", scores, many)
    section = parsed((tmp_path / "report.html").read_text()).one("section", id="conversations")
    assert len(section.one("div", id="list").all("details")) == ROOM
    assert section.all("p")[0].text.startswith("300 of 321 conversations: ")


def test_memory_does_not_grow_with_the_data() -> None:
    def peak(number: int) -> int:
        tracemalloc.start()
        worst((dialogue(str(place), place % 11) for place in range(number)), JUDGES, 5)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(50)
    assert peak(600) < 2 * peak(60)
