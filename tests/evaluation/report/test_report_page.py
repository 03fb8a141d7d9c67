"""What is on the page, read without a browser."""

from __future__ import annotations

import re
from collections import Counter

from csc_dspy.evaluation.report.wording import HEADLINE, METRICS
from csc_dspy.metrics import HEADLINE as HEADLINE_METRICS
from csc_dspy.metrics import METRICS as ALL_METRICS
from csc_dspy.metrics import metric
from csc_dspy.taxonomy import load_taxonomy
from tests.evaluation.report.document import SECTIONS, Node, anchors
from tests.evaluation.report.evaluated import Evaluated


def test_every_section_is_there_and_in_the_contents(document: Node) -> None:
    assert anchors(document) == SECTIONS
    links = [link.attributes["href"] for link in document.one("nav").all("a")]
    assert links == [f"#{anchor}" for anchor in SECTIONS]
    assert document.one("h1").text == document.one("title").text == "support-agent on csconv-sample:test"


def test_headline_has_both_contexts_with_intervals(document: Node, evaluation: Evaluated) -> None:
    table = document.one("section", id="scores").all("table")[0]
    assert [cell.text for cell in table.one("thead").all("th")][1:] == [
        "Reference context",
        "Generated context",
    ]
    names = [row.all("small")[0].attributes["title"] for row in table.one("tbody").all("tr")]
    assert names == list(HEADLINE_METRICS)
    for row, name in zip(table.one("tbody").all("tr"), HEADLINE_METRICS, strict=True):
        for cell, context in zip(row.all("td"), ("reference", "generated"), strict=True):
            score = evaluation.scores[context][name]
            assert cell.all("b")[0].text == f"{score['value']:.2f}"
            assert cell.one("small").text == f"{score['low']:.2f}–{score['high']:.2f}"


def test_scores_by_language(document: Node, evaluation: Evaluated) -> None:
    table = document.one("section", id="scores").all("table")[1]
    assert [head.text for head in table.one("thead").all("th")][1:] == [
        "ChineseReference",
        "EnglishReference",
        "ChineseGenerated",
        "EnglishGenerated",
    ]
    accuracy = next(row for row in table.all("tr") if row.all("th")[0].text == "Strategy accuracy")
    shown = [cell.one("b").text for cell in accuracy.all("td")]
    languages = [evaluation.scores[context]["languages"] for context in ("reference", "generated")]
    assert shown == [f"{of[language]['ACC']['value']:.2f}" for of in languages for language in ("zh", "en")]


def test_wording_agrees_with_the_metrics() -> None:
    taxonomy = load_taxonomy()
    for name in ALL_METRICS:
        one = metric(name, taxonomy)
        assert (METRICS[name].percent, METRICS[name].higher_is_better) == (
            one.unit == "percent",
            one.higher_is_better,
        ), name
    assert [name for name in HEADLINE if name in HEADLINE_METRICS] == list(HEADLINE_METRICS)


def test_charts_say_in_words_and_tables_what_they_show(document: Node, evaluation: Evaluated) -> None:
    charts = document.all("figure")
    # Bars, confusions, stages and calibration, in either context.
    assert len(charts) == 8
    labels = [chart.one("svg").attributes["aria-label"] for chart in charts]
    assert len(set(labels)) == 8
    assert all(chart.one("svg").attributes["role"] == "img" for chart in charts)
    tables = {table.one("caption").text: table for table in document.all("table")}
    confusion = evaluation.scores["reference"]["confusion"]
    rows = tables["Confusions: reference context"].one("tbody").all("tr")
    assert [[int(cell.text) for cell in row.all("td")] for row in rows] == confusion["counts"]
    scores = evaluation.scores["generated"]["strategies"]
    rows = tables["By strategy: generated context"].one("tbody").all("tr")
    assert [row.all("td")[-1].text for row in rows] == [f"{score['f1']:.1f}" for score in scores]


