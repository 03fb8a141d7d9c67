"""Whatever ends a role play early, or gets in its way: nothing is lost, nothing is there twice."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.roleplay.playing_pupil import PlayingPupil
from tests.support.behaviours import Behaviour, Mixture, fails, hangs, says, throttles
from tests.support.openai_server import LLMServer, running

FILES = ("roleplay.jsonl", "rejected.jsonl", "failed.jsonl", "manifest.json", "README.md", "report.json")
Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def pupil() -> PlayingPupil:
    return PlayingPupil(leaves_after=10)


@pytest.fixture
def server(pupil: PlayingPupil) -> Iterator[LLMServer]:
    with running(LLMServer()) as server:
        server.usually(pupil.behaviour())
        yield server


@pytest.fixture
def play(server: LLMServer, begin: Begin) -> Begin:
    """Starts a fast role play."""

    def run(*args: str, count: int = 12, out: str = "out") -> subprocess.Popen[str]:
        at = ("--lm", "openai/test", "--api-base", server.url, "--no-cache", "--json", "--quiet")
        asked = ("--count", str(count), "--language", "en", "--fast", "--out", out)
        return begin("roleplay", *asked, *at, *args)

    return run


def finished(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    """The exit code, the answer, and what was said."""
    out, said = process.communicate(timeout=120)
    return process.returncode, json.loads(out) if out else {}, said


def result(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def entries(tmp_path: Path) -> list[dict[str, Any]]:
    """The whole lines of the journal, but for the first."""
    lines = (tmp_path / ".out.journal").read_bytes().split(b"\n")[1:-1]
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(
    server: LLMServer, pupil: PlayingPupil, play: Begin, tmp_path: Path, seed: int
) -> None:
    code, told, said = finished(play(out="undisturbed"))
    assert (code, said, told["made"]) == (0, "", 12)
    assert told["kept"] > 0
    expected, count = result(tmp_path / "undisturbed"), len(server.requests)
    assert (told["calls"], sum(pupil.seen.values())) == (count, count)
    rng = random.Random(seed)
    server.usually(lambda: replace(pupil.behaviour(), latency=rng.uniform(0, 0.03)))
    kept: list[dict[str, Any]] = []
    done = 0
    for _ in range(3):
        server.requests.clear()
        process = play("--resume", "--concurrency", "5")
        wanted = rng.randint(1, max(1, (count - done) // 3))
        while len(server.requests) < wanted and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        kept = entries(tmp_path)
        assert len(kept) >= done
        done = len(kept)
        assert not (tmp_path / "out").exists()
    # In the middle of dialogues: some have turns, and are not settled.
    server.requests.clear()
    server.usually(pupil.behaviour())
    code, again, said = finished(play("--resume"))
    assert (code, said) == (0, "")
    assert {**again, "seconds": 0, "out": ""} == {**told, "seconds": 0, "out": ""}
    settled = sum("flaws" in each["entry"] for each in kept)
    assert len(server.requests) == count - (done - settled)
    assert result(tmp_path / "out") == expected
    assert not (tmp_path / ".out.journal").exists()


def test_an_interrupt_says_what_is_kept(server: LLMServer, play: Begin) -> None:
    server.latency = 0.01
    process = play("--concurrency", "2")
    while len(server.requests) < 20 and process.poll() is None:
        time.sleep(0.001)
    process.terminate()
    code, _, said = finished(process)
    assert code == 130
    assert said.splitlines()[0].endswith("answers are kept, --resume goes on from there")
    assert said.splitlines()[-1] == "interrupted"
    assert finished(play())[0] == 2
    code, told, _ = finished(play("--resume"))
    assert (code, told["made"]) == (0, 12)


def test_two_hundred_dialogues_and_a_bad_server(
    server: LLMServer, pupil: PlayingPupil, play: Begin, tmp_path: Path
) -> None:
    pupil.leaves_after = 3
    faults = [(throttles("0"), 0.10), (fails(500), 0.05), (says("I cannot tell."), 0.05), (hangs(), 0.02)]
    mixture = Mixture([*faults, (pupil.behaviour(), 1.0)], seed=1)
    server.usually(mixture)
    process = play("--concurrency", "200", "--timeout", "1", "--no-judge", count=200)
    code, told, said = finished(process)
    assert (told["made"], told["kept"] + told["rejected"] + told["failed"]) == (200, 200)
    assert code == (3 if told["failed"] else 0), said
    assert told["failed"] <= 10
    rows = [
        json.loads(line)
        for name in ("roleplay.jsonl", "rejected.jsonl", "failed.jsonl")
        for line in (tmp_path / "out" / name).read_text(encoding="utf-8").splitlines()
    ]
    assert len({row["id"] for row in rows}) == len(rows) == 200
    whole = [row.get("conversation", row) for row in rows if "task" not in row]
    assert {row["dialogue"][-1]["strategy"] for row in whole} == {"策略11 感谢与告别"}


def test_failed_dialogues_are_gone_on_with(
    server: LLMServer, pupil: PlayingPupil, play: Begin, tmp_path: Path
) -> None:
    expected = finished(play(out="undisturbed"))[1]
    hopeless = {"sick": True}

    def ill(asked: Any) -> str:  # noqa: ANN401  the body of a request
        text, question = pupil.reply(asked), str(asked["messages"][1]["content"])
        scene = question.partition("[[ ## scene ## ]]")[2].partition("[[ ##")[0]
        sick = scene and hashlib.sha256(scene.encode()).digest()[0] % 3 == 0
        late = question.count("Customer: ") > 2
        return "I cannot tell." if hopeless["sick"] and sick and late else text

    server.usually(Behaviour(reply=ill))
    code, told, said = finished(play())
    assert code == 3
    assert 0 < told["failed"] < 12
    assert told["failed_by"] == {"unreadable": told["failed"]}
    assert f"{told['failed']} dialogues came to no end" in said
    failed = (tmp_path / "out" / "failed.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(failed) == told["failed"]
    assert not any("dialogue" in json.loads(line) for line in failed)
    hopeless["sick"] = False
    server.requests.clear()
    code, again, _ = finished(play("--resume"))
    assert (code, again["kept"]) == (0, expected["kept"])
    assert 0 < len(server.requests) < expected["calls"] / 2
    assert result(tmp_path / "out") == result(tmp_path / "undisturbed")


def test_a_budget_is_kept(server: LLMServer, play: Begin, tmp_path: Path) -> None:
    whole = finished(play(out="undisturbed"))[1]
    server.requests.clear()
    code, _, said = finished(play("--max-calls", "30"))
    assert code == 2
    assert "the limit of 30 calls is reached" in said
    assert (len(server.requests), (tmp_path / "out").exists()) == (30, False)
    code, told, _ = finished(play("--resume"))
    assert (code, told["calls"]) == (0, whole["calls"])
    assert result(tmp_path / "out") == result(tmp_path / "undisturbed")


def test_a_run_is_gone_on_with_only_as_it_was_begun(server: LLMServer, play: Begin, tmp_path: Path) -> None:
    assert finished(play("--max-calls", "20"))[0] == 2
    kept = len(entries(tmp_path))
    server.requests.clear()
    for args in (
        ("--seed", "5"),
        ("--max-turns", "20"),
        ("--no-judge",),
        ("--topics", "投诉与纠纷解决"),
        ("--temperature", "0.1"),
        ("--customer-lm", "openai/other"),
    ):
        code, _, said = finished(play("--resume", *args))
        assert (code, "belongs to a run with another" in said) == (2, True), args
    assert (server.requests, len(entries(tmp_path))) == ([], kept)
    # More of the same is the same run: what is there is recognised by what it is.
    code, told, _ = finished(play("--resume", count=14))
    assert (code, told["made"]) == (0, 14)
    assert kept <= told["calls"] - len(server.requests) <= 20
