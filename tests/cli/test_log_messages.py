"""Log messages: where they go, and what is never in them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from csc_dspy.logs import content, redact

Trial = Callable[..., "subprocess.CompletedProcess[str]"]
CUSTOMER = "13800000000"


def in_python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **env},
        check=True,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def test_warnings_are_shown_without_customer_text(trial: Trial) -> None:
    said = trial("work").stderr.splitlines()
    assert [line.split(maxsplit=2)[1:] for line in said] == [
        ["WARNING", "the customer said [17 characters]"],
        ["ERROR", "dspy.evaluate ERROR: message withheld (--log-content shows it)"],
        ["WARNING", "optuna: trial 7 failed"],
        ["library", "prints"],
    ]


@pytest.mark.parametrize(
    ("option", "levels"),
    [("-q", {"ERROR"}), ("-v", {"ERROR", "WARNING", "INFO"}), ("-vv", {"ERROR", "WARNING", "INFO", "DEBUG"})],
)
def test_verbosity_chooses_the_levels(trial: Trial, option: str, levels: set[str]) -> None:
    said = trial("work", option).stderr.splitlines()
    assert {line.split()[1] for line in said if line[2:3] == ":"} == levels


def test_log_content_shows_customer_text_but_no_keys(trial: Trial) -> None:
    said = trial("work", "-vv", "--log-content", env={"TRIAL_API_KEY": "key-0123456789"}).stderr
    assert f"the customer said 我的电话是 {CUSTOMER}" in said
    assert f"dspy.evaluate: cannot parse 我的电话是 {CUSTOMER}" in said
    assert "Authorization: ***" in said
    assert "0123456789" not in said


def test_the_log_file_gets_everything_and_is_appended_to(trial: Trial) -> None:
    for _ in range(2):
        trial("-q", "work", "--log-file", "a{b}.log", env={"TRIAL_API_KEY": "key-0123456789"})
    lines = Path("a{b}.log").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if "DEBUG" in line]) == 2
    assert len([line for line in lines if "dspy.evaluate ERROR: message withheld" in line]) == 2
    assert [line for line in lines if CUSTOMER in line or "0123456789" in line] == []


def test_a_message_that_is_no_proper_text_is_logged_all_the_same(tmp_path: Path) -> None:
    code = "from pathlib import Path; from csc_dspy import logs; logs.configure(0, Path('log'))"
    shown = in_python(f"{code}; logs.logger.error('half \\ud800')")
    assert "half \\ud800" in shown.stderr
    assert "half \\ud800" in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (
            "none/x.log",
            "none/x.log: the log file cannot be opened: its folder does not exist (make none first)",
        ),
        (".", ".: the log file cannot be opened: Is a directory"),
    ],
)
def test_a_log_file_that_cannot_be_opened(trial: Trial, path: str, line: str) -> None:
    shown = trial("work", "--log-file", path)
    assert (shown.returncode, shown.stderr, shown.stdout) == (2, f"error: {line}\n", "")


ROUTED = """
import logging, sys, warnings
from csc_dspy import logs
{before}
logs.configure({verbosity}, log_content={content})
{after}
logging.getLogger("dspy.predict").warning("quotes 13800000000")
logging.getLogger("dspy.predict").info("quotes 13800000000")
logging.getLogger("LiteLLM").error("quotes 13800000000")
logging.getLogger("httpx").warning("quotes 13800000000")
logging.getLogger("somebody.else").warning("quotes 13800000000")
logging.getLogger("optuna.study").info("%d bad arguments")
warnings.warn("quotes 13800000000")
try:
    raise ValueError("quotes 13800000000")
except ValueError:
    logging.getLogger("datasets").exception("quotes 13800000000")
    logs.logger.opt(exception=True).error("stopped")
