"""The report: figures held against other ways to count, and a page that opens anywhere."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

import csc_dspy as csc
from csc_dspy.exceptions import DataError
from csc_dspy.roleplay._base import Failed, Flaw
from csc_dspy.roleplay.output import Corpus
from csc_dspy.roleplay.report import again
from csc_dspy.roleplay.report.survey import survey
from csc_dspy.taxonomy import Language
from tests.roleplay.played import COPC, plays, task, with_text
from tests.support.browser import Page

IDS = [each.id for each in COPC.strategies]
HOSTILE = "</script><script>document.title='caught'</script><img src=x onerror=alert(1)>"


def written(
    out: Path, language: Language = "en", count: int = 12, against: str | None = None
) -> dict[str, Any]:
    with Corpus(out, COPC) as corpus:
        for number, each in enumerate(plays(language, count)):
            if number % 4 == 3:
                said = with_text(each, 3, HOSTILE)
                corpus.reject(said, [Flaw("language", HOSTILE, 3), Flaw("pattern", "again and again")])
            else:
                corpus.keep(each)
        corpus.fail(Failed(task(language, 99), "rate_limit", HOSTILE, calls=1))
        corpus.finish({"models": {"planner": "a", "supporter": "b"}}, against=against)
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report


def strategies(source: object, language: Language) -> list[list[str]]:
    return [
        [turn.strategy.id for _, turn in each.supporter_turns() if turn.strategy]
        for each in csc.read(str(source), language=language)
    ]


def distance(one: Counter[Any], other: Counter[Any]) -> float:
    keys = sorted({*one, *other}, key=str)
    return float(jensenshannon([one[key] for key in keys], [other[key] for key in keys], base=2) ** 2)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_distributions_and_divergences(tmp_path: Path, language: Language) -> None:
    report = written(tmp_path / "out", language)
    ours, target = strategies(tmp_path / "out", language), strategies("rolecs-sample", language)
    of_ours, of_target = (Counter(id_ for each in them for id_ in each) for them in (ours, target))
    assert report["target"] == "rolecs-sample"
    assert {each["id"]: each["count"] for each in report["strategies"]} == {id_: of_ours[id_] for id_ in IDS}
    shares = {each["id"]: each["target"] for each in report["strategies"]}
    assert shares == pytest.approx({id_: of_target[id_] / of_target.total() for id_ in IDS})
    steps = [Counter(step for each in them for step in pairwise([None, *each])) for them in (ours, target)]
    assert report["divergence"]["strategies"] == pytest.approx(distance(of_ours, of_target), abs=1e-9)
    assert report["divergence"]["transitions"] == pytest.approx(distance(*steps), abs=1e-9)
    first = report["transitions"][0]
    told = (first["from"], first["to"])
    assert first["share"] == pytest.approx(steps[0][told] / steps[0].total())
    shares_of_both = [{step: count / of.total() for step, count in of.items()} for of in steps]
    apart = {
        step: np.ptp([each.get(step, 0.0) for each in shares_of_both]) for step in {**steps[0], **steps[1]}
    }
    assert apart[told] == pytest.approx(max(apart.values()))


def test_against_itself_nothing_is_apart(tmp_path: Path) -> None:
    written(tmp_path / "out")
    report = again(tmp_path / "out", against=str(tmp_path / "out"))
    assert report["divergence"] == pytest.approx({"strategies": 0, "stages": 0, "transitions": 0}, abs=1e-12)
    assert all(each["value"] == each["target"] for by in report["distinct"].values() for each in by.values())


def test_another_corpus_to_compare_with(tmp_path: Path) -> None:
    report = written(tmp_path / "out", against="csconv-sample")
    assert report["target"] == "csconv-sample"
    assert report["divergence"]["strategies"] > 0
    assert again(tmp_path / "out")["target"] == "rolecs-sample"
    with pytest.raises(DataError, match="nowhere"):
        again(tmp_path / "out", against="nowhere")


def test_distinct_is_the_mean_within_dialogues() -> None:
    one = next(plays("en", 1))
    texts = {"supporter": "a b a b", "customer": "c d e f"}
    turns = tuple(turn.model_copy(update={"text": texts[turn.speaker]}) for turn in one.turns[:2])
    again_and_again = replace(one, turns=turns).conversation(COPC)
    all_new = replace(one, turns=(turns[0].model_copy(update={"text": "g h"}), turns[1])).conversation(COPC)
    found = survey([again_and_again, all_new])
    assert found is not None
    assert found.distinct["supporter"] == pytest.approx({"1": (50 + 100) / 2, "2": (100 * 2 / 3 + 100) / 2})
    assert found.distinct["customer"] == {"1": 100.0, "2": 100.0}


def test_what_they_are_about_and_who_calls(tmp_path: Path) -> None:
    report = written(tmp_path / "out", "zh")
    assert report["facts"]["topic"] == {"技术支持": 9}
    assert report["facts"]["ended"] == {"closure": 9}
    assert report["events"] == {"outage": 3}
    assert report["profiles"]["age"] == {"20–29": 8, "30–39": 1}
    assert report["coverage"]["channel"]["seen"] + report["coverage"]["channel"]["other"] >= 1


@pytest.mark.parametrize(("usd", "told"), [(1.5, "Cost\n1.75 USD"), (None, "Cost\nprice not known")])
def test_what_it_has_cost(tmp_path: Path, browser: Page, usd: float | None, told: str) -> None:
    played = replace(next(plays("en", 1)), usd=usd)
    with Corpus(tmp_path / "out", COPC) as corpus:
        corpus.keep(played)
        corpus.fail(Failed(played.task, "timeout", "no answer", usd=0.25))
        corpus.finish({})
    browser.open(tmp_path / "out" / "report.html")
    assert told in browser.text("header dl")


def test_what_was_not_kept(tmp_path: Path) -> None:
    report = written(tmp_path / "out")
    told = [(each["reason"], each["first"], each["count"]) for each in report["rejected"]]
    assert told == [("language", 3, 3), ("pattern", 0, 3)]
    example = report["rejected"][0]["examples"][0]
    assert (example["turn"], example["text"]) == (3, HOSTILE)
    assert [(each["reason"], each["count"]) for each in report["failed"]] == [("rate_limit", 1)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_needs_nothing_and_is_not_caught(tmp_path: Path, browser: Page, language: Language) -> None:
    written(tmp_path / "out", language)
    for width in (1100, 400):
        browser.look(width=width)
        browser.open(tmp_path / "out" / "report.html")
        assert browser.errors == []
        assert len(browser.requests) == 1
        assert browser.evaluate("document.title") == "Role play"
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.text("h1") == "9 conversations kept"
    assert browser.evaluate("document.querySelectorAll('#distributions .pairs i').length") == 2 * (12 + 5)
    assert HOSTILE in browser.evaluate("document.querySelector('#rejected').textContent")


def test_bars_are_as_long_as_shares(tmp_path: Path, browser: Page) -> None:
    report = written(tmp_path / "out")
    browser.open(tmp_path / "out" / "report.html")
    drawn = browser.evaluate(
        "[...document.querySelector('.pairs').querySelectorAll('i')].map(e => e.offsetWidth)"
    )
    shares = np.array([(each["share"], each["target"]) for each in report["strategies"]]).ravel()
    assert np.array(drawn) / max(drawn) == pytest.approx(shares / shares.max(), abs=0.02)
