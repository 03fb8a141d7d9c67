"""Calls that cannot succeed are not sent: after a refused key, an empty account, or an unknown model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import AuthError, BillingError, UnsupportedModelError, again

if TYPE_CHECKING:
    from dspy.lm15 import LM15Error


class Fuse:
    """Blows for all models when the key or the account is refused, and for one when the server lacks it."""

    def __init__(self) -> None:
        self._everything: LM15Error | None = None
        self._models: dict[str, LM15Error] = {}

    def check(self, model: str) -> None:
        """Raise what the server said before, if it would only say it again."""
        error = self._everything or self._models.get(model)
        if error is not None:
            raise again(error)

    def note(self, error: LM15Error, model: str) -> None:
        """Blow if the error says that calls are in vain. A 403 does not: it may be about one request."""
        if isinstance(error, BillingError) or (isinstance(error, AuthError) and error.status != 403):
            self._everything = error
        elif isinstance(error, UnsupportedModelError):
            self._models[model] = error
