"""The libraries of the extra ``neural``, which may not be there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

from csc_dspy.exceptions import ConfigError

_LIBRARIES: Final = ("torch", "transformers")
REMEDY: Final = "pip install 'csc-dspy[neural]'"


def available() -> str | None:
    """Why neural metrics cannot be had on this machine; None if they can."""
    return next(filter(None, map(_trouble, _LIBRARIES)), None)


def require_extra(metric: str) -> None:
    """ConfigError unless the extra is installed."""
    if reason := available():
        raise ConfigError(f"needs the extra neural: {reason}", where=metric, remedy=REMEDY)


def best_device() -> str:
    """Where models run unless told otherwise."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _trouble(library: str) -> str | None:
    try:
        import_module(library)
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed"
    # A build for another machine fails in the loader of libraries.
    except (ImportError, OSError) as error:
        return f"{library} cannot be imported: {error}"
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from drawing bars and telling what it found; its errors are reported as ours."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
