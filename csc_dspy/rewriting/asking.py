"""Questions to a language model about a transcript; what the journal holds is not asked again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from csc_dspy.exceptions import AnswerError, CSCError
from csc_dspy.journal import content_key
from csc_dspy.lm.flights import Flights
from csc_dspy.rewriting._base import Dropped, Transcript

if TYPE_CHECKING:
    import dspy

    from csc_dspy.journal import Journal

T = TypeVar("T")

_UNREADABLE: Final = "unreadable"


class Asking:
    """Asks the language model in force, and keeps its answers in a journal, if there is one."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        self._flights: Flights[Any] = Flights()

    async def fields(
        self, signature: type[dspy.Signature], inputs: Mapping[str, str], *, final: bool = False
    ) -> Mapping[str, str]:
        """The output fields of a signature; AnswerError if they cannot be read.

        ``final`` keeps that too, where it decides what becomes of the transcript.
        """
        key = content_key(signature.__name__, signature.instructions, dict(inputs))

        async def ask() -> dict[str, str]:
            try:
                return await _filled_in(signature, inputs)
            except AnswerError as error:
                if not final:
                    raise
                return {_UNREADABLE: str(error)}

        values = await self.once(key, ask)
        if _UNREADABLE in values:
            raise AnswerError(values[_UNREADABLE])
        return values

    async def once(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What the journal has under ``key``, or what ``ask`` finds out now; it must be JSON.

        Who asks the same meanwhile, for a call that is there twice, waits for that answer.
        """

        async def answer() -> T:
            if self._journal is not None and key in self._journal:
                kept: T = self._journal.get(key)
                return kept
            found = await ask()
            if self._journal is not None:
                self._journal.record(key, found)
            return found

        value, _ = await self._flights.aonce(key.encode(), answer)
        found: T = value
        return found


class AskingStep(ABC):
    """A step that asks. A transcript that the language model fails on is dropped, as ``failed``."""

    name: str

    async def take(self, transcript: Transcript) -> Transcript | Dropped:
        """Let a transcript through, changed or not, or drop it."""
        from csc_dspy.lm.failures import ends_a_run

        try:
            return await self.taken(transcript)
        except CSCError as error:
            if ends_a_run(error):
                raise
            return self.dropped("failed", str(error), transcript)

    @property
    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """What its results depend on besides the transcript."""

    @abstractmethod
    async def taken(self, transcript: Transcript) -> Transcript | Dropped:
        """What `take` gives where the language model answers."""

    def dropped(self, reason: str, detail: str, transcript: Transcript) -> Dropped:
        """The transcript, dropped by this step."""
        return Dropped(self.name, reason, detail, transcript)


async def _filled_in(signature: type[dspy.Signature], inputs: Mapping[str, str]) -> dict[str, str]:
    import dspy

    from csc_dspy.lm.predicting import afill_in

    return dict(await afill_in(dspy.Predict(signature), inputs, {}))
