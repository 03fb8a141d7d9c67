"""Where an engine's calls go: the address, who is calling, and what kind of server answers."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from csc_dspy.exceptions import ConfigError

_CALL: Final = "/chat/completions"
_WHERE: Final = "api_base"
_FORM: Final = "give it as https://host/v1 or http://localhost:8000/v1"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible server. Raises `ConfigError` for an address that cannot be one."""

    api_base: str
    """With or without ``/v1``: an address without a path gets it, any other path is taken as it is."""
    key: str | None = field(default=None, repr=False)
    """Sent as a bearer token. Local servers need none."""
    prefix: str = ""
    """What stands before the server's own model name in DSPy's model string, such as ``openai/``."""
    dialect: str | None = None
    """The server's peculiarities by a name that lm15 knows (``openai``, ``vllm``, ``ollama``, ``deepseek``,
    ``qwen``, …); without one they follow from the address."""
    json_schema: bool = True
    """Whether the server honours a JSON schema as ``response_format``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_base", _normalised(self.api_base))
        object.__setattr__(self, "key", _usable(self.key))

    @property
    def host(self) -> str:
        """Host and port, as errors name the server."""
        return urlsplit(self.api_base).netloc

    def wire_model(self, model: str) -> str:
        """The name under which the server knows a model."""
        return model.removeprefix(self.prefix)


def proxy_for(endpoint: Endpoint) -> str | None:
    """The proxy to take, by ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``NO_PROXY`` or the system's settings.

    Its address may hold credentials.
    """
    address = urlsplit(endpoint.api_base)
    given = urllib.request.getproxies().get(address.scheme)
    if not given or urllib.request.proxy_bypass(address.netloc):
        return None
    proxy = given if "://" in given else f"http://{given}"
    if urlsplit(proxy).scheme not in {"http", "https"}:
        raise ConfigError(
            "not a proxy that can be used",
            where=f"{address.scheme.upper()}_PROXY",
            remedy="only http:// and https:// proxies work",
        )
    return proxy


def _normalised(api_base: str) -> str:
    try:
        address = urlsplit(api_base.strip())
        _ = address.port  # reading it checks it
    except ValueError:
        raise ConfigError("not an address", where=_WHERE, remedy=_FORM) from None
    problem = _problem(address)
    if problem is not None:
        raise ConfigError(problem, where=_WHERE, remedy=_FORM)
    path = address.path.rstrip("/").removesuffix(_CALL) or "/v1"
    return urlunsplit((address.scheme, address.netloc, path, "", ""))


def _problem(address: SplitResult) -> str | None:
    if address.scheme not in {"http", "https"}:
        return "the address has to begin with http:// or https://"
    if not address.hostname or any(letter.isspace() for letter in address.netloc):
        return "the address names no host"
    if address.username is not None:
        return "the address must not hold credentials"
    if address.query or address.fragment:
        return "the address must not hold a query or fragment"
    return None


def _usable(key: str | None) -> str | None:
    stripped = (key or "").strip()
    # Anything else cannot stand in a header, and comes from pasting more than the key.
    if not all("!" <= letter <= "~" for letter in stripped):
        raise ConfigError(
            "the key holds blanks or letters that no key has",
            where="API key",
            remedy="copy it again, without quotes or line breaks",
        )
    return stripped or None
