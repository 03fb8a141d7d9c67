"""Ctrl-C in the middle of libraries that may swallow it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from csc_dspy.lm import Budget

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Interrupts:
    """Whether there was one."""

    seen: bool = False


@contextmanager
def ending(budget: Budget) -> Iterator[Interrupts]:
    """Let an interrupt end the budget too, so that whoever swallows it gets no further.

    Signals that would not become a KeyboardInterrupt are left alone, and so are threads, which get none.
    """
    interrupts = Interrupts()

    def interrupted(number: int, frame: FrameType | None) -> None:
        interrupts.seen = True
        budget.end()
        signal.default_int_handler(number, frame)

    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    taken = [each for each in _SIGNALS if signal.getsignal(each) is signal.default_int_handler]
    for each in taken:
        signal.signal(each, interrupted)
    try:
        yield interrupts
    finally:
        for each in taken:
            signal.signal(each, signal.default_int_handler)
