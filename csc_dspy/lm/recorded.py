"""A record of every answer that a run has paid for, so that the run can be gone through again for nothing.

Unlike the cache it is on disk before an answer is used, it belongs to one run, and it knows what was paid.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from dspy.lm15 import Request, Response

from csc_dspy.exceptions import DataError
from csc_dspy.journal import Journal
from csc_dspy.lm.budget import Budget, Tokens
from csc_dspy.lm.cache import key_of, without_usage
from csc_dspy.lm.flights import Flights
from csc_dspy.lm.folders import private_folder
from csc_dspy.lm.layers import AsyncEvents, Events
from csc_dspy.lm.metered import AsyncMeteredEngine, MeteredEngine, tokens_of
from csc_dspy.lm.prices import Price

_RUN: Final = {"answers": 1}


class Record:
    """The answers of a run, in one file, for all its language models. Safe under threads and tasks.

    An identical request is made once in a run: who asks again, or meanwhile, gets the same answer.
    """

    def __init__(self, path: Path, budget: Budget) -> None:
        """Open or begin a record; what its answers have cost is counted in ``budget``."""
        private_folder(path.parent)
        self.budget = budget
        self.flights: Flights[Response] = Flights()
        self._journal = Journal(path, _RUN, resume=True)
        for key in self._journal:
            entry = self._journal.get(key)
            budget.take_over(1, Tokens(*entry["tokens"]), entry["usd"] or 0.0, int(entry["usd"] is None))

    def __len__(self) -> int:
        return len(self._journal)

    def find(self, key: bytes) -> Response | None:
        """The answer under ``key``, as one who does not pay for it gets it."""
        if key.hex() not in self._journal:
            return None
        from dspy._vendor.lm15.serde import response_from_dict

        try:
            response: Response = response_from_dict(self._journal.get(key.hex())["response"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(
                "holds an answer that cannot be read",
                where=str(self._journal.path),
                remedy="delete it to begin anew",
            ) from error
        self.budget.spared()
        return response

    def keep(self, key: bytes, response: Response, price: Price | None) -> Response:
        """Write down an answer that was paid for; from here on it survives a kill."""
        from dspy._vendor.lm15.serde import response_to_dict

        tokens = tokens_of(response.usage)
        usd = price.of(tokens.input, tokens.cached, tokens.output) if price else None
        counts = [tokens.input, tokens.output, tokens.cached, tokens.reasoning]
        content = response_to_dict(without_usage(response))
        self._journal.record(key.hex(), {"tokens": counts, "usd": usd, "response": content})
        return response

    def shared(self, response: Response) -> Response:
        """The answer of an identical call in flight, as one who does not pay for it gets it."""
        self.budget.spared()
        return without_usage(response)

    def close(self) -> None:
        """Close the file; it stays."""
        self._journal.close()

    def __deepcopy__(self, memo: dict[int, Any]) -> Record:
        return self


class RecordedEngine:
    """Answers from a record, and asks the engine for what is not there."""

    direct: Final = True

    def __init__(self, inner: MeteredEngine, record: Record, fingerprint: str) -> None:
        self._inner = inner
        self._record = record
        self._fingerprint = fingerprint
        self.asynchronous = AsyncRecordedEngine(self, inner.asynchronous, record)

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        return self._inner.budget

    @property
    def price(self) -> Price | None:
        """What its tokens cost, if that is known."""
        return self._inner.price

    def key(self, request: Request) -> bytes:
        """What the answer to a request is kept under."""
        return key_of(self._fingerprint, request)

    def complete(self, request: Request) -> Response:
        """The answer to a request."""
        key = self.key(request)

        def answer() -> Response:
            return self._record.find(key) or self._record.keep(key, self._inner.complete(request), self.price)

        response, shared = self._record.flights.once(key, answer)
        return self._record.shared(response) if shared else response

    def stream(self, request: Request) -> Events:
        """The answer as it comes; those are not recorded, because no optimizer asks for them."""
        return self._inner.stream(request)

    def close(self) -> None:
        """Close the engine; the record belongs to the run."""
        self._inner.close()

    def __deepcopy__(self, memo: dict[int, Any]) -> RecordedEngine:
        return self


class AsyncRecordedEngine:
    """The same for event loops."""

    direct: Final = True

    def __init__(self, whole: RecordedEngine, inner: AsyncMeteredEngine, record: Record) -> None:
        self._whole = whole
        self._inner = inner
        self._record = record

    async def complete(self, request: Request) -> Response:
        """The answer to a request."""
        key = self._whole.key(request)

        async def answer() -> Response:
            found = self._record.find(key)
            return found or self._record.keep(key, await self._inner.complete(request), self._whole.price)

        response, shared = await self._record.flights.aonce(key, answer)
        return self._record.shared(response) if shared else response

    def stream(self, request: Request) -> AsyncEvents:
        """The answer as it comes; not recorded."""
        return self._inner.stream(request)

    async def aclose(self) -> None:
        """Close the engine; the record belongs to the run."""
        await self._inner.aclose()

    def __deepcopy__(self, memo: dict[int, Any]) -> AsyncRecordedEngine:
        return self
