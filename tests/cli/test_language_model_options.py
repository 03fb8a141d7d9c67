"""The options of a language model become one connection, from wherever their values come."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy.cli import commands, options
from csc_dspy.cli.connection import Connection
from csc_dspy.exceptions import ConfigError
from csc_dspy.lm import Price
from tests.support.openai_server import LLMServer, running

DEFAULT = Connection(lm="embedded")


def parsed(*args: str) -> Connection:
    connections = []

    @commands.command("trial")
    @options.language_model()
    @options.as_json()
    def trial(*, connection: Connection, as_json: bool) -> None:
        """Keep the connection."""
        assert as_json
        connections.append(connection)

    trial.main([*args, "--json"], standalone_mode=False)
    (connection,) = connections
    return connection


def test_without_any_there_are_defaults() -> None:
    assert parsed() == DEFAULT


def test_all_of_them() -> None:
    given = parsed(
        *(
            "--lm",
            "openai/small",
            "--api-base",
            "http://here/v1",
            "--api-key-file",
            "key",
            "--temperature",
            "0.7",
        ),
        *("--answer-tokens", "99", "--timeout", "1.5", "--concurrency", "7", "--max-calls", "1"),
        *("--max-tokens", "2", "--max-usd", "0.5", "--price", "1,2", "--no-cache"),
    )
    assert given == Connection(
        lm="openai/small",
        api_base="http://here/v1",
        api_key_file=Path("key"),
        temperature=0.7,
        answer_tokens=99,
        timeout=1.5,
        concurrency=7,
        max_calls=1,
        max_tokens=2,
        max_usd=0.5,
        price="1,2",
        no_cache=True,
    )
    assert (given.budget.max_calls, given.budget.max_tokens, given.budget.max_usd) == (1, 2, 0.5)
    assert given.budget is given.budget


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSC_DSPY_LM", "openai/small")
    monkeypatch.setenv("CSC_DSPY_MAX_CALLS", "5")
    monkeypatch.setenv("CSC_DSPY_NO_CACHE", "true")
    found = parsed("--max-calls", "6")
    assert (found.lm, found.max_calls, found.no_cache) == ("openai/small", 6, True)


def test_a_connection_opens_what_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "home"))
    with running(LLMServer()) as server:
        args = (
            "--lm",
            "small",
            "--api-base",
            server.url,
            "--answer-tokens",
            "9",
            "--price",
            "1,2",
            "--no-cache",
        )
        connection = parsed(*args)
        with connection.open() as lm:
            assert lm("hello")
        (asked,) = server.requests
    assert (asked.json["model"], asked.json["max_tokens"]) == ("small", 9)
    usage = connection.budget.usage
    assert usage.usd == pytest.approx(Price(1.0, 2.0).of(usage.input_tokens, 0, usage.output_tokens))
    assert not (tmp_path / "home").exists()


def test_what_is_no_price_is_told() -> None:
    with pytest.raises(ConfigError, match="--price: 'cheap' is no price"):
        parsed("--price", "cheap").open()
