"""Forms as files: what is asked, what is hidden, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.conversations import Conversation, TurnExample, turn_examples
from csc_dspy.evaluation.human import ASPECTS, Aspect, Form, write_form
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.taxonomy import LANGUAGES, Localized, load_taxonomy

Two = tuple[Path, Path]
Predict = Callable[[str, Callable[[TurnExample], Mapping[str, Any]]], Path]


def content(form: Form) -> dict[str, Any]:
    """What the page holds for its script."""
    page = form.page.read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    parsed: dict[str, Any] = json.loads(data)
    return parsed


def key(form: Form) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(form.key.read_text(encoding="utf-8"))
    return parsed


def test_page_and_key_belong_together(two: Two, conversations: list[Conversation], tmp_path: Path) -> None:
    form = write_form(*two, tmp_path / "form.html", data=conversations, count=9, seed=3)
    assert form.key == tmp_path / "form.key.json"
    shown, hidden = content(form), key(form)
    assert shown["form"] == hidden["form"]
    assert len(shown["items"]) == len(hidden["items"]) == form.items == 9
    examples = {(e.conversation.id, e.index): e for e in turn_examples(conversations)}
    for item, place in zip(shown["items"], hidden["items"], strict=True):
        example = examples[place["dialogue"], place["turn"]]
        assert [turn["text"] for turn in item["history"]] == [turn.text for turn in example.history]
        left, right = ("A", "B") if place["left"] == "a" else ("B", "A")
        assert item["left"] == f"{left}: {example.turn.text}"
        assert item["right"] == f"{right}: {example.turn.text}"
    assert (hidden["a"], hidden["b"]) == tuple(map(str, two))
    assert (hidden["turns"], hidden["identical"], hidden["unanswered"]) == (len(examples), 0, 0)


def test_the_page_does_not_say_whose_responses_they_are(
    two: Two, conversations: list[Conversation], tmp_path: Path
) -> None:
    form = write_form(*two, tmp_path / "form.html", data=conversations, count=10)
    page = form.page.read_text(encoding="utf-8")
    assert "secret" not in page
    assert all(str(each.id) not in page for each in conversations)
    for item in content(form)["items"]:
        assert set(item) == {"history", "left", "right"}
        assert all(set(turn) == {"speaker", "name", "text"} for turn in item["history"])


def test_sides_are_even_and_turns_spread(two: Two, conversations: list[Conversation], tmp_path: Path) -> None:
    for count in (8, 9):
        items = key(write_form(*two, tmp_path / f"{count}.html", data=conversations, count=count))["items"]
        assert Counter(item["left"] for item in items)["a"] in {4, count - 4}
        dialogues = Counter(item["dialogue"] for item in items)
        assert sorted(dialogues.values()) in ([2, 2, 2, 2], [2, 2, 2, 3])
        assert len({(item["dialogue"], item["turn"]) for item in items}) == count


def test_the_seed_decides(two: Two, conversations: list[Conversation], tmp_path: Path) -> None:
    pages = {
        seed: write_form(*two, tmp_path / f"{number}.html", data=conversations, count=8, seed=seed).page
        for number, seed in enumerate((0, 1))
    }
    again = write_form(*two, tmp_path / "again.html", data=conversations, count=8, seed=1)
    assert again.page.read_bytes() == pages[1].read_bytes() != pages[0].read_bytes()
    # Exchanging the systems exchanges nothing that a rater could see but the sides.
    swapped = write_form(*two[::-1], tmp_path / "swapped.html", data=conversations, count=8, seed=1)
    assert [item["turn"] for item in key(swapped)["items"]] == [item["turn"] for item in key(again)["items"]]


def test_only_different_answers_are_compared(
    predict: Predict, conversations: list[Conversation], tmp_path: Path
) -> None:
    first = min(example.index for example in turn_examples(conversations))
    a = predict("a", lambda example: {"response": example.turn.text})
    b = predict(
        "b",
        lambda example: (
            {"error": "timed out"}
            if example.conversation == conversations[0]
            else {"response": f" {example.turn.text}\n" if example.index == first else "Hm."}
        ),
    )
    examples = [*turn_examples(conversations)]
    failed = sum(example.conversation == conversations[0] for example in examples)
    same = sum(example.index == first for example in examples if example.conversation != conversations[0])
    there = len(examples) - failed - same
    hidden = key(write_form(a, b, tmp_path / "f.html", data=conversations, count=there))
    assert (hidden["turns"], hidden["identical"], hidden["unanswered"]) == (len(examples), same, failed)
    assert conversations[0].id not in {item["dialogue"] for item in hidden["items"]}
    with pytest.raises(ConfigError, match=rf"{there + 1} comparisons are asked for, and {there} turns"):
        write_form(a, b, tmp_path / "g.html", data=conversations, count=there + 1)
    with pytest.raises(ConfigError, match="0 turns have two different"):
        write_form(a, a, tmp_path / "g.html", data=conversations, count=1)
    assert not (tmp_path / "g.html").exists()


def test_questions_are_in_either_language(
    two: Two, conversations: list[Conversation], tmp_path: Path
) -> None:
    for language in LANGUAGES:
        form = write_form(*two, tmp_path / f"{language}.html", data=conversations, count=4, language=language)
        shown = content(form)
        assert [each["question"] for each in shown["aspects"]] == [
            each.question[language] for each in ASPECTS
        ]
        strategies = load_taxonomy().strategies
        assert [each["name"] for each in shown["guide"]] == [each.name[language] for each in strategies]
        assert ('lang="zh-CN"' in form.page.read_text(encoding="utf-8")) == (language == "zh")
    chinese = [each for each in conversations if each.spoken_language == "zh"]
    a, b = (trimmed(path, chinese) for path in two)
    assert write_form(a, b, tmp_path / "f.html", data=chinese, count=4).language == "zh"


def trimmed(path: Path, conversations: list[Conversation]) -> Path:
    """The predictions for some of the dialogues."""
    names = {conversation.id for conversation in conversations}
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(
        "".join(line for line in lines if json.loads(line)["dialogue"] in names), encoding="utf-8"
    )
    return path


def test_own_questions(two: Two, conversations: list[Conversation], tmp_path: Path) -> None:
    clear = Aspect("clear", Localized(en="Clear", zh="清楚"), Localized(en="Clearer?", zh="哪个更清楚？"))
    form = write_form(*two, tmp_path / "f.html", data=conversations, count=4, aspects=[clear], language="en")
    assert content(form)["aspects"] == [{"id": "clear", "name": "Clear", "question": "Clearer?"}]
    assert key(form)["aspects"] == ["clear"]


def test_only_our_own_script_may_run(two: Two, conversations: list[Conversation], tmp_path: Path) -> None:
    page = write_form(*two, tmp_path / "f.html", data=conversations, count=4).page.read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', page)
    for kind, tag in (("style", "style"), ("script", "script")):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert not re.search(
        r"https?://|src=|href=|@import|url\(", re.sub(r'(?s)id="data">.*?</script>', "", page)
    )


def test_odd_texts_survive(predict: Predict, conversations: list[Conversation], tmp_path: Path) -> None:
    odd = "</script><!-- <script> {{data}} {{css}} \u2028 \\u003c \ud800 & \" ' `${1}`"
    a = predict("a", lambda _: {"response": odd.replace("\ud800", "")})
    b = predict("b", lambda _: {"response": "plain"})
    form = write_form(a, b, tmp_path / "f.html", data=conversations, count=6)
    assert all(
        {item["left"], item["right"]} == {odd.replace("\ud800", ""), "plain"}
        for item in content(form)["items"]
    )


def test_files_that_do_not_fit_are_refused(
    predict: Predict, two: Two, conversations: list[Conversation], tmp_path: Path
) -> None:
    labels = predict("labels", lambda _: {"strategy": "GT"})
    with pytest.raises(ConfigError, match=r"labels\.jsonl: predicts no responses"):
        write_form(two[0], labels, tmp_path / "f.html", data=conversations, count=4)
    with pytest.raises(DataError, match="there is no such dialogue in the data"):
        write_form(*two, tmp_path / "f.html", data=conversations[:2], count=4)
    with pytest.raises(DataError, match="there is no such file"):
        write_form(two[0], tmp_path / "none.jsonl", tmp_path / "f.html", data=conversations, count=4)
    with pytest.raises(ConfigError, match="is to be an HTML file"):
        write_form(*two, tmp_path / "form.txt", data=conversations, count=4)
    assert not [*tmp_path.glob("f.*")]


def test_the_key_of_another_form_is_kept(two: Two, conversations: list[Conversation], tmp_path: Path) -> None:
    form = write_form(*two, tmp_path / "f.html", data=conversations, count=4)
    before = form.key.read_bytes(), form.page.read_bytes()
    with pytest.raises(ConfigError, match="there is the key of another form already"):
        write_form(*two, tmp_path / "f.html", data=conversations, count=5)
    assert (form.key.read_bytes(), form.page.read_bytes()) == before
    form.page.unlink()
    write_form(*two, tmp_path / "f.html", data=conversations, count=4)
    assert (form.key.read_bytes(), form.page.read_bytes()) == before
