"""``csc-dspy roleplay`` as a command: what it writes, what it says, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import csc_dspy
from csc_dspy.roleplay import Outcome, Plan
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.conftest import CSC
from tests.roleplay.playing_pupil import PlayingPupil
from tests.support.openai_server import LLMServer


@pytest.fixture
def pupil() -> PlayingPupil:
    return PlayingPupil()


@pytest.fixture
def server(llm_server: LLMServer, pupil: PlayingPupil) -> LLMServer:
    llm_server.usually(pupil.behaviour())
    return llm_server


@pytest.fixture
def at(server: LLMServer) -> tuple[str, ...]:
    return ("--lm", "openai/test", "--api-base", server.url, "--no-cache")


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_the_embedded_engine_tries_the_chain(csc: CSC, tmp_path: Path) -> None:
    asked = ("roleplay", "--count", "20", "--language", "zh", "--lm", "embedded", "--json", "--quiet")
    first, second = (csc(*asked, "--out", out) for out in ("a", "b"))
    assert first.returncode == 0
    assert first.stderr == (
        "the embedded engine retrieves lines from the packaged samples: for trying the chain only\n"
    )
    told = json.loads(first.stdout)
    assert (told["made"], told["failed"]) == (20, 0)
    assert told["kept"] + told["rejected"] == 20
    assert sum(told["rejected_by"].values()) == told["rejected"]
    assert told["calls"] > 20
    kept = rows(tmp_path / "a" / "roleplay.jsonl")
    assert len(kept) == told["kept"]
    for row in kept:
        assert row["engine"] == "embedded"
        assert "trying the chain only" in row["note"]
        assert set(row["models"].values()) == {"embedded"}
    for name in ("roleplay.jsonl", "rejected.jsonl", "failed.jsonl", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    conversations = csc_dspy.read(str(tmp_path / "a"))
    assert len(list(conversations)) == told["kept"]
    assert second.returncode == 0
    assert not list(tmp_path.glob(".*.journal"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fast", [(), ("--fast",)])
def test_a_corpus(
    csc: CSC,
    at: tuple[str, ...],
    server: LLMServer,
    tmp_path: Path,
    language: Language,
    fast: tuple[str, ...],
) -> None:
    done = csc("roleplay", "--count", "6", "--language", language, "--out", "out", "--json", *at, *fast)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["made"], told["kept"] + told["rejected"], told["failed"]) == (6, 6, 0)
    assert told["kept"] > 0
    assert told["calls"] == len(server.requests)
    tasks = list(Plan(count=6, language=language).tasks())
    ids = {f"roleplay-{task.key[:16]}" for task in tasks}
    written = rows(tmp_path / "out" / "roleplay.jsonl")
    assert {row["id"] for row in written} <= ids
    for row in written:
        assert row["dialogue"][0]["strategy"] == "策略1 礼貌问候"
        assert row["dialogue"][-1]["strategy"] == "策略11 感谢与告别"
        assert all(turn["stage"] for turn in row["dialogue"] if turn["strategy"])
        assert set(row["models"].values()) == {"openai/test"}
        assert all(row["judgement"].values())
    assert not list(tmp_path.glob(".*.journal"))


def test_what_the_judge_finds_fault_with_is_kept_aside(
    csc: CSC, at: tuple[str, ...], pupil: PlayingPupil, server: LLMServer, tmp_path: Path
) -> None:
    pupil.unmet = lambda _question: True
    asked = ("roleplay", "--count", "4", "--language", "en", "--fast", *at)
    done = csc(*asked, "--out", "judged")
    assert done.returncode == 0
    assert "0 of 4 dialogues are kept" in done.stdout
    assert "rejected: strategy_adherence" in done.stdout
    aside = rows(tmp_path / "judged" / "rejected.jsonl")
    assert any(len(row["reasons"]) == 5 for row in aside)
    server.requests.clear()
    assert csc(*asked, "--no-judge", "--out", "unjudged").returncode == 0
    assert pupil.asked["strategy_adherence_reason"] > 0
    questions = [each.json["messages"][-1]["content"] for each in server.requests]
    assert not any("strategy_adherence" in question for question in questions)


def test_a_plan_costs_nothing(csc: CSC, server: LLMServer, at: tuple[str, ...], tmp_path: Path) -> None:
    asked = ("roleplay", "--plan", "--count", "40", "--language", "zh", "--difficulty", "hard,困难", *at)
    shown = csc(*asked, "--json", "--price", "1,2", "--max-usd", "5")
    assert (shown.returncode, shown.stderr, server.requests) == (0, "", [])
    told = json.loads(shown.stdout)
    assert (told["count"], told["difficulties"]) == (40, {"hard": 40})
    cost = told["cost"]
    # Twenty-four turns, four calls for two of them, and the plan.
    assert 40 * 40 <= cost["calls"] <= 40 * 60
    assert cost["usd"] == pytest.approx((cost["input_tokens"] + 2 * cost["output_tokens"]) / 1e6, abs=0.01)
    fast = json.loads(csc(*asked, "--json", "--fast").stdout)["cost"]
    assert 0.45 < fast["calls"] / cost["calls"] < 0.6
    assert fast["usd"] is None
    assert "the price is not known" in csc(*asked).stdout
    assert list(tmp_path.iterdir()) == []


def test_the_estimate_is_near_what_is_asked(
    csc: CSC, server: LLMServer, pupil: PlayingPupil, at: tuple[str, ...]
) -> None:
    pupil.leaves_after, pupil.choose = 22, lambda allowed, _: allowed[0]
    asked = ("roleplay", "--count", "2", "--language", "en", "--no-judge", "--events", "0", "--json", *at)
    expected = json.loads(csc(*asked, "--plan").stdout)["cost"]
    told = json.loads(csc(*asked, "--out", "out").stdout)
    assert expected["calls"] == pytest.approx(told["calls"], rel=0.15)
    characters = sum(len(each["content"]) for got in server.requests for each in got.json["messages"])
    assert expected["input_tokens"] == pytest.approx(characters / 4, rel=0.2)


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("--count", "2"), "error: csc-dspy roleplay: --out is missing"),
        (("--out", "x", "--topics", "ordres"), "'ordres' is not among what there is"),
        (("--out", "x", "--judge"), "the embedded engine cannot judge"),
        (("--out", "x", "--customer-lm", "openai/x"), "the embedded engine cannot play planner"),
        (("--out", "x", "--taxonomy", "esconv"), "samples that have no labels of 'esconv'"),
        (("--out", "x", "--max-turns", "2"), "--max-turns"),
        (("--out", "x", "--profiles", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--out", "x", "--compiled", "nowhere"), "nowhere"),
        (("--out", "x", "--events", "2"), "--events"),
        (("--out", "x", "--ray-workers", "2"), "--ray-workers: is for --engine ray"),
    ],
)
def test_refusals(csc: CSC, tmp_path: Path, args: tuple[str, ...], problem: str) -> None:
    done = csc("roleplay", *args)
    assert done.returncode == 2
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_it_has_cost(csc: CSC, at: tuple[str, ...]) -> None:
    asked = ("roleplay", "--count", "2", "--language", "en", "--fast", *at)
    priced = csc(*asked, "--out", "priced", "--price", "1,1", "--json")
    told = json.loads(priced.stdout)
    assert told["usd"] == pytest.approx(told["tokens"] / 1e6, abs=1e-6)
    assert told["usd"] > 0
    assert json.loads(csc(*asked, "--out", "unpriced", "--json").stdout)["usd"] is None
    assert " USD" in csc(*asked, "--out", "priced", "--price", "9000,9000").stdout


def test_a_wrong_key_stops_at_once(csc: CSC, server: LLMServer, at: tuple[str, ...], tmp_path: Path) -> None:
    server.key = "sk-right"
    done = csc("roleplay", "--count", "50", "--out", "out", *at, env={"OPENAI_API_KEY": "sk-wrong"})
    assert done.returncode == 2
    assert "Incorrect API key" in done.stderr
    assert not (tmp_path / "out").exists()
    # As many as were on their way.
    assert len(server.requests) <= 32


def test_another_taxonomy(csc: CSC, at: tuple[str, ...], tmp_path: Path) -> None:
    asked = ("--count", "4", "--taxonomy", "esconv", "--language", "en", "--fast", "--no-judge", "--json")
    done = csc("roleplay", *asked, "--out", "out", *at)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["made"] == 4
    names = {each.label for each in load_taxonomy("esconv").strategies}
    written = rows(tmp_path / "out" / "roleplay.jsonl")
    aside = [row["conversation"] for row in rows(tmp_path / "out" / "rejected.jsonl")]
    labels = {turn["strategy"] for row in [*written, *aside] for turn in row["dialogue"] if turn["strategy"]}
    assert labels <= names


def test_balance_favours_what_a_corpus_lacks(csc: CSC) -> None:
    shown = csc("roleplay", "--plan", "--count", "60", "--balance", "--against", "rolecs-sample", "--json")
    assert shown.returncode == 0, shown.stderr
    favoured = json.loads(shown.stdout)["favoured"]
    assert favoured
    assert not favoured.keys() & {"greeting", "appreciation_closure"}


def test_from_python(server: LLMServer, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"count": 3, "language": "zh", "lm": "openai/test", "fast": True, "cache": False}
    outcome = csc_dspy.roleplay(tmp_path / "out", **asked, api_base=server.url)
    assert isinstance(outcome, Outcome)
    assert (outcome.made, outcome.failed) == (3, 0)
    assert outcome.counts["calls"] == len(server.requests)
    assert "roleplay" in csc_dspy.__all__
