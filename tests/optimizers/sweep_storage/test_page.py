"""The page about a sweep: in a browser, wide and narrow, light and dark; and what it says."""

from __future__ import annotations

import html
import re
from pathlib import Path

import matplotlib as mpl
import optuna
import pytest

from csc_dspy.evaluation import Score
from csc_dspy.optimizers.sweep.looking import write_report
from tests.optimizers.sweep_storage.searched import NASTY, searched, swept
from tests.support.browser import Page

FACTS = {"Language model": NASTY, "Seed": 0, "Nothing": None}
DARK = "getComputedStyle(document.body).backgroundColor"
WIDTH = "document.documentElement.scrollWidth <= innerWidth"


def _write(folder: Path, objectives: int) -> Path:
    prompts = folder / "artifact" / "prompts"
    prompts.mkdir(parents=True)
    (prompts / "predict.md").write_text("Choose one: 礼貌问候 <script>alert(1)</script>", encoding="utf-8")
    study = searched(objectives)
    write_report(folder / "report.html", swept(study, prompts.parent), study, FACTS)
    return folder / "report.html"


@pytest.fixture(scope="module", params=[1, 2], ids=["one objective", "two objectives"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("pages"), request.param)


def test_it_opens_everywhere(page: Path, browser: Page) -> None:
    grounds = {}
    for width in (1200, 390):
        for dark in (False, True):
            browser.look(width=width, dark=dark)
            browser.open(page)
            assert browser.errors == []
            assert browser.requests == [page.resolve().as_uri()]
            assert browser.evaluate(WIDTH)
            grounds[dark] = browser.evaluate(DARK)
    assert grounds == {False: "rgb(245, 246, 248)", True: "rgb(15, 19, 25)"}
    # Every mark of every picture is found and has room.
    sizes = "[...document.querySelectorAll('svg use')].map(e => e.getBBox()).map(b => b.width + b.height)"
    found = browser.evaluate(sizes)
    assert len(found) > 50
    assert min(found) > 0
    # The plots' own colours are gone.
    colours = "[...new Set([...document.querySelectorAll('svg *')].map(e => getComputedStyle(e).fill))]"
    assert not {"rgb(229, 229, 229)", "rgb(31, 119, 180)"} & set(browser.evaluate(colours))


def test_nothing_is_named_twice(page: Path) -> None:
    written = page.read_text("utf-8")
    ids = re.findall(r' id="([^"]+)"', written)
    assert len(set(ids)) == len(ids)
    used = re.findall(r' href="#([^"]+)"|clip-path="url\(#([^)]+)\)"', written)
    assert {one or other for one, other in used} <= set(ids)
    assert len(used) > 50


def test_texts_stay_texts(page: Path) -> None:
    written = page.read_text("utf-8")
    assert html.escape(NASTY, quote=False) in written
    assert NASTY not in written
    assert "<script" not in written
    assert "&lt;script&gt;alert(1)" in written
    assert "mathdefault" not in written
    assert "Nothing" not in written


@pytest.mark.parametrize("page", [1], indirect=True)
def test_what_it_says(page: Path, browser: Page) -> None:
    study = searched()
    found = swept(study)
    browser.open(page)
    result = browser.text("#result")
    assert found.statement in result
    assert f"{found.best.number}, winner" in result
    assert "0, baseline" in result
    assert "29.00 to 33.50" in result
    pruned = sum(trial.state.name == "PRUNED" for trial in study.trials)
    assert f"30 trials: {30 - pruned} complete, {pruned} pruned, 0 failed" in browser.text("#trials")
    first = browser.text("#trials tbody tr").split()
    assert first[0] == str(study.best_trial.number)
    assert first[-2] == f"{study.best_value:.2f}"
    assert browser.evaluate("document.querySelectorAll('#search .card').length") == 1
    # A parameter that had one value only is no parameter of the search.
    titles = browser.evaluate("[...document.querySelectorAll('#parameters h3')].map(e => e.innerText)")
    assert "prior.weight" in titles
    assert "language" not in titles
    browser.click("#prompts summary")
    assert "礼貌问候 <script>" in browser.text("#prompts pre")


@pytest.mark.parametrize("page", [2], indirect=True)
def test_two_objectives_have_a_front(page: Path, browser: Page) -> None:
    browser.open(page)
    titles = browser.evaluate("[...document.querySelectorAll('#search h3')].map(e => e.innerText)")
    assert titles == [
        "macro-f1, trial by trial",
        "tokens-per-turn, trial by trial",
        "Pareto front: tokens-per-turn over macro-f1",
    ]
    assert browser.text("#result").count(", front") == len(searched(2).best_trials)


def test_the_same_sweep_makes_the_same_bytes(page: Path, tmp_path: Path) -> None:
    objectives = 1 + ("Pareto" in page.read_text("utf-8"))
    before = mpl.get_backend(), dict(mpl.rcParams)
    assert _write(tmp_path, objectives).read_bytes() == page.read_bytes()
    assert (mpl.get_backend(), dict(mpl.rcParams)) == before


def test_a_search_of_one_trial_has_no_pictures(tmp_path: Path) -> None:
    study = optuna.create_study(direction="maximize")
    study.add_trial(optuna.create_trial(value=31.0, user_attrs={"note": "uncompiled"}))
    final = {"winner": {"macro-f1": Score(41.0, 38.0, 44.0)}, "baseline": {"macro-f1": Score(30.0)}}
    write_report(tmp_path / "report.html", swept(study, importance={}, test=final, partial=True), study, {})
    written = (tmp_path / "report.html").read_text("utf-8")
    assert "<svg" not in written
    assert 'id="search"' not in written
    assert "31.00" in written
    assert "On the test split" in written
    assert "38.00 to 44.00" in written
    assert "early, as a limit was reached" in written
