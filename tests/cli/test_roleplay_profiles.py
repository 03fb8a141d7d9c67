"""``csc-dspy roleplay profiles``, and what a role play does with bad rows of a file of profiles."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import csc_dspy
from csc_dspy.roleplay.profiles import coverage, generate, read_profiles, seeds
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.conftest import CSC
from tests.roleplay.describing import DESCRIBES, facts_in, fields
from tests.support.behaviours import Behaviour, says
from tests.support.openai_server import LLMServer

Begin = Callable[..., "subprocess.Popen[str]"]
OWN = """age,occupation,temper,region
45,beekeeper,slow to trust,a mountain valley
young,diver,,
31,养蜂人,,
"""


@pytest.fixture
def server(llm_server: LLMServer) -> LLMServer:
    llm_server.usually(DESCRIBES)
    return llm_server


@pytest.fixture
def at(server: LLMServer) -> tuple[str, ...]:
    return ("--elaborate", "--lm", "openai/test", "--api-base", server.url, "--no-cache", "--json", "--quiet")


@pytest.fixture
def start(begin: Begin, at: tuple[str, ...]) -> Begin:
    """Starts to describe forty customers."""

    def run(*args: str, out: str = "out.jsonl") -> subprocess.Popen[str]:
        return begin("roleplay", "profiles", "40", "--out", out, *at, *args)

    return run


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Three profiles, the second of them bad."""
    file = tmp_path / "own.csv"
    file.write_text(OWN, encoding="utf-8")
    return file


def finished(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    """The exit code, the answer, and what was said."""
    out, said = process.communicate(timeout=60)
    return process.returncode, json.loads(out) if out else {}, said


def entries(tmp_path: Path) -> int:
    """How many whole answers the journal has."""
    return (tmp_path / ".out.jsonl.journal").read_bytes().count(b"\n") - 1


def test_a_role_play_takes_what_is_made(csc: CSC, tmp_path: Path) -> None:
    made = csc("roleplay", "profiles", "30", "--seed", "4", "--out", "people.jsonl", "--json")
    assert (made.returncode, made.stderr) == (0, "")
    told = json.loads(made.stdout)
    profiles = read_profiles(tmp_path / "people.jsonl")
    assert told.pop("coverage") == json.loads(json.dumps(coverage(profiles).to_dict()))
    nought = dict.fromkeys(("elaborated", "refused", "failed", "quarantined", "calls"), 0)
    assert told == {"profiles": 30, **nought, "out": "people.jsonl"}
    assert profiles[::2] == tuple(generate(15, "zh", seed=4))
    assert profiles[1::2] == tuple(generate(15, "en", seed=4))
    plan = csc("roleplay", "--plan", "--profiles", "people.jsonl", "--count", "60", "--json")
    assert json.loads(plan.stdout)["profiles"] == 30
    again = csc("roleplay", "profiles", "people.jsonl", "--json")
    assert json.loads(again.stdout)["coverage"] == json.loads(made.stdout)["coverage"]


def test_the_table_says_what_is_missing(csc: CSC, tmp_path: Path) -> None:
    shown = csc("roleplay", "profiles", "seeds", "--language", "zh")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = {line.split()[0]: line for line in shown.stdout.splitlines() if line.strip()}
    assert shown.stdout.startswith("100 profiles\n")
    found = coverage(seeds("zh")).fields["occupation"]
    assert f"{found.seen} of {found.values}" in lines["occupation"]
    assert f"{found.evenness:.2f}" in lines["occupation"]
    assert lines["occupation"].endswith(f"{', '.join(found.missing[:4])} and {len(found.missing) - 4} more")
    assert "7 of  7" in lines["age"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("source", "count"), [("12", 12), ("own.jsonl", 3)])
def test_descriptions_in_both_languages(
    csc: CSC, at: tuple[str, ...], server: LLMServer, tmp_path: Path, source: str, count: int
) -> None:
    rows = [each.to_dict() for each in (*generate(2, "en"), *generate(1, "zh"))]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = csc("roleplay", "profiles", source, "--out", "out.jsonl", *at)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["profiles"], told["elaborated"], told["refused"], told["failed"]) == (count, count, 0, 0)
    assert told["calls"] == len(server.requests) == count
    profiles = read_profiles(tmp_path / "out.jsonl")
    for each in profiles:
        zh = f"你是{each.occupation}，{each.age}岁，每天都很忙。"
        en = f"You are {each.age} and a {each.occupation}, and busy all day."
        assert each.description == {"zh": zh, "en": en}[each.language]
    assert {each.language for each in profiles} == set(LANGUAGES)
    assert not (tmp_path / ".out.jsonl.journal").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_descriptions_without_the_facts_are_refused(
    csc: CSC, at: tuple[str, ...], server: LLMServer, tmp_path: Path, language: Language
) -> None:
    server.usually(
        says(fields({"zh": "你是一位客户，每天都很忙。", "en": "You are busy all day."}[language]))
    )
    done = csc("roleplay", "profiles", "5", "--language", language, "--out", "out.jsonl", *at)
    told = json.loads(done.stdout)
    assert (done.returncode, told["elaborated"], told["refused"]) == (0, 0, 5)
    assert read_profiles(tmp_path / "out.jsonl") == tuple(generate(5, language))


