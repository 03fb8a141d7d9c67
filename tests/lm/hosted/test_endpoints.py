"""Where calls go: addresses, keys, proxies and dialects, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest
from dspy import lm15

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.hosted import Endpoint, HostedEngine, Limits
from csc_dspy.lm.hosted.dialects import compat_of
from csc_dspy.lm.hosted.endpoint import proxy_for
from tests.support.engines import new_request
from tests.support.openai_server import LLMServer

PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        (" https://api.openai.com/v1\n", "https://api.openai.com/v1"),
        ("https://host/compatible-mode/v1", "https://host/compatible-mode/v1"),
        ("https://host/api/paas/v4/", "https://host/api/paas/v4"),
        ("https://host/v1/chat/completions", "https://host/v1"),
        ("https://host/chat/completions/", "https://host/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_addresses_are_completed(given: str, taken: str) -> None:
    assert Endpoint(api_base=given).api_base == taken


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "localhost:8000",
            "api.openai.com/v1",
            "ftp://host/v1",
            "http://",
            "https:///v1",
            "http://a b/v1",
        ),
        *("http://host:port/v1", "http://host:99999/v1", "http://[::1/v1"),
        *("https://user:secret@host/v1", "https://host/v1?api-version=1", "https://host/v1#top"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^api_base: .*\(give it as https://host/v1"):
        Endpoint(api_base=address)


def test_a_refused_address_is_not_quoted() -> None:
    with pytest.raises(ConfigError) as caught:
        Endpoint(api_base="https://user:secret@host/v1")
    assert "secret" not in repr(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("given", "taken"), [(None, None), ("", None), (" \n", None), (" sk-1\n", "sk-1")])
def test_keys_lose_the_blanks_around_them(given: str | None, taken: str | None) -> None:
    assert Endpoint(api_base="http://host", key=given).key == taken


@pytest.mark.parametrize("key", ["sk-1\nX-Header: 1", "sk 1", "sk-ключ", "sk-\x00"])
def test_what_is_no_key_is_refused_and_not_quoted(key: str) -> None:
    with pytest.raises(ConfigError, match=r"^API key: ") as caught:
        Endpoint(api_base="http://host", key=key)
    assert key not in str(caught.value)


def test_the_prefix_is_for_dspy_only() -> None:
    endpoint = Endpoint(api_base="http://host", prefix="hosted_vllm/")
    assert endpoint.wire_model("hosted_vllm/Qwen/Qwen3-8B") == "Qwen/Qwen3-8B"
    assert endpoint.wire_model("Qwen/Qwen3-8B") == "Qwen/Qwen3-8B"


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no dialect is called 'klingon'.*vllm"):
        HostedEngine(Endpoint(api_base="http://host", dialect="klingon"))


@pytest.mark.parametrize(
    ("api_base", "dialect", "field"),
    [
        ("https://api.openai.com/v1", None, "max_completion_tokens"),
        ("https://api.openai.com/v1", "vllm", "max_tokens"),
        ("http://localhost:8000", None, "max_tokens"),
        ("http://localhost:8000", "openai", "max_completion_tokens"),
    ],
)
def test_dialects_follow_from_the_address(api_base: str, dialect: str | None, field: str) -> None:
    assert compat_of(Endpoint(api_base=api_base, dialect=dialect)).max_tokens_field == field


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": 0},
        {"attempts": 0},
        {"timeout": 0.0},
        {"timeout": float("inf")},
        {"connect_timeout": -1.0},
        {"first_wait": float("nan")},
        {"longest_wait": 0.0},
    ],
)
def test_limits_that_leave_no_room_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"^LM limits: {next(iter(options))} has to be "):
        Limits(**options)


def test_a_proxy_is_taken_with_its_credentials(llm_server: LLMServer, no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTP_PROXY", f"http://user:p%40ss@127.0.0.1:{llm_server.port}")
    engine = HostedEngine(Endpoint(api_base="http://llm.example.com"))
    assert engine.complete(new_request()).text
    engine.close()
    (received,) = llm_server.requests
    assert received.headers["Host"] == "llm.example.com"
    assert received.headers["Proxy-Authorization"] == "Basic dXNlcjpwQHNz"


def test_a_proxy_that_is_not_there(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:9")
    engine = HostedEngine(Endpoint(api_base="https://llm.example.com"), Limits(attempts=1))
    line = r"^cannot connect to the proxy for llm\.example\.com: Connection refused$"
    with pytest.raises(lm15.TransportError, match=line):
        engine.complete(new_request())
    engine.close()


def test_a_proxy_that_does_not_connect(llm_server: LLMServer, no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{llm_server.port}")
    engine = HostedEngine(Endpoint(api_base="https://llm.example.com"), Limits(attempts=1))
    with pytest.raises(
        lm15.TransportError, match=r"^the proxy does not connect to llm\.example\.com \(HTTP 4"
    ):
        engine.complete(new_request())
    engine.close()


@pytest.mark.parametrize(
    ("variables", "proxied"),
    [
        ({}, False),
        ({"HTTPS_PROXY": "http://proxy:3128"}, True),
        ({"HTTPS_PROXY": "proxy:3128"}, True),
        ({"HTTP_PROXY": "http://proxy:3128"}, False),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"}, False),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "other.com"}, True),
    ],
)
def test_which_proxy_is_taken(
    no_proxies: pytest.MonkeyPatch, variables: dict[str, str], proxied: bool
) -> None:
    for name, value in variables.items():
        no_proxies.setenv(name, value)
    proxy = proxy_for(Endpoint(api_base="https://api.example.com"))
    assert proxy == ("http://proxy:3128" if proxied else None)


def test_a_proxy_of_another_kind_is_refused(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTPS_PROXY", "socks5://user:secret@127.0.0.1:1080")
    with pytest.raises(ConfigError, match=r"^HTTPS_PROXY: not a proxy that can be used") as caught:
        HostedEngine(Endpoint(api_base="https://api.example.com"))
    assert "secret" not in str(caught.value)


def test_a_representation_holds_no_secret(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTPS_PROXY", "http://user:p4ssw0rd@proxy:3128")
    endpoint = Endpoint(api_base="https://api.example.com", key="sk-secret")
    engine = HostedEngine(endpoint)
    for thing in (endpoint, engine, *vars(engine).values()):
        assert "secret" not in repr(thing)
        assert "p4ss" not in repr(thing)
