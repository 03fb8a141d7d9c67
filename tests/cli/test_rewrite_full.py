"""``csc-dspy rewrite`` as a whole: what it answers, what it writes, and what it refuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import csc_dspy as csc_dspy_face
from tests.conftest import CSC
from tests.rewriting.rewriting_pupil import RewritingPupil, calls
from tests.support.behaviours import fails
from tests.support.openai_server import LLMServer

Rewrite = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def pupil(llm_server: LLMServer) -> RewritingPupil:
    pupil = RewritingPupil()
    llm_server.usually(pupil.behaviour())
    return pupil


@pytest.fixture
def rewrite(csc: CSC, llm_server: LLMServer, pupil: RewritingPupil, tmp_path: Path) -> Rewrite:
    """Runs the command on calls of these matters."""
    assert pupil.asked.total() == 0

    def run(matters: list[str], *args: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "raw.txt").write_text(calls(matters), encoding="utf-8")
        at = ("--lm", "openai/test", "--api-base", llm_server.url, "--no-cache")
        return csc("rewrite", "raw.txt", *at, "--out", "out", *args)

    return run


def test_the_whole_construction(rewrite: Rewrite, tmp_path: Path) -> None:
    done = rewrite(["fine", "fine", "abuse", "garbled", "changed", "brief", "noise", "mend-form"], "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["in"], answer["kept"]) == (8, 3)
    assert answer["dropped"] == {
        "abuse": 1,
        "unreadable_rewriting": 1,
        "meaning_changed": 1,
        "few_utterances": 1,
        "third_party": 1,
    }
    kept = list(csc_dspy_face.read(tmp_path / "out" / "conversations.jsonl", require_labels=True))
    assert [each.language for each in kept] == ["zh", "en", "en"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "raw.txt"]


def test_a_table_of_what_became_of_them(rewrite: Rewrite) -> None:
    done = rewrite(["fine", "fine", "abuse"], "--parts", "train=0.5,dev=0.5", "--seed", "0")
    assert (done.returncode, done.stderr) == (0, "")
    for told in ("out: 2 of 3 transcripts are kept", "screen: somebody is abused in it", "dialogues"):
        assert told in done.stdout


def test_options_reach_the_steps(rewrite: Rewrite, pupil: RewritingPupil, llm_server: LLMServer) -> None:
    switches = ("--no-screening", "--no-judging", "--stages", "tracker", "--required-strategies", "none")
    lengths = ("--fewest-utterances", "2", "--most-utterances", "60", "--answer-tokens", "900")
    done = rewrite(["abuse", "brief", "abrupt", "lengthy"], "--json", *switches, *lengths)
    assert json.loads(done.stdout)["kept"] == 4
    assert set(pupil.asked) == {"rewriting", "same_outcome_reason", "stage"}
    assert {request.json["max_tokens"] for request in llm_server.requests} == {900}


def test_an_answer_that_is_cut_off_twice_is_none(
    rewrite: Rewrite, tmp_path: Path, llm_server: LLMServer, pupil: RewritingPupil
) -> None:
    short = pupil.behaviour(edit=lambda text: text[:200], finish_reason="length")
    llm_server.script(pupil.behaviour(), short, short)
    done = rewrite(["fine"], "--json")
    assert (done.returncode, json.loads(done.stdout)["dropped"]) == (0, {"unreadable_rewriting": 1})
    (row,) = (tmp_path / "out" / "dropped.jsonl").read_text(encoding="utf-8").splitlines()
    assert "cut off at the token limit" in json.loads(row)["detail"]
    assert "--answer-tokens" in json.loads(row)["detail"]


def test_a_wrong_key_ends_it_at_once(rewrite: Rewrite, llm_server: LLMServer, tmp_path: Path) -> None:
    llm_server.usually(fails(401, "Incorrect API key"))
    done = rewrite(["fine"] * 6, "--concurrency", "1")
    assert (done.returncode, len(llm_server.requests)) == (2, 1)
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw.txt"]


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("--lm", "embedded"), "--lm embedded: rewriting needs a real language model"),
        (("--required-strategies", "Singing"), "Singing"),
        (("--parts", "train=0.5"), "the parts sum to 0.5"),
        (("--stages", "guess"), "'guess' is not one of"),
    ],
)
def test_what_is_refused(
    rewrite: Rewrite, pupil: RewritingPupil, tmp_path: Path, args: tuple[str, ...], problem: str
) -> None:
    done = rewrite(["fine"], *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert pupil.asked.total() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw.txt"]


def test_the_refusal_says_what_works_without(rewrite: Rewrite) -> None:
    said = rewrite(["fine"], "--lm", "embedded").stderr
    assert "--annotate-only labels the dialogues as they are" in said
