"""``csc-dspy reply``: one line for each conversation, in order, whatever becomes of it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.compiled import save
from csc_dspy.programs import Options, StrategyPredictor
from tests.conftest import CSC
from tests.support.behaviours import Behaviour, fails, says
from tests.support.openai_server import LLMServer, running

KEY = "sk-this-must-not-be-seen-4711"
SECRET = "my PIN is 0815"
KEYS = ["id", "stage", "strategy", "strategy_number", "response", "error"]


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with running(LLMServer()) as server:
        yield server


Reply = Callable[..., Any]


@pytest.fixture
def reply(csc: CSC, server: LLMServer, tmp_path: Path) -> Reply:
    """Runs the command against the server, without keeping answers."""

    def run(*args: str | Path, **options: Any) -> Any:  # noqa: ANN401  those of csc, and what it gives
        env = {"CSC_DSPY_HOME": str(tmp_path / "home"), **options.pop("env", {})}
        lm = ("--lm", "openai/test", "--api-base", server.url, "--no-cache")
        return csc("reply", *args, *lm, env=env, **options)

    return run


def row(number: int, text: str = "Where is my parcel?", **fields: object) -> str:
    dialogue = [{"speaker": "customer", "text": f"{text} ({number})"}]
    return json.dumps({"id": f"c{number}", **fields, "dialogue": dialogue}, ensure_ascii=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Twelve conversations, every third in Chinese."""
    path = tmp_path / "conversations.jsonl"
    texts = ("Where is my parcel?", "Hello?", "我的卡被吞了！")
    path.write_text("".join(f"{row(number, texts[number % 3])}\n" for number in range(12)), encoding="utf-8")
    return path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_one_line_each_in_order_from_a_file_and_a_pipe(reply: Reply, server: LLMServer, source: Path) -> None:
    rng = random.Random(7)
    server.usually(lambda: Behaviour(latency=rng.choice((0, 0.01, 0.05))))
    done = reply(source)
    assert (done.returncode, done.stderr) == (0, "")
    answers = lines(done.stdout)
    assert [answer["id"] for answer in answers] == [f"c{number}" for number in range(12)]
    assert all(list(answer) == KEYS and answer["error"] is None for answer in answers)
    assert [answer["response"].startswith("好的") for answer in answers] == [False, False, True] * 4
    piped = reply(input=source.read_text(encoding="utf-8"))
    assert (piped.returncode, piped.stdout) == (0, done.stdout)
    assert reply("--data", source, "--out", "/dev/stdout").stdout == done.stdout


def test_a_bad_row_gets_a_line_of_its_own(reply: Reply) -> None:
    alien = json.dumps({"id": "x", "dialogue": [{"speaker": "alien", "text": SECRET}]})
    label = json.dumps({"id": 7, "dialogue": [{"speaker": "agent", "strategy": "dance", "text": SECRET}]})
    done = reply(input="\n".join([row(1), '{"id": "y", ', alien, label, row(2)]))
    assert done.returncode == 3
    answers = lines(done.stdout)
    assert [answer["id"] for answer in answers] == ["c1", None, "x", "7", "c2"]
    good, *bad, last = answers
    assert (good["error"], last["error"]) == (None, None)
    assert [list(answer) for answer in bad] == [["id", "error"]] * 3
    for answer, problem in zip(
        bad,
        (
            "input:2: is not JSON",
            "input:3: turn 1: unknown speaker 'alien'",
            "input:4: turn 1: 'dance' names no",
        ),
        strict=True,
    ):
        assert problem in answer["error"]
    assert done.stderr == "3 could not be answered, their lines say why\n"
    assert SECRET not in done.stdout + done.stderr


def test_a_failure_of_the_language_model_is_one_line(reply: Reply, server: LLMServer, tmp_path: Path) -> None:
    server.script(fails(400, "no such option"), Behaviour(), says(SECRET), says(SECRET))
    text = "".join(f"{row(number, SECRET)}\n" for number in range(3))
    log = tmp_path / "log"
    args = ("--program", "support-agent-joint", "--concurrency", "1", "-vv", "--log-file", log)
    done = reply(*args, input=text)
    assert done.returncode == 3
    assert [answer["error"] is None for answer in lines(done.stdout)] == [False, True, False]
    assert SECRET not in done.stdout + done.stderr + log.read_text(encoding="utf-8")


def test_a_wrong_key_stops_at_once_and_is_not_shown(
    reply: Reply, server: LLMServer, source: Path, tmp_path: Path
) -> None:
    server.key = "sk-right"
    log = tmp_path / "log"
    args = (source, "--out", "replies.jsonl", "-vv", "--log-file", log)
    done = reply(*args, "--concurrency", "2", env={"OPENAI_API_KEY": KEY})
    assert done.returncode == 2
    assert done.stdout == ""
    *_, error = done.stderr.splitlines()
    assert error.startswith("error: --lm openai/test: ")
    assert "Incorrect API key" in error
    assert "OPENAI_API_KEY" in error
    assert done.stderr.count("error:") == 1
    assert len(server.requests) <= 2
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or KEY.encode() not in file.read_bytes()
    assert KEY not in done.stderr
    assert not list(tmp_path.glob("*replies*"))
    # Nothing was done, so there is nothing to resume.
    server.key = None
    assert reply(source, "--out", "replies.jsonl").returncode == 0


