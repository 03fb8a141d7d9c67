"""The review sheet: what is in it, what spreadsheet programs make of it, and the page in a browser."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.auditing import Audit, clean, read_decisions, write_sheet
from csc_dspy.auditing.cells import csv_text, neutral, plain, read_csv
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Language
from tests.support.browser import Page


def test_table_and_json(found: Audit, tmp_path: Path) -> None:
    table, page, result = write_sheet(found, tmp_path / "review")
    assert [each.name for each in (table, page, result)] == ["review.csv", "review.html", "audit.json"]
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = [*csv.DictReader(io.StringIO(table.read_bytes().decode("utf-8-sig"), newline=""))]
    assert len(rows) == len(found.suspects)
    for row, suspect in zip(rows, found.suspects, strict=True):
        assert (row["dialogue"], int(row["turn"])) == (suspect.dialogue, suspect.turn)
        assert (plain(row["text"]), row["why"]) == (suspect.text, suspect.why)
        assert row["given_strategy"] == suspect.strategy.given.name[suspect.language]
        assert row["proposed_1"] == suspect.strategy.likely.name[suspect.language]
        assert row["decision"] == row["new_strategy"] == ""
    assert json.loads(result.read_bytes()) == found.to_dict()
    # Nothing is decided yet, so there is nothing to be carried out.
    assert [*read_decisions(table, found.taxonomy)] == []


@pytest.mark.parametrize(
    "text", ["=1+1", "+49", "-5", "@SUM(A1)", " =1", "\t=1", "＝1+1", "'quoted'", "\r=cmd", "|x", "%x"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert neutral(text) == f"'{text}"
    assert plain(neutral(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_cells_come_back_as_they_were(text: str) -> None:
    assert plain(neutral(text)) == text
    assert not neutral(text).lstrip().startswith(("=", "+", "-", "@"))


def test_a_table_saved_by_a_spreadsheet_program_is_read(tmp_path: Path) -> None:
    file = tmp_path / "saved.csv"
    file.write_bytes(b'\xef\xbb\xbfdialogue;turn;decision\r\n\'-1;2;keep\r\n;;\r\n"two\nlines";3;unsure\r\n')
    assert [*read_csv(file)] == [
        (2, {"dialogue": "-1", "turn": "2", "decision": "keep"}),
        (4, {"dialogue": "two\nlines", "turn": "3", "decision": "unsure"}),
    ]
    file.write_bytes("决定".encode("gbk"))
    with pytest.raises(DataError, match="UTF-8"):
        [*read_csv(file)]
    assert csv_text(("a", "b"), [("=1", 0.5), (None, "x")]) == "\ufeffa,b\r\n'=1,0.5\r\n,x\r\n"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_and_back_by_keys(
    browser: Page, found: Audit, conversations: list[Conversation], tmp_path: Path, language: Language
) -> None:
    _, page, _ = write_sheet(found, tmp_path / "review", language=language)
    browser.open(page)
    assert browser.text(".doubtful").endswith(found.suspects[0].text)
    assert browser.text("#why") == found.suspects[0].why
    browser.press("1", "k", "u")
    progress = {"en": "Turn 4 of 6, 3 decided", "zh": "第4句，共6句，已决定3句"}
    assert browser.text("#progress") == progress[language]
    # The fourth gets another stage and a note, by the fields.
    stage = next(each for each in found.taxonomy.stages if each != found.suspects[3].stage.given)  # type: ignore[union-attr]  # the samples give stages
    browser.evaluate(
        f"(() => {{ const s = document.querySelector('#stage'); s.value = '{stage.id}';"
        "s.dispatchEvent(new Event('change')); })()"
    )
    browser.click("#note")
    browser.type("=why")
    browser.click("#download")
    browser.type("复核员 A")
    browser.reopen(page, "document.querySelector('#who').value === '复核员 A'")
    assert browser.text("#progress").startswith(progress[language][:5])
    file = browser.downloaded("#download")
    first, second, third, fourth = read_decisions(file, found.taxonomy)
    assert [each.verdict for each in (first, second, third, fourth)] == ["change", "keep", "unsure", "change"]
    assert first.strategy == found.suspects[0].strategy.likely
    assert (fourth.strategy, fourth.stage, fourth.note) == (None, stage, "=why")
    assert {each.who for each in (first, second, third, fourth)} == {"复核员 A"}
    assert first.when is not None
    assert first.when.startswith("20")
    cleaned = clean(conversations, [first, second, third, fourth], tmp_path / "cleaned")
    assert (cleaned.changed_strategies, cleaned.changed_stages) == (1, 1)
    assert browser.errors == []
    assert {request.partition(":")[0] for request in browser.requests} <= {"file", "blob"}


def test_texts_are_texts(browser: Page, found: Audit, tmp_path: Path) -> None:
    attack = "</script><script>document.title = 'owned'</script><img src=x>"
    suspect = replace(found.suspects[0], why=attack)
    _, page, _ = write_sheet(replace(found, suspects=(suspect,)), tmp_path / "review", language="en")
    browser.open(page)
    assert browser.text("#why") == attack
    assert browser.evaluate("document.title") == "Labels in doubt"
    assert browser.evaluate("document.querySelectorAll('img').length") == 0


def test_clicks_and_the_other_strategies(browser: Page, found: Audit, tmp_path: Path) -> None:
    _, page, _ = write_sheet(found, tmp_path / "review", language="en")
    browser.open(page)
    browser.click("#choose-unsure")
    assert browser.evaluate("document.querySelector('#choose-unsure').ariaPressed") == "true"
    choose = (
        "(() => {{ const s = document.querySelector('#strategy'); s.value = '{}'; "
        "s.dispatchEvent(new Event('change')); }})()"
    )
    browser.evaluate(choose.format("others"))
    assert browser.evaluate("document.querySelector('#choose-unsure').ariaPressed") == "false"
    assert browser.text("#progress") == "Turn 1 of 6, 1 decided"
    browser.evaluate(choose.format(""))
    assert browser.text("#progress") == "Turn 1 of 6, 0 decided"
    browser.click("#next")
    assert browser.text("#progress") == "Turn 2 of 6, 0 decided"
    browser.press("ArrowLeft")
    assert browser.evaluate("document.querySelector('#previous').disabled") is True
