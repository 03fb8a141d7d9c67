"""What is not known leaves no hole in the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy.evaluation.report import write_report
from tests.evaluation.report.document import SECTIONS, Node, anchors, parsed, written
from tests.evaluation.report.evaluated import Evaluated, evaluated, sample


@pytest.mark.parametrize("context", ["reference", "generated"])
def test_one_context_alone(tmp_path: Path, context: str) -> None:
    page = written(tmp_path / "report.html", evaluated(sample()[:3], [context]))
    assert anchors(page) == SECTIONS
    assert len(page.all("figure")) == 4
    assert page.all("select", name="context") == []
    assert page.one("div", id="list").attributes["data-contexts"] == context


def test_without_probabilities_there_is_no_calibration(tmp_path: Path) -> None:
    page = written(tmp_path / "report.html", evaluated(sample()[:3], probabilities=False))
    assert anchors(page) == [anchor for anchor in SECTIONS if anchor != "calibration"]
    assert "calibration" not in page.one("nav").text.casefold()
    assert "%" not in page.one("div", id="list").text


def test_a_system_that_writes_responses_alone(tmp_path: Path) -> None:
    found = evaluated(sample()[:3], ["reference"], probabilities=False)
    scores = found.scores["reference"]
    for part in ("strategies", "confusion", "stages", "calibration", "latency"):
        scores[part] = None
    for name in ("ACC", "macro_f1", "mid", "stage_acc"):
        del scores[name]
    page = written(tmp_path / "report.html", found)
    assert anchors(page) == ["scores", "cost", "conversations"]
    assert page.all("figure") == page.all("select", name="expected") == []
    answers = [turn.children[1] for turn in page.all("div", **{"class": "turn"})]
    assert answers
    assert not any("data-w" in each.attributes or each.all("b") for each in answers if isinstance(each, Node))


def test_by_stages_where_there_are_no_strategies(tmp_path: Path) -> None:
    found = evaluated(sample()[:3], ["reference"])
    found.scores["reference"]["strategies"] = found.scores["reference"]["confusion"] = None
    page = written(tmp_path / "report.html", found)
    assert "strategies" not in anchors(page)
    marked = sum("data-w" in each.attributes for each in page.all("div"))
    attempts = [attempt for _, of in found.dialogues for attempt in of["reference"]]
    assert marked == sum(attempt.predicted.stage != attempt.example.stage for attempt in attempts)


def test_undefined_values_are_dashes(tmp_path: Path) -> None:
    found = evaluated(sample()[:3], ["reference"])
    scores = found.scores["reference"]
    scores["mid"] = {"value": None, "low": None, "high": None}
    scores["ACC"] |= {"low": None, "high": None}
    scores["strategies"][0] |= {"precision": None, "f1": None}
    page = written(tmp_path / "report.html", found)
    headline = page.one("section", id="scores").all("table")[0]
    rows = {row.all("small")[0].attributes["title"]: row for row in headline.one("tbody").all("tr")}
    assert rows["mid"].one("td").text == "–"
    assert rows["ACC"].one("td").all("small") == []
    by_strategy = next(t for t in page.all("table") if t.one("caption").text.startswith("By strategy"))
    assert [cell.text for cell in by_strategy.all("tr")[1].all("td")][1::2] == ["–", "–"]


def test_no_dialogues_no_list(tmp_path: Path, evaluation: Evaluated) -> None:
    write_report(tmp_path / "report.html", evaluation.scores, [])
    assert anchors(parsed((tmp_path / "report.html").read_text())) == SECTIONS[:-1]


def test_what_costs_nothing_is_left_out(tmp_path: Path) -> None:
    found = evaluated(sample()[:3], ["reference"])
    scores = found.scores["reference"]
    scores["cost"] = dict.fromkeys(scores["cost"], 0) | {"usd": None}
    scores["latency"] = None
    page = written(tmp_path / "report.html", found)
    captions = [table.one("caption").text for table in page.one("section", id="cost").all("table")]
    assert captions == ["Time for a turn", "Failures"]
