"""The libraries of the extras, which may not be there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Final

from csc_dspy.exceptions import ConfigError

ANSWERING: Final = ("torch", "transformers")
"""What answering takes; an adapter takes `ADAPTING` besides."""
ADAPTING: Final = "peft"
TRAINING: Final = (*ANSWERING, ADAPTING, "trl")


def missing(libraries: Sequence[str] = TRAINING) -> str | None:
    """Why one of the libraries cannot be had on this machine; None if all can."""
    return next(filter(None, map(_trouble, libraries)), None)


def require(libraries: Sequence[str], where: str, extra: str = "train") -> None:
    """ConfigError unless the libraries of an extra are installed."""
    if reason := missing(libraries):
        raise ConfigError(f"needs the extra {extra}: {reason}", where=where, remedy=remedy_for(extra))


def remedy_for(extra: str) -> str:
    """What to type to have an extra."""
    return f"pip install 'csc-dspy[{extra}]'"


def best_device() -> str:
    """Where models run."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries from drawing bars, telling what they found, and warning of each other.

    Their errors are reported as ours.
    """
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def explained(where: str, problem: str = "cannot be loaded", remedy: str = "") -> Iterator[None]:
    """Make whatever the libraries raise a ConfigError.

    Nothing but calls of these libraries may be in the block.
    """
    try:
        with quiet():
            yield
    # What is wrong with a file comes as the error of whichever parser met it.
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigError(
            f"{problem}: {type(error).__name__}: {first}", where=where, remedy=remedy
        ) from error


def _trouble(library: str) -> str | None:
    try:
        import_module(library)
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed"
    # A build for another machine fails in the loader of libraries.
    except (ImportError, OSError) as error:
        return f"{library} cannot be imported: {error}"
    return None
