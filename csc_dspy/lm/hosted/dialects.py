"""The peculiarities of OpenAI-compatible servers, as lm15 describes them."""

from __future__ import annotations

from dspy import lm15

from csc_dspy.exceptions import ConfigError

from .endpoint import Endpoint


def compat_of(endpoint: Endpoint) -> lm15.OpenAIChatCompat:
    """What the endpoint's server takes. Raises `ConfigError` for a dialect that lm15 does not know."""
    if endpoint.dialect is not None:
        try:
            return lm15.OpenAIChatCompat.preset(endpoint.dialect)
        except ValueError:
            raise ConfigError(
                f"no dialect is called {endpoint.dialect!r}",
                where="LM dialect",
                remedy="take openai, vllm, sglang, ollama, lmstudio, deepseek, qwen, groq or openrouter",
            ) from None
    if endpoint.host == "api.openai.com":
        return lm15.OpenAIChatCompat.preset("openai")
    # What every server understands that imitates OpenAI's.
    return lm15.OpenAIChatCompat(max_tokens_field="max_tokens", cache_control="none")