def test_chart_colours_are_those_of_the_page(document: Node) -> None:
    styles = [node.attributes.get("style") or "" for tag in ("path", "text") for node in document.all(tag)]
    colours = Counter(re.findall(r"(?:fill|stroke):([^;]+)", ";".join(styles)))
    assert set(colours) == {
        "none",
        *(f"var(--{role})" for role in ("ink", "muted", "line", "agree", "differ", "paper")),
    }


def test_heatmap_writes_every_count(document: Node, evaluation: Evaluated) -> None:
    chart = next(
        svg for svg in document.all("svg") if "Confusions: reference" in (svg.attributes["aria-label"] or "")
    )
    shown = Counter(text.text for text in chart.all("text") if text.text.isdigit())
    counts = evaluation.scores["reference"]["confusion"]["counts"]
    assert shown == Counter(str(count) for row in counts for count in row if count)


def test_most_frequent_mistakes_lead_to_their_conversations(document: Node, evaluation: Evaluated) -> None:
    confusion = evaluation.scores["reference"]["confusion"]
    wrong = [
        count
        for gold, row in zip(confusion["rows"], confusion["counts"], strict=True)
        for predicted, count in zip(confusion["columns"], row, strict=True)
        if predicted != gold
    ]
    table = next(
        t
        for t in document.all("table")
        if t.one("caption").text == "Most frequent mistakes: reference context"
    )
    rows = table.one("tbody").all("tr")
    assert [int(row.all("td")[1].text) for row in rows] == sorted(wrong, reverse=True)[:8]
    assert all(
        (row.one("a").attributes["href"] or "").startswith("#context=reference&expected=") for row in rows
    )


def test_conversations_are_complete_and_the_worst_come_first(document: Node, evaluation: Evaluated) -> None:
    shown = document.one("div", id="list").all("details")
    wrong = {
        conversation.id: sum(
            attempt.predicted.strategy != attempt.example.turn.strategy
            for of in attempts.values()
            for attempt in of
        )
        / sum(map(len, attempts.values()))
        for conversation, attempts in evaluation.dialogues
    }
    names = [each.one("summary").all("b")[0].text for each in shown]
    assert sorted(names) == sorted(name for name in wrong if name)
    assert [wrong[name] for name in names] == sorted(wrong.values(), reverse=True)
    by_name = {conversation.id: conversation for conversation, _ in evaluation.dialogues}
    for name, details in zip(names, shown, strict=True):
        texts = [paragraph.text for paragraph in details.all("p")]
        assert all(turn.text in texts for turn in by_name[name].dialogue)


def test_answers_are_marked_as_they_are(document: Node, evaluation: Evaluated) -> None:
    for conversation, attempts in evaluation.dialogues[:5]:
        (details,) = (
            each
            for each in document.one("div", id="list").all("details")
            if each.one("summary").all("b")[0].text == conversation.id
        )
        for place, context in enumerate(("reference", "generated"), start=1):
            cells = [turn.children[place] for turn in details.all("div", **{"class": "turn"})]
            for cell, attempt in zip(cells, attempts[context], strict=True):
                assert isinstance(cell, Node)
                said, gold = attempt.predicted.strategy, attempt.example.turn.strategy
                assert ("data-w" in cell.attributes) == (said != gold)
                assert ("data-f" in cell.attributes) == (attempt.predicted.error is not None)
                if said and gold:
                    assert cell.attributes.get("data-p", gold.abbreviation) == said.abbreviation
                    assert cell.one("b").text.startswith(said.name.en)


def test_chinese_is_marked_as_chinese(document: Node) -> None:
    assert document.one("html").attributes["lang"] == "en"
    for details in document.one("div", id="list").all("details"):
        language = details.attributes["data-l"]
        texts = {
            text.attributes.get("lang", "en") for text in details.all("p") if "class" not in text.attributes
        }
        assert texts == {language}
