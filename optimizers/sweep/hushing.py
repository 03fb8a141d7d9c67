"""What Optuna says on the side, where it is of no use to anybody."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


@contextmanager
def experimenting() -> Iterator[None]:
    """Use what Optuna calls experimental, in some cases for years."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


class _Quiet:
    """Silences Optuna's log while anybody is inside; then it is as it was before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0

    def __enter__(self) -> None:
        import optuna

        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._before = optuna.logging.get_verbosity()
                optuna.logging.set_verbosity(optuna.logging.ERROR)

    def __exit__(self, *_: object) -> None:
        import optuna

        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                optuna.logging.set_verbosity(self._before)


_quiet: Final = _Quiet()


def quiet() -> _Quiet:
    """Optuna's own log, which tells of every trial, only where something is wrong."""
    return _quiet