def test_without_verbosity_an_error_is_one_line(reply: Reply, server: LLMServer, source: Path) -> None:
    server.key = "sk-right"
    done = reply(source)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_programs_leave_out_what_they_do_not_decide(reply: Reply) -> None:
    history = {"dialogue": [{"speaker": "客服", "text": "您好！"}, {"speaker": "客户", "text": "喂？"}]}
    text = json.dumps(history)
    expected = {
        "stage-tracker": ["id", "stage", "error"],
        "strategy-predictor": ["id", "stage", "strategy", "strategy_number", "error"],
        "strategy-classifier": ["id", "stage", "strategy", "strategy_number", "error"],
        "support-agent-joint": KEYS,
    }
    for program, keys in expected.items():
        done = reply("--program", program, input=text)
        assert done.returncode == 0
        assert [list(answer) for answer in lines(done.stdout)] == [keys]


def test_a_compiled_program(reply: Reply, server: LLMServer, source: Path, tmp_path: Path) -> None:
    program = StrategyPredictor(Options(language="zh"))
    program.predict.demos = [{"conversation": "客户：喂？", "strategy": "礼貌问候"}]
    folder = save(program, tmp_path / "compiled")
    done = reply(source, "--program", folder)
    assert done.returncode == 0
    assert all("客户：喂？" in request.body.decode() for request in server.requests)
    done = reply(source, "--program", folder, "--language", "en")
    assert done.returncode == 2
    assert "was compiled for prompts in 'zh', not 'en' (leave out --language)" in done.stderr


def test_a_language_can_be_forced(reply: Reply, server: LLMServer, source: Path) -> None:
    assert reply(source, "--program", "stage-tracker", "--language", "en").returncode == 0
    assert all("Your input fields are" in request.body.decode() for request in server.requests)
    assert not any("请阅读" in request.body.decode() for request in server.requests)


def test_options_reach_the_program(reply: Reply, server: LLMServer) -> None:
    turns = [{"speaker": "supporter", "text": "Hello."}, {"speaker": "customer", "text": "Hm."}] * 6
    text = json.dumps({"dialogue": turns, "taxonomy": "esconv"})
    args = ("--program", "support-agent-joint", "--taxonomy", "esconv")
    done = reply(*args, "--unlabelled", "unknown", "--history-tokens", "12", input=text)
    assert done.returncode == 0
    (request,) = server.requests
    assert "earlier turns left out" in request.json["messages"][-1]["content"]
    assert "Self-disclosure" in request.json["messages"][0]["content"]
    assert reply(*args, input=text).returncode == 0
    assert len(server.requests) == 1 + 6 + 1


WRONG = [
    (
        ("--program", "strategy-predicter"),
        "no program is called 'strategy-predicter' (did you mean 'strategy-predictor'?)",
    ),
    (
        ("--program", "nowhere/at/all"),
        "nowhere/at/all/manifest.json: cannot be read: No such file or directory",
    ),
    (("--program", "response-writer"), "response-writer writes by a strategy"),
    (("--resume",), "--resume needs --out"),
    (("--resume", "--out", "/dev/stdout"), "--resume needs --out"),
    (("--out", "conversations.jsonl"), "conversations.jsonl: is the input itself"),
    (("--out", "."), ".: is a folder"),
]


@pytest.mark.parametrize(("args", "problem"), WRONG, ids=[" ".join(args) for args, _ in WRONG])
def test_wrong_usage_is_one_line(
    reply: Reply, server: LLMServer, source: Path, args: tuple[str, ...], problem: str
) -> None:
    before = source.read_bytes()
    done = reply(source, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert server.requests == []
    assert source.read_bytes() == before


def test_a_source_that_is_not_there(reply: Reply, tmp_path: Path) -> None:
    done = reply("nowhere.jsonl", "--out", "replies.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere.jsonl" in done.stderr
    assert not list(tmp_path.glob("*replies*"))
    done = reply(input="")
    assert done.returncode == 2
    assert "standard input: is empty" in done.stderr


def test_the_budget_without_a_file_prints_what_is_done(reply: Reply, source: Path, server: LLMServer) -> None:
    args = (source, "--program", "support-agent-joint", "--max-calls", "5", "--concurrency", "2")
    done = reply(*args)
    assert done.returncode == 2
    assert [answer["id"] for answer in lines(done.stdout)] == [f"c{number}" for number in range(5)]
    assert done.stderr.startswith("error: the limit of 5 calls is reached")
    assert len(server.requests) == 5


def test_the_embedded_engine_needs_nothing(csc: CSC, source: Path) -> None:
    done = csc("reply", source)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(
        list(answer) == [*KEYS[:-1], "strategy_probabilities", "error"] for answer in lines(done.stdout)
    )
    assert csc("reply", source).stdout == done.stdout