"""


@pytest.mark.parametrize("order", ["before", "after"])
def test_libraries_are_routed_whenever_they_are_imported(order: str) -> None:
    places = {"before": "", "after": "", order: "import dspy, optuna, httpx"}
    shown = in_python(ROUTED.format(verbosity=1, content=False, **places))
    assert shown.stdout == ""
    assert CUSTOMER not in shown.stderr.replace('"quotes 13800000000"', "")
    messages = [line[9:] for line in shown.stderr.splitlines() if line[2:3] == ":"]
    withheld = "message withheld (--log-content shows it)"
    assert messages == [
        f"WARNING dspy.predict WARNING: {withheld}",
        f"ERROR   LiteLLM ERROR: {withheld}",
        f"WARNING httpx WARNING: {withheld}",
        f"WARNING somebody.else WARNING: {withheld}",
        "INFO    optuna.study: %d bad arguments",
        f"WARNING py.warnings WARNING: {withheld}",
        f"ERROR   datasets ERROR: {withheld}",
        "ERROR   stopped",
    ]
    assert shown.stderr.count(f"ValueError: {withheld}") == 2


def test_libraries_are_quoted_when_content_is_allowed() -> None:
    shown = in_python(ROUTED.format(verbosity=1, content=True, before="", after=""))
    assert shown.stderr.count(f"quotes {CUSTOMER}\n") >= 8
    assert "INFO    dspy.predict: quotes" in shown.stderr
    assert "withheld" not in shown.stderr


def test_a_note_that_is_withheld_is_for_those_who_look_for_everything() -> None:
    shown = in_python(ROUTED.format(verbosity=2, content=False, before="", after=""))
    assert "DEBUG   dspy.predict INFO: message withheld (--log-content shows it)" in shown.stderr


def test_local_variables_are_never_dumped() -> None:
    code = (
        "from csc_dspy import logs\n"
        "logs.configure(2)\n"
        "def work(customer):\n"
        "    raise RuntimeError(customer) from KeyError(customer)\n"
        "try:\n"
        "    work('138' + '0' * 8)\n"
        "except RuntimeError:\n"
        "    logs.logger.exception('stopped')\n"
    )
    said = in_python(code).stderr
    assert "which led to" in said
    assert "KeyError: message withheld" in said
    assert CUSTOMER not in said


SILENT = """
import logging, sys
import csc_dspy, csc_dspy.logs
assert "loguru" not in sys.modules
from csc_dspy.logs import logger
room = {"__name__": "csc_dspy.room", "logger": logger}
exec("logger.error(1)", room)
assert logging.getLogger().handlers == []
logger.enable("csc_dspy")
exec("logger.error(2)", room)
"""


def test_a_library_is_silent_and_configures_nothing() -> None:
    shown = in_python(SILENT)
    assert shown.stdout == ""
    assert len(shown.stderr.splitlines()) == 1
    assert shown.stderr.rstrip().endswith("- 2")


def test_content_is_its_length() -> None:
    assert content("您好") == "[2 characters]"


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: ***"),
        ("{'authorization': 'Basic eHl6', 'x': 1}", "{'authorization': '***', 'x': 1}"),
        ("got Bearer abcdefgh12345678 back", "got Bearer *** back"),
        ("the bearer of news", "the bearer of news"),
        ("key sk-proj-0123456789abcdef.", "key sk-***."),
        ("https://host/v1?api_key=abc123&x=1", "https://host/v1?api_key=***&x=1"),
        ("hf_abcdefghijklmnop", "hf_***"),
        ("risk-0123456789", "risk-0123456789"),
    ],
)
def test_what_looks_like_a_key_is_struck_out(text: str, struck: str) -> None:
    assert redact(text) == struck


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "HF_TOKEN", "APP_SECRET", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"]
)
def test_keys_of_the_environment_are_struck_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "plain words")
    assert redact("these are plain words indeed") == "these are *** indeed"
    monkeypatch.setenv(name, "true")
    assert redact("it is true") == "it is true"
