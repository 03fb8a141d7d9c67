"""The page is one file, the same for the same input, and texts of data stay texts in it."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections import Counter
from pathlib import Path

from csc_dspy.evaluation.report import write_report
from tests.evaluation.report.document import Node, written
from tests.evaluation.report.evaluated import NASTY, Evaluated, evaluated, nasty, sample


def test_same_input_same_bytes(page: Path, evaluation: Evaluated, tmp_path: Path) -> None:
    again = tmp_path / "again.html"
    write_report(again, copy.deepcopy(evaluation.scores), evaluation.stream())
    assert again.read_bytes() == page.read_bytes()


def test_settings_of_matplotlib_change_nothing_and_stay(
    page: Path, evaluation: Evaluated, tmp_path: Path
) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 31, "svg.fonttype": "path", "axes.grid": True}):
        write_report(tmp_path / "again.html", evaluation.scores, evaluation.stream())
        assert mpl.rcParams["font.size"] == 31
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


def test_page_is_small_and_needs_nothing_else(page: Path) -> None:
    content = page.read_text("utf-8")
    assert page.stat().st_size < 400_000
    assert not re.search(r"(src|href)=\"(?!#)", content)
    assert not re.search(r"https?://|@import|url\(", content)


def test_identifiers_are_unique(document: Node) -> None:
    def identifiers(node: Node) -> list[str]:
        own = [value for value in [node.attributes.get("id")] if value]
        return own + [
            each for child in node.children if isinstance(child, Node) for each in identifiers(child)
        ]

    assert Counter(identifiers(document)).most_common(1)[0][1] == 1


def test_policy_allows_our_script_alone(document: Node) -> None:
    policy = document.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"] or ""
    digest = base64.b64encode(hashlib.sha256(document.one("script").text.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")
    assert "unsafe-inline" not in policy.split(";")[1]


def test_texts_of_data_stay_texts(tmp_path: Path) -> None:
    page = written(tmp_path / "report.html", nasty())
    assert page.all("img") == []
    assert len(page.all("script")) == len(page.all("style")) == len(page.all("title")) == 1
    (details,) = page.one("div", id="list").all("details")
    texts = [text.text for text in details.all("p")]
    assert texts.count(NASTY) >= 3
    assert f"{NASTY} 你好\ufffd\ufffd" in texts
    assert page.one("title").text.startswith(NASTY)
    assert any(f"{NASTY} $x$" in text.text for text in page.all("svg")[0].all("text"))


def test_half_a_surrogate_pair_can_be_shown(tmp_path: Path) -> None:
    conversation = sample()[0]
    found = evaluated([conversation], response="half \ud83d pair")
    page = written(tmp_path / "report.html", found)
    assert any(text.text == "half \ufffd pair" for text in page.all("p"))
