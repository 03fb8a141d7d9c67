"""Stopping DSPy's optimizers at once.

They swallow every exception: a wrong key or a spent budget counts as a bad answer, and they go on asking.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Condition
from typing import Any, Final

from dspy.utils.exceptions import LMError as DSPyLMError

from csc_dspy.exceptions import AnswerError, CSCError
from csc_dspy.lm.failures import ends_a_run

_PATIENCE: Final = 20
"""So many calls in a row that fail are no accident."""


class Halt(BaseException):
    """Ends an optimizer of DSPy: what only catches Exception lets it through, also out of threads."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Watch:
    """Sees the first error that would not go away, and lets nothing be asked from then on."""

    def __init__(self) -> None:
        self._error: Exception | None = None
        self._failures = 0
        self._in_flight = 0
        self._changed = Condition()

    def halt(self, error: Exception) -> Halt:
        """What to raise for an error that ends the run: the first of them."""
        with self._changed:
            self._error = self._error or error
            return Halt(self._error)

    def settle(self) -> None:
        """Wait until no call is in flight, so that nothing is used behind the back of whoever goes on."""
        with self._changed:
            self._changed.wait_for(lambda: self._in_flight == 0)

    @contextmanager
    def call(self) -> Generator[None, None, None]:
        """Around each call. A failure of this call alone goes its way; whatever lasts becomes a `Halt`."""
        with self._begun():
            try:
                yield
            except AnswerError:
                raise
            except (CSCError, DSPyLMError) as error:
                if self._lasts(error):
                    raise self.halt(error) from None
                raise
            except Exception as error:  # noqa: BLE001 - neither the model nor the network: something is broken
                raise self.halt(error) from None
            self._failures = 0

    @contextmanager
    def _begun(self) -> Generator[None, None, None]:
        with self._changed:
            if self._error is not None:
                raise Halt(self._error)
            self._in_flight += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    @contextmanager
    def strictly(self) -> Generator[None, None, None]:
        """Around what has no failures that are to be expected: each of them ends the run."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again where DSPy cannot swallow it
            raise self.halt(error) from None

    def metric(self, metric: Callable[..., Any]) -> Callable[..., Any]:
        """A metric whose errors end the run instead of scoring 0."""

        def strict(*arguments: object, **named: object) -> object:
            with self.strictly():
                return metric(*arguments, **named)

        return strict

    def _lasts(self, error: Exception) -> bool:
        with self._changed:
            self._failures += 1
            return (isinstance(error, CSCError) and ends_a_run(error)) or self._failures >= _PATIENCE
