"""``--lm``: where each spec leads, and what is said of one that leads nowhere."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.specs import Route, is_local, is_provider, route

OPENAI = "https://api.openai.com/v1"
GATEWAY = "https://gateway.example/v1"


@pytest.mark.parametrize(
    ("spec", "api_base", "kind", "provider", "model", "address"),
    [
        ("embedded", None, "embedded", "embedded", "", None),
        ("embedded/0a1b2c", None, "embedded", "embedded", "0a1b2c", None),
        ("openai/gpt-4o-mini", None, "hosted", "openai", "gpt-4o-mini", OPENAI),
        (" openai/gpt-4o-mini ", None, "hosted", "openai", "gpt-4o-mini", OPENAI),
        (
            "deepseek/deepseek-chat",
            None,
            "hosted",
            "deepseek",
            "deepseek-chat",
            "https://api.deepseek.com/v1",
        ),
        (
            "hosted_vllm/Qwen/Qwen3-8B",
            None,
            "hosted",
            "hosted_vllm",
            "Qwen/Qwen3-8B",
            "http://127.0.0.1:8000/v1",
        ),
        ("ollama_chat/qwen3:8b", None, "hosted", "ollama_chat", "qwen3:8b", "http://127.0.0.1:11434/v1"),
        ("openai/qwen", GATEWAY, "hosted", "openai", "qwen", GATEWAY),
        ("qwen3", GATEWAY, "hosted", "", "qwen3", GATEWAY),
        ("Qwen/Qwen3-8B", GATEWAY, "hosted", "", "Qwen/Qwen3-8B", GATEWAY),
        ("mistral/mistral-large-latest", GATEWAY, "hosted", "mistral", "mistral-large-latest", GATEWAY),
        ("anthropic/claude-sonnet-4-5", None, "lm15", "anthropic", "claude-sonnet-4-5", None),
        ("anthropic/claude-sonnet-4-5", GATEWAY, "lm15", "anthropic", "claude-sonnet-4-5", GATEWAY),
        ("groq/openai/gpt-oss-20b", None, "lm15", "groq", "openai/gpt-oss-20b", None),
        ("bedrock/some.model-v1:0", None, "litellm", "bedrock", "some.model-v1:0", None),
        ("mistral/mistral-large-latest", None, "litellm", "mistral", "mistral-large-latest", None),
    ],
)
def test_where_a_spec_leads(
    spec: str, api_base: str | None, kind: str, provider: str, model: str, address: str | None
) -> None:
    found = route(spec, api_base, {})
    assert (found.kind, found.provider, found.model, found.api_base) == (kind, provider, model, address)
    assert found.spec == spec.strip()
    assert found.prefix + found.model in {found.spec, "embedded/"}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("embeded", "--lm embeded: names no provider (did you mean embedded?)"),
        ("opanai/gpt-4o", "'opanai' is no provider that DSPy knows (did you mean openai/gpt-4o?)"),
        ("Gemini/flash", "(did you mean gemini/flash?)"),
        ("antropic", "(did you mean anthropic/MODEL?)"),
        ("openai/", "names no model of openai (write openai/MODEL)"),
        ("openai", "names no model of openai (write openai/MODEL)"),
        ("openai/gpt 4", "names no model of openai"),
        ("gpt-4o", "names no provider (write embedded, PROVIDER/MODEL as in openai/gpt-4o-mini"),
        ("", "names no provider"),
        ("/model", "is no provider that DSPy knows"),
        ("zzzzzz/model", "'zzzzzz' is no provider that DSPy knows (write embedded"),
    ],
)
def test_what_is_said_of_a_spec_that_leads_nowhere(spec: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        route(spec, None, {})
    assert said in str(raised.value)


def test_the_embedded_engine_has_no_address() -> None:
    with pytest.raises(ConfigError, match="the embedded engine has no address"):
        route("embedded", GATEWAY, {})


@pytest.mark.parametrize("variable", ["OPENAI_API_BASE", "OPENAI_BASE_URL"])
def test_a_variable_sets_the_address_of_its_provider(variable: str) -> None:
    found = route("openai/gpt-4o", None, {variable: GATEWAY})
    assert (found.api_base, found.own_address) == (GATEWAY, False)
    assert (
        route("openai/gpt-4o", "http://localhost:1/v1", {variable: GATEWAY}).api_base
        == "http://localhost:1/v1"
    )
    assert route("deepseek/chat", None, {variable: GATEWAY}).own_address


def test_a_path_does_not_make_an_address_a_stranger() -> None:
    assert route("openai/gpt-4o", "https://api.openai.com/v1/", {}).own_address
    assert not route("openai/gpt-4o", "https://api.openai.com.example/v1", {}).own_address
    assert not route("openai/gpt-4o", "https://[", {}).own_address


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1", True),
        ("http://127.9.9.9:80", True),
        ("http://[::1]:8000/v1", True),
        ("http://vllm.localhost", True),
        ("http://localhost.example", False),
        ("http://10.0.0.1", False),
        ("https://api.openai.com/v1", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_what_is_local(address: str, local: bool) -> None:
    assert is_local(address) is local


def led(spec: str) -> Route | ConfigError:
    try:
        return route(spec, None, {})
    except ConfigError as error:
        return error


@given(st.text(alphabet=string.printable + "中文/", max_size=40))
def test_any_text_leads_somewhere_or_is_explained(spec: str) -> None:
    found = led(spec)
    if isinstance(found, Route):
        assert found.spec == spec.strip()
        assert found.provider == "embedded" or is_provider(found.provider)
    else:
        assert found.remedy
