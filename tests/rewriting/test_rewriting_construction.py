"""The whole construction against a language model over HTTP: what is kept, what is dropped, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import csc_dspy as csc
from csc_dspy.conversations import derive_stages
from csc_dspy.exceptions import ConfigError, DataError, LabelError
from csc_dspy.lm import connect
from csc_dspy.redaction import Replaced
from csc_dspy.rewriting import Construction, Finish, Outcome, restore, rewrite
from csc_dspy.rewriting.keeping import read_map
from csc_dspy.rewriting.parting import Parting
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.rewriting.rewriting_pupil import RewritingPupil, call, calls
from tests.rewriting.transcripts import said, written
from tests.support.browser import Page
from tests.support.openai_server import LLMServer

Run = Callable[..., Outcome]
DROPPED = {
    "abuse": ("screen", "abuse", "turn 2 says so of no_abuse"),
    "impatience": ("screen", "impatient_supporter", "turn 2 says so of patient"),
    "indifference": ("screen", "indifferent_supporter", "turn 2 says so of caring"),
    "garbled": ("rewrite", "unreadable_rewriting", "line 1 names no speaker"),
    "changed": ("meaning", "meaning_changed", "it lost 03-15; it says 03-16, which is not in the transcript"),
    "changed-then-garbled": (
        "meaning",
        "meaning_changed",
        "not in the transcript; the rewriting cannot be read",
    ),
    "lost-placeholder": ("meaning", "meaning_changed", "it lost ["),
    "other-outcome": ("meaning", "meaning_changed", "its outcome is another one: turn 2 says so"),
    "brief": ("finish", "few_utterances", "2, at least 10 are wanted"),
    "lengthy": ("finish", "many_utterances", "60, at most 50 are wanted"),
    "abrupt": ("finish", "missing_strategy", "there is no greeting"),
    "unfinished": ("judge", "incomplete", "turn 2 says so of complete"),
    "untrue": ("judge", "untrue_strategies", "turn 2 says so of strategy_true"),
    "noise": ("judge", "third_party", "turn 2 says so of no_third_party"),
    "mixed": ("judge", "mixed_strategies", "turn 2 says so of one_strategy"),
}
LM = "openai/test"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def pupil(llm_server: LLMServer) -> RewritingPupil:
    pupil = RewritingPupil()
    llm_server.usually(pupil.behaviour())
    return pupil


@pytest.fixture
def run(llm_server: LLMServer, pupil: RewritingPupil, tmp_path: Path) -> Run:
    """Rewrites raw text into the folder ``out``."""

    def rewritten(raw: str, **options: Any) -> Outcome:  # noqa: ANN401  those of rewrite
        lm = connect(LM, api_base=llm_server.url, cache=False)
        try:
            return rewrite(written(tmp_path, raw, "raw.txt"), tmp_path / "out", lm=lm, **options)
        finally:
            lm.engine.close()

    assert pupil.asked.total() == 0
    return rewritten


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reason_once(run: Run, tmp_path: Path, language: Language) -> None:
    outcome = run(calls(["fine", *DROPPED, "fine"], (language,)))
    assert (outcome.funnel["in"], outcome.kept) == (len(DROPPED) + 2, 2)
    dropped = lines(tmp_path / "out" / "dropped.jsonl")
    assert len(dropped) == len(DROPPED)
    for row, (step, reason, detail) in zip(dropped, DROPPED.values(), strict=True):
        assert (row["step"], row["reason"]) == (step, reason)
        assert detail in row["detail"]
        # What was rewritten stands beside what it was.
        assert ("original" in row) == (step not in {"screen", "rewrite"})
        assert row["transcript"]
    steps = {step["step"]: (step["in"], step["out"]) for step in outcome.funnel["steps"]}
    assert steps == {
        "merge": (17, 17),
        "rules": (17, 17),
        "redact": (17, 17),
        "screen": (17, 14),
        "rewrite": (14, 13),
        "meaning": (13, 9),
        "finish": (9, 6),
        "judge": (6, 2),
        "stages": (2, 2),
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_kept(run: Run, pupil: RewritingPupil, tmp_path: Path, language: Language) -> None:
    run(call("fine", 1, language))
    assert pupil.asked == {
        "no_abuse_reason": 1,
        "rewriting": 1,
        "same_outcome_reason": 1,
        "complete_reason": 1,
    }
    (kept,) = csc.read(tmp_path / "out" / "conversations.jsonl", require_labels=True)
    assert (kept.language, kept.source) == (language, "transcripts, rewritten")
    followed = [turn.strategy.number for _, turn in kept.supporter_turns() if turn.strategy]
    assert followed == [1, 2, 3, 4, 5, 11]
    bare = [turn.model_copy(update={"stage": None}) for turn in kept.dialogue]
    assert derive_stages(bare, kept.taxonomy) == kept.stages()
    placeholder = "[电话1]" if language == "zh" else "[PHONE_1]"
    assert placeholder in kept.dialogue[3].text
    statistics = json.loads((tmp_path / "out" / "statistics.json").read_text(encoding="utf-8"))
    assert statistics["dialogues"] == 1
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "rewritten from raw transcripts by a language model" in card
    assert "| `fewest_utterances` | 10 |" in card


@pytest.mark.parametrize(
    ("matter", "asked"),
    [("mend-form", (2, 1)), ("mend-meaning", (2, 1)), ("mend-outcome", (2, 2)), ("notice", (1, 1))],
)
def test_flaws_are_mended_once(run: Run, pupil: RewritingPupil, matter: str, asked: tuple[int, int]) -> None:
    outcome = run(calls([matter] * 2))
    assert outcome.kept == 2
    rewritings, outcomes = asked
    assert pupil.asked["rewriting"] == 2 * rewritings
    assert pupil.asked["same_outcome_reason"] == 2 * outcomes
    assert set(pupil.seen.values()) == {1}


def test_a_call_that_is_there_twice_is_asked_about_once(run: Run, pupil: RewritingPupil) -> None:
    outcome = run("\n".join([call("mend-outcome", 1)] * 8))
    assert outcome.kept == 8
    assert set(pupil.seen.values()) == {1}
    assert pupil.asked.total() == 6


def test_the_language_model_is_told_what_was_wrong(run: Run, llm_server: LLMServer) -> None:
    run(calls(["mend-meaning", "mend-form"]))
    sent = [request.json["messages"][-1]["content"] for request in llm_server.requests]
    flaws = [found[1] for text in sent if (found := re.search(r"## flaws ## \]\]\n(.*)", text))]
    assert sorted(flaws) == [
        "line 1 names no speaker; line 2 names no speaker",
        "缺少了03-15；出现了转写稿中没有的03-16",
    ]


def test_nothing_personal_is_sent(run: Run, llm_server: LLMServer) -> None:
    run(calls(["fine", "mend-meaning"]))
    sent = b"".join(request.body for request in llm_server.requests).decode()
    assert "[PHONE_1]" in sent
    assert not [secret for secret in ("13800132000", "415-555-2001") if secret in sent]


def test_another_taxonomy(run: Run, pupil: RewritingPupil, tmp_path: Path) -> None:
    esconv = pupil.taxonomy = load_taxonomy("esconv")
    # Of other taxonomies it is not known what opens and closes a conversation.
    outcome = run(calls(["fine", "abrupt"]), taxonomy=esconv)
    assert outcome.kept == 2
    kept = list(csc.read(tmp_path / "out" / "conversations.jsonl", taxonomy="esconv", require_labels=True))
    assert {turn.strategy.taxonomy for each in kept for turn in each.dialogue if turn.strategy} == {"esconv"}


def test_stages_by_the_tracker(run: Run, pupil: RewritingPupil, tmp_path: Path) -> None:
    outcome = run(call("fine", 1), construction=Construction(stages="tracker"))
    assert (outcome.kept, pupil.asked["stage"]) == (1, 6)
    (kept,) = csc.read(tmp_path / "out" / "conversations.jsonl")
    assert [turn.stage.number for _, turn in kept.supporter_turns() if turn.stage] == [1, 1, 1, 2, 2, 3]
    assert "stage tracker" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_thresholds_and_switches(run: Run, pupil: RewritingPupil) -> None:
    def kept(raw: str, **options: Any) -> int:  # noqa: ANN401  those of Construction
        return run(raw, construction=Construction(**options)).kept

    assert kept(call("brief", 1), finish=Finish(fewest_utterances=2, required_strategies=())) == 1
    assert kept(call("lengthy", 1), finish=Finish(most_utterances=60)) == 1
    assert kept(call("fine", 1), finish=Finish(required_strategies=("RC",))) == 0
    assert kept(call("abuse", 1), screen=False) == 1
    assert kept(call("noise", 1), judge=False) == 1
    assert pupil.asked["complete_reason"] == 3


def test_split_by_dialogue(run: Run, tmp_path: Path) -> None:
    # Those of one language are alike, so they stay together.
    parting = Parting({"train": 0.5, "dev": 0.5}, seed=0)
    outcome = run(calls(["fine"] * 6), construction=Construction(parting=parting))
    assert outcome.to_dict()["parts"] == {"train": 3, "dev": 3}
    for part in ("train", "dev"):
        kept = list(csc.read(tmp_path / "out" / "split", part=part))
        assert (len(kept), len({each.language for each in kept})) == (3, 1)
    assert "path: split/train.jsonl" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "| train | 3 |" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_a_split_that_leaves_a_part_empty_can_be_mended(
    run: Run, pupil: RewritingPupil, tmp_path: Path
) -> None:
    parting = Parting({"train": 0.5, "dev": 0.5})
    with pytest.raises(DataError, match="would get none of the 1 dialogues"):
        run(call("fine", 1), construction=Construction(parting=parting))
    assert not (tmp_path / "out").exists()
    asked = pupil.asked.total()
    assert run(call("fine", 1), resume=True).kept == 1
    assert pupil.asked.total() == asked


def test_nothing_kept_is_a_result_too(run: Run, tmp_path: Path) -> None:
    parting = Parting({"train": 0.5, "dev": 0.5})
    outcome = run(call("abuse", 1), construction=Construction(parting=parting))
    assert (outcome.kept, outcome.funnel["parts"]) == (0, {})
    assert not (tmp_path / "out" / "statistics.json").exists()


def test_the_map_fits_what_was_rewritten(run: Run, tmp_path: Path) -> None:
    run(call("mend-outcome", 1), keep_map=tmp_path / "map.json")
    (kept,) = csc.read(tmp_path / "out" / "conversations.jsonl")
    (entries,) = read_map(tmp_path / "map.json").values()
    back = restore(
        kept, (Replaced(e["turn"], e["start"], e["placeholder"], "phone", e["text"]) for e in entries)
    )
    assert "号码是13800132001" in said(back)[3][1]


def test_the_report_shows_both_sides(run: Run, tmp_path: Path, browser: Page) -> None:
    run(calls(["fine", "abuse", "brief"]))
    browser.open(tmp_path / "out" / "report.html")
    assert browser.errors == []
    funnel = browser.evaluate("document.querySelector('.funnel').innerText")
    assert [word in funnel for word in ("somebody is abused in it", "rewritten", "passed the judge")] == [
        True
    ] * 3
    browser.click(".pair summary")
    before, after = browser.evaluate(
        "[...document.querySelectorAll('.pair[open] .sides > div')].map(e => e.innerText)"
    )
    assert "号码是▇" in before
    assert ("确认身份" in before, "确认身份" in after) == (False, True)


@pytest.mark.parametrize("lm", ["embedded", "embedded/mine"])
def test_the_embedded_engine_cannot_write(tmp_path: Path, lm: str) -> None:
    with pytest.raises(ConfigError, match="needs a real language model"):
        rewrite(written(tmp_path, call("fine", 1)), tmp_path / "out", lm=lm)
    with pytest.raises(ConfigError, match="needs a real language model"):
        rewrite(tmp_path / "raw.txt", tmp_path / "out", lm=lm, construction=Construction())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw.txt"]


def test_a_strategy_that_is_none_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(LabelError):
        Construction(finish=Finish(required_strategies=("Singing",)))
