"""What ``--lm`` may say, and which engine answers for it.

=====================  ==========================================================================
``embedded``           the offline engine of this package; ``embedded/HASH`` is a fine-tuned one
``PROVIDER/MODEL``     a model at an OpenAI-compatible server, or at any provider that DSPy knows
``hf:PATH``            a model on this machine, in transformers' form: a folder, an adapter, a name on
                       the Hugging Face hub
``MODEL``              with an API base: the model of that name at that address
=====================  ==========================================================================
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal
from urllib.parse import urlsplit

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.prices import priced_providers

EMBEDDED: Final = "embedded"
LOCAL: Final = "hf:"
Kind = Literal["embedded", "local", "hosted", "lm15", "litellm"]
"""Who answers: the embedded engine, our engines for models on this machine and for OpenAI-compatible servers,
or one of DSPy's two."""


@dataclass(frozen=True, slots=True)
class _Server:
    address: str
    keys: tuple[str, ...]


_HOSTED: Final = {
    "openai": _Server("https://api.openai.com/v1", ("OPENAI_API_KEY",)),
    "deepseek": _Server("https://api.deepseek.com/v1", ("DEEPSEEK_API_KEY",)),
    "hosted_vllm": _Server("http://127.0.0.1:8000/v1", ("HOSTED_VLLM_API_KEY",)),
    "ollama_chat": _Server("http://127.0.0.1:11434/v1", ("OLLAMA_API_KEY",)),
    "ollama": _Server("http://127.0.0.1:11434/v1", ("OLLAMA_API_KEY",)),
}
"""OpenAI-compatible servers by DSPy's names for them, with the address where each usually is."""

_OWN_PROTOCOL: Final = frozenset({"anthropic", "gemini", "azure"})
"""Providers whose servers speak a protocol of their own, also at another address."""

_LM15: Final = _OWN_PROTOCOL | {"groq", "moonshot", "openrouter", "xai"}
"""Providers that DSPy's own engine knows."""

_LITELLM: Final = frozenset(
    {
        *("ai21", "azure_ai", "baseten", "bedrock", "cerebras", "cloudflare", "cohere", "cohere_chat"),
        *("custom_openai", "dashscope", "databricks", "deepinfra", "fireworks_ai", "friendliai", "github"),
        *("huggingface", "litellm_proxy", "llamafile", "lm_studio", "meta_llama", "minimax", "mistral"),
        *("nebius", "novita", "nvidia_nim", "oci", "perplexity", "predibase", "replicate", "sagemaker"),
        *("sagemaker_chat", "sambanova", "snowflake", "together_ai", "triton", "vertex_ai", "volcengine"),
        *("watsonx", "xinference", "zai"),
    }
)
"""The commoner providers that only LiteLLM knows; the price list names the others."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the calls of a language model go."""

    spec: str
    """As it was given; the model string of the ``dspy.LM``."""
    kind: Kind
    provider: str
    """As DSPy names it; empty for a model named by its address alone."""
    model: str
    """The name without the provider."""
    api_base: str | None = None
    """The address; None where DSPy's engine knows it."""
    own_address: bool = True
    """Whether the address is the provider's own, so that its usual prices hold."""
    keys: tuple[str, ...] = ()
    """Environment variables in which its key usually is."""

    @property
    def prefix(self) -> str:
        """What stands before the model's name in the model string."""
        if self.kind == "local":
            return LOCAL
        return f"{self.provider}/" if self.provider else ""

    @property
    def local(self) -> bool:
        """Whether the address is on this machine."""
        return self.kind in {EMBEDDED, "local"} or (self.api_base is not None and is_local(self.api_base))


def route(spec: str, api_base: str | None = None, environ: Mapping[str, str] = os.environ) -> Route:
    """Find out where ``spec`` leads; ConfigError, with what may have been meant, if nowhere.

    Without ``api_base`` a provider's address is that of its variable (``OPENAI_API_BASE``,
    ``OPENAI_BASE_URL``) if there is one, as DSPy and the providers' own clients have it.
    """
    spec = spec.strip()
    provider, slash, model = spec.partition("/")
    if spec == EMBEDDED or (provider == EMBEDDED and model):
        return _on_this_machine(spec, EMBEDDED, model, api_base)
    if spec.startswith(LOCAL):
        return _on_this_machine(spec, "local", spec.removeprefix(LOCAL), api_base)
    known = slash and is_provider(provider)
    if api_base and not known and _is_name(spec):
        return Route(spec, "hosted", "", spec, api_base, own_address=False)
    if not known or not _is_name(model):
        raise _unknown(spec)
    given = api_base or address_variable(provider, environ)[1]
    if provider in _HOSTED:
        server = _HOSTED[provider]
        own = given is None or _host(given) == _host(server.address)
        return Route(spec, "hosted", provider, model, given or server.address, own, server.keys)
    if given and provider not in _OWN_PROTOCOL:
        return Route(spec, "hosted", provider, model, given, own_address=False, keys=_usual_keys(provider))
    kind: Kind = "lm15" if provider in _LM15 else "litellm"
    return Route(spec, kind, provider, model, given, given is None, _usual_keys(provider))


def is_provider(name: str) -> bool:
    """Whether a spec may begin with this provider."""
    return name in _HOSTED or name in _LM15 or name in _LITELLM or name in priced_providers()


def address_variable(provider: str, environ: Mapping[str, str]) -> tuple[str, str | None]:
    """The environment variable that sets a provider's address, and what it says, if anything."""
    names = [f"{provider.upper()}{ending}" for ending in ("_API_BASE", "_BASE_URL")]
    return next(((name, environ[name]) for name in names if environ.get(name)), (names[0], None))


def is_local(address: str) -> bool:
    """Whether an address is on this machine."""
    host = _host(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _on_this_machine(
    spec: str, kind: Literal["embedded", "local"], model: str, api_base: str | None
) -> Route:
    where = f"--lm {spec}"
    if kind == "local" and not model:
        raise ConfigError("names no model", where=where, remedy=f"write {LOCAL}FOLDER or {LOCAL}OWNER/NAME")
    if api_base:
        raise ConfigError(
            "a model on this machine has no address"
            if kind == "local"
            else "the embedded engine has no address",
            where=where,
            remedy="leave out --api-base, or name the model at that address with --lm",
        )
    return Route(spec, kind, "hf" if kind == "local" else EMBEDDED, model)


def _is_name(text: str) -> bool:
    return bool(text) and text.isprintable() and not any(letter.isspace() for letter in text)


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        # Whoever connects to it says what is wrong with it.
        return ""


def _usual_keys(provider: str) -> tuple[str, ...]:
    return (f"{provider.upper()}_API_KEY",)


def _unknown(spec: str) -> ConfigError:
    provider, slash, model = spec.partition("/")
    where = f"--lm {spec}"
    if is_provider(provider):
        return ConfigError(f"names no model of {provider}", where=where, remedy=f"write {provider}/MODEL")
    # The common ones come first, where two are equally near.
    known = [EMBEDDED, *_HOSTED, *sorted(_LM15), *sorted(_LITELLM), *sorted(priced_providers())]
    near = get_close_matches(provider.lower(), known, n=1)
    if near:
        meant = near[0] if near[0] == EMBEDDED else f"{near[0]}/{model or 'MODEL'}"
        remedy = f"did you mean {meant}?"
    else:
        remedy = "write embedded, PROVIDER/MODEL as in openai/gpt-4o-mini, or MODEL with --api-base"
    problem = f"{provider!r} is no provider that DSPy knows" if slash else "names no provider"
    return ConfigError(problem, where=where, remedy=remedy)