def test_killed_and_gone_on_with(server: LLMServer, start: Begin, tmp_path: Path) -> None:
    code, whole, said = finished(start(out="undisturbed.jsonl"))
    assert (code, said, whole["elaborated"], whole["calls"]) == (0, "", 40, 40)
    server.usually(replace(DESCRIBES, latency=0.02))
    done = 0
    for wanted in (8, 14):
        server.requests.clear()
        process = start("--concurrency", "3", "--resume")
        while len(server.requests) < wanted and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        # No more is lost than was on its way, and nothing is asked again.
        assert entries(tmp_path) - done >= len(server.requests) - 3
        done = entries(tmp_path)
        assert not (tmp_path / "out.jsonl").exists()
    refused = finished(start())
    assert refused[0] == 2
    assert "go on with --resume" in refused[2]
    server.requests.clear()
    code, told, said = finished(start("--resume"))
    assert (code, said, len(server.requests)) == (0, "", 40 - done)
    assert {**told, "calls": 40, "out": ""} == {**whole, "out": ""}
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()
    assert not (tmp_path / ".out.jsonl.journal").exists()


def test_calls_that_failed_are_asked_for_alone(server: LLMServer, start: Begin, tmp_path: Path) -> None:
    plain = [*generate(20, "zh"), *generate(20, "en")]
    sick = [each for each in plain if each.age % 4 == 0]
    assert 0 < len(sick) < 20
    ages = {str(each.age) for each in sick}

    def turned_away() -> Behaviour:
        # What the behaviour is to be depends on the request that has just come in.
        facts = facts_in(server.requests[-1].json)
        ill = (facts.get("age") or facts["年龄"]) in ages
        return Behaviour(status=400, message="not for me") if ill else DESCRIBES

    server.usually(turned_away)
    code, told, said = finished(start("--concurrency", "1"))
    assert (code, told["failed"], told["elaborated"]) == (3, len(sick), 40 - len(sick))
    assert said == f"{len(sick)} customers could not be described; --resume asks for them alone\n"
    assert {*read_profiles(tmp_path / "out.jsonl")} & {*plain} == {*sick}
    server.usually(DESCRIBES)
    server.requests.clear()
    code, told, said = finished(start("--resume"))
    assert (code, said, told["failed"], told["elaborated"]) == (0, "", 0, 40)
    assert told["calls"] == len(server.requests) == len(sick)
    assert not {*read_profiles(tmp_path / "out.jsonl")} & {*plain}


def test_a_budget_is_kept_and_a_run_gone_on_with_as_it_was_begun(
    server: LLMServer, start: Begin, tmp_path: Path
) -> None:
    code, _, said = finished(start("--max-calls", "10"))
    assert (code, len(server.requests), (tmp_path / "out.jsonl").exists()) == (2, 10, False)
    kept, limit = said.splitlines()
    assert kept == "10 answers are kept, --resume goes on from there"
    assert limit.startswith("error: the limit of 10 calls is reached")
    code, _, said = finished(start("--resume", "--temperature", "1"))
    assert (code, "belongs to a run with another temperature" in said) == (2, True)
    assert (finished(start("--resume"))[0], len(server.requests)) == (0, 40)


