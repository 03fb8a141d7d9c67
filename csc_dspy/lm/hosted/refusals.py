"""What a server's refusal means: from its status and words to the right error."""

from __future__ import annotations

import datetime as dt
import email.utils
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from dspy import lm15

from .errors import (
    AuthError,
    BillingError,
    ContextLengthError,
    InvalidRequestError,
    RateLimitError,
    ServerError,
    TimeoutError,  # noqa: A004  lm15's name
    UnsupportedModelError,
)

_LONGEST: Final = 300
"""Most characters quoted of what a server says."""
_NO_MONEY: Final = frozenset({"insufficient_quota", "exceeded_current_quota_error", "1113"})
_NO_KEY: Final = frozenset({"invalid_api_key", "authentication_error"})
_NO_MODEL: Final = frozenset(
    {"model_not_found", "model_not_available", "unsupported_model", "DeploymentNotFound"}
)
_NO_SUCH_MODEL: Final = re.compile(
    r"model\b.{0,80}\b(not exist|not found|unknown)|unknown model", re.IGNORECASE
)
_TOO_LONG: Final = re.compile(r"context[_ ](length|window)|maximum context|prompt is too long", re.IGNORECASE)
_TOO_MANY: Final = frozenset({"rate_limit_exceeded", "rate_limit_error", "too_many_requests"})


@dataclass(frozen=True)
class Refusal:
    """What a server said instead of answering."""

    status: int | None
    """None where the refusal came inside an answer."""
    message: str
    code: str = ""
    retry_after: float | None = None

    def error(self, host: str, model: str) -> lm15.LM15Error:
        """The error that this refusal is."""
        kind, advice = next((kind, advice) for kind, advice, means in _MEANINGS if means(self))
        status = "" if self.status is None else f" HTTP {self.status}"
        about = f" for model {model!r}" if kind is UnsupportedModelError else ""
        said = f": {self.message}" if self.message else ""
        return kind(
            f"{host} answered{status}{about}{said}{advice}",
            status=self.status,
            provider_code=self.code or None,
            retry_after=self.retry_after,
        )


# What each kind of error is known by; the first that fits is it.
_MEANINGS: Final[tuple[tuple[type[lm15.LM15Error], str, Callable[[Refusal], bool]], ...]] = (
    (BillingError, " (the account has no quota left)", lambda it: it.status == 402 or it.code in _NO_MONEY),
    (
        UnsupportedModelError,
        " (check the name of the model and the API base)",
        lambda it: (
            it.status == 404
            or it.code in _NO_MODEL
            or (it.status == 400 and bool(_NO_SUCH_MODEL.search(it.message)))
        ),
    ),
    (
        AuthError,
        " (check the API key and what it may be used for)",
        lambda it: it.status in {401, 403} or it.code in _NO_KEY,
    ),
    (
        ContextLengthError,
        " (the prompt is too long for the model)",
        lambda it: (
            it.code == "context_length_exceeded"
            or (it.status in {None, 400, 413, 422} and bool(_TOO_LONG.search(it.message)))
        ),
    ),
    (RateLimitError, "", lambda it: it.status == 429 or it.code in _TOO_MANY),
    (TimeoutError, "", lambda it: it.status in {408, 504}),
    (ServerError, "", lambda it: it.status is None or it.status >= 500 or it.status in {409, 425}),
    (InvalidRequestError, "", lambda _: True),
)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Read an answer whose status is not 200."""
    if 300 <= status < 400:
        return Refusal(status, f"moved to {headers.get('Location', 'nowhere')}; give that as the API base")
    message, code = _said(body)
    return Refusal(status, message, code, _seconds(headers))


def refusal_inside(answer: Mapping[str, Any]) -> Refusal | None:
    """The refusal that some servers send with status 200."""
    error = answer if answer.get("object") == "error" else answer.get("error")
    if not error:
        return None
    message, code = _words(error)
    status = int(code) if code.isdigit() and 400 <= int(code) < 600 else None
    return Refusal(status, message, code)


def _said(body: bytes) -> tuple[str, str]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body[: 4 * _LONGEST].decode("utf-8", errors="replace")
        # A page says nothing that is worth a line.
        return ("" if text.lstrip().startswith("<") else _line(text)), ""
    return _words(parsed.get("error", parsed) if isinstance(parsed, dict) else parsed)


def _words(error: Any) -> tuple[str, str]:  # noqa: ANN401  any JSON value
    """Message and code of an error object, in the forms that servers give it."""
    if not isinstance(error, dict):
        return _line(str(error)), ""
    said = error.get("message") or error.get("detail") or ""
    if isinstance(said, list):
        # A list of faults, each with the place of what is wrong and, left out here, the value found there.
        said = "; ".join(
            f"{'.'.join(map(str, each.get('loc', ())))}: {each.get('msg', '')}"
            for each in said
            if isinstance(each, dict)
        )
    return _line(str(said)), str(error.get("code") or error.get("type") or "")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _seconds(headers: Mapping[str, str]) -> float | None:
    """``Retry-After``, given in seconds or as a date."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    try:
        when = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=dt.timezone.utc)
    return max((when - dt.datetime.now(tz=dt.timezone.utc)).total_seconds(), 0.0)
