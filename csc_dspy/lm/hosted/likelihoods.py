"""How many likelihoods of tokens a server tells, as its refusals show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dspy import lm15

# Wrong requests, and models of which nobody or not everybody is told any.
_REFUSALS: Final = frozenset({400, 403, 404, 422, 501})
_FEWER: Final = 5
"""What servers tell that tell less than was asked for, as a rule."""


class Likelihoods:
    """Asks for fewer likelihoods where as many are refused, and for none where fewer are too.

    What a model's server does not tell is not asked for again.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._most: dict[str, int | None] = {}

    def told(self, request: lm15.Request) -> lm15.Request:
        """The request, with no more likelihoods asked for than are told, as far as is known."""
        asked = request.config.logprobs
        if asked is None or request.model not in self._most:
            return request
        most = self._most[request.model]
        fewer = None if most is None else min(asked, most)
        return request if fewer == asked else replace(request, config=replace(request.config, logprobs=fewer))

    def refused(self, request: lm15.Request, failure: lm15.LM15Error) -> bool:
        """Whether it was for its likelihoods that a request was refused: with fewer it may succeed."""
        asked = request.config.logprobs
        if asked is None or failure.status not in _REFUSALS or "logprob" not in failure.message.lower():
            return False
        if request.model not in self._most:
            self._say(request.model, asked)
            self._most[request.model] = asked
        # Many calls may have asked for as many at the same time: the second refusal says nothing new.
        if asked == self._most[request.model]:
            self._most[request.model] = _FEWER if asked > _FEWER else None
        return True

    def _say(self, model: str, asked: int) -> None:
        from csc_dspy.logs import logger

        logger.warning(
            "{}: model {!r} does not tell {} likelihoods of a token; fewer are asked for, or none",
            self._host,
            model,
            asked,
        )