def test_a_wrong_key_stops_at_once(csc: CSC, server: LLMServer, at: tuple[str, ...], tmp_path: Path) -> None:
    server.key = "sk-right"
    asked = ("roleplay", "profiles", "500", "--out", "out.jsonl", "--concurrency", "4")
    done = csc(*asked, *at, env={"OPENAI_API_KEY": "sk-wrong"})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "Incorrect API key" in done.stderr
    assert len(server.requests) <= 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("5", "--elaborate", "--out", "x"), "error: --lm embedded: descriptions need a real language model"),
        (("5", "--elaborate", "--lm", "openai/x"), "error: --elaborate needs --out"),
        (("5", "--resume"), "error: --resume needs --out"),
        (("0",), "there are no customers to generate"),
        (("sedes",), "error: sedes: is neither a file nor a number"),
        (("5", "--langage", "zh"), "error: No such option '--langage' (did you mean --language?)"),
        (("5", "6"), "error: Got unexpected extra argument (6)"),
        ((), "error: Missing argument 'SOURCE'"),
    ],
)
def test_refusals(csc: CSC, tmp_path: Path, args: tuple[str, ...], problem: str) -> None:
    done = csc("roleplay", "profiles", *args)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(problem) or problem in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_bad_rows_are_set_aside(csc: CSC, own: Path, tmp_path: Path) -> None:
    for asked in (("roleplay", "profiles", own), ("roleplay", "--plan", "--profiles", own)):
        stopped = csc(*asked, "--json")
        assert (stopped.returncode, stopped.stderr.count("\n")) == (2, 1)
        assert f"{own}:3: age:" in stopped.stderr
        done = csc(*asked, "--json", "--quarantine", "bad.jsonl")
        assert (done.returncode, done.stderr) == (0, "1 bad rows are set aside in bad.jsonl\n")
        told = json.loads(done.stdout)
        assert (told["profiles"], told.get("quarantined", 1)) == (2, 1)
        (row,) = map(json.loads, (tmp_path / "bad.jsonl").read_text(encoding="utf-8").splitlines())
        assert (row["line"], row["row"]["occupation"]) == (3, "diver")
        (tmp_path / "bad.jsonl").unlink()


def test_bad_rows_from_python(own: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"count": 2, "profiles": str(own), "lm": "embedded"}
    with pytest.raises(csc_dspy.exceptions.DataError, match="age"):
        csc_dspy.roleplay(tmp_path / "out", **asked)
    with pytest.raises(csc_dspy.exceptions.OutputError, match="lies in the folder of the role play"):
        csc_dspy.roleplay(tmp_path / "out", **asked, quarantine=tmp_path / "out" / "bad.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["own.csv"]
    assert csc_dspy.roleplay(tmp_path / "out", **asked, quarantine=tmp_path / "bad.jsonl").made == 2
    assert len((tmp_path / "bad.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_bad_rows_never_go_into_the_corpus(csc: CSC, own: Path, tmp_path: Path) -> None:
    done = csc("roleplay", "--profiles", own, "--out", "out", "--quarantine", "out/bad.jsonl")
    assert done.returncode == 2
    assert done.stderr == "error: out/bad.jsonl: lies in the folder of the role play (put it elsewhere)\n"
    assert [path.name for path in tmp_path.iterdir()] == ["own.csv"]


def test_the_commands_below_are_told_of(csc: CSC) -> None:
    page = csc("roleplay", "--help").stdout
    assert "show      Show conversations" in page
    assert "profiles  Make customers" in page
    assert csc("roleplay", "profiles", "--help").stdout.startswith("Usage: csc-dspy roleplay profiles ")
    unknown = csc("roleplay", "profils")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "error: No such command 'profils' (did you mean profiles?)\n"
    assert csc("roleplay", "xyzzy").stderr == (
        "error: No such command 'xyzzy' (see csc-dspy roleplay --help)\n"
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("csc-dspy roleplay pro", ["plain,profiles"]),
        ("csc-dspy roleplay profiles --ela", ["plain,--elaborate"]),
        ("csc-dspy roleplay show --rej", ["plain,--rejected"]),
        ("csc-dspy roleplay --quar", ["plain,--quarantine"]),
    ],
)
def test_completion(csc: CSC, words: str, found: list[str]) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    shown = csc(env={**asked, "_CSC_DSPY_COMPLETE": "bash_complete"})
    assert shown.stdout.split() == found
