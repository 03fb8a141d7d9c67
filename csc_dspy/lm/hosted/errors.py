"""What goes wrong with a call, as DSPy's language model layer knows it, each told in one line.

The classes are lm15's own, so DSPy maps them as it maps its own engines' errors, without the paragraphs of
advice that lm15 appends. A line names the server, the status and what the server said; never a key, a header
or text of the prompt.
"""

from __future__ import annotations

from typing import Any

from dspy import lm15

__all__ = [
    "AuthError",
    "BillingError",
    "ClosedError",
    "ConfigurationError",
    "ContextLengthError",
    "InvalidRequestError",
    "RateLimitError",
    "ServerError",
    "TimeoutError",
    "TransportError",
    "UnsupportedModelError",
    "again",
    "is_worth_retrying",
]


class _OneLine(lm15.LM15Error):
    def __init__(self, message: str = "", **details: Any) -> None:  # noqa: ANN401  each parent knows its own
        super().__init__(message, **details)
        self.message = message
        self.args = (message,)

    def __str__(self) -> str:
        return self.message


class AuthError(_OneLine, lm15.AuthError):
    """The server does not accept the key, or not for this."""


class BillingError(_OneLine, lm15.BillingError):
    """The account has no money or quota left."""


class RateLimitError(_OneLine, lm15.RateLimitError):
    """The server is asked too often."""


class UnsupportedModelError(_OneLine, lm15.UnsupportedModelError):
    """The server does not know the model."""


class ContextLengthError(_OneLine, lm15.ContextLengthError):
    """The prompt is longer than the model can read."""


class InvalidRequestError(_OneLine, lm15.InvalidRequestError):
    """The server refuses the request as it is."""


class TimeoutError(_OneLine, lm15.TimeoutError):  # noqa: A001  lm15's name, never imported bare
    """There was no answer, or no connection, in time."""


class ServerError(_OneLine, lm15.ServerError):
    """The server failed, or answered what is no answer."""


class TransportError(_OneLine, lm15.TransportError):
    """The connection could not be made or broke."""


class ConfigurationError(_OneLine, lm15.ConfigurationError):
    """The connection cannot work as it is set up."""


class ClosedError(ConfigurationError):
    """The engine was closed before the call or during it."""

    def __init__(self, message: str = "the engine is closed", **details: Any) -> None:  # noqa: ANN401  see above
        super().__init__(message, **details)


_PASSING_STATUSES = frozenset({408, 409, 425, 429})
_LASTING_SERVER_STATUSES = frozenset({501, 505})
_PASSING = (lm15.RateLimitError, lm15.TimeoutError, lm15.ServerError, lm15.TransportError)


def is_worth_retrying(error: lm15.LM15Error) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, lm15.BillingError):
        return False
    if error.status is not None:
        passing = error.status >= 500 and error.status not in _LASTING_SERVER_STATUSES
        return passing or error.status in _PASSING_STATUSES
    return isinstance(error, _PASSING)


def again(error: lm15.LM15Error) -> lm15.LM15Error:
    """A fresh copy: an error raised a second time would carry the traces of both."""
    return type(error)(error.message, status=error.status, provider_code=error.provider_code)
