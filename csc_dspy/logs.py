"""Where log messages go, and what may never be in them.

Inside the package every module that logs takes its logger from here, when it first needs it::

    from csc_dspy.logs import content, logger

    logger.info("rewrote {}", content(turn.text))  # rewrote [23 characters]

In a program that imports csc_dspy this logger is silent, as a library should be, and nothing is configured.
``from csc_dspy.logs import logger; logger.enable("csc_dspy")`` turns it on, in that order: its first import
silences it. loguru itself is imported then, not before. The command line calls `configure`.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError, CSCError

if TYPE_CHECKING:
    from loguru import Logger, Record

    logger: Logger

__all__ = ["configure", "content", "logger", "quiet_stdout", "redact"]

_LEVELS: Final = {-1: "ERROR", 0: "WARNING", 1: "INFO", 2: "DEBUG"}
_STDERR_FORMAT: Final = "{time:HH:mm:ss} {level: <8}{message}"
_FILE_FORMAT: Final = "{time:YYYY-MM-DDTHH:mm:ss.SSSZZ} {level: <8}{name}: {message}"

# Libraries that put handlers of their own on their loggers, or whose messages below WARNING are wanted too.
_LIBRARIES: Final = (
    *("dspy", "litellm", "LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore"),
    *("optuna", "datasets", "huggingface_hub", "transformers"),
)
# Messages of every other logger may quote examples, prompts or answers.
_NEVER_QUOTE: Final = frozenset({"optuna", "huggingface_hub", "filelock", "fsspec"})
_WITHHELD: Final = "message withheld (--log-content shows it)"

_SECRET_NAMES: Final = ("_API_KEY", "_ACCESS_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
# A shorter value is a switch ("true", "1"), and striking it out everywhere would ruin the log.
_SHORTEST_SECRET: Final = 6
_SECRET_FORMS: Final = (
    re.compile(r"(authorization['\"]?\s*[:=]\s*['\"]?)[^'\",}\r\n]+", re.IGNORECASE),
    re.compile(r"(bearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE),
    re.compile(r"(api[-_]?key['\"]?\s*[:=]\s*['\"]?)[^\s'\",}&]+", re.IGNORECASE),
    re.compile(r"(\b(?:sk-|hf_))[\w-]{8,}"),
)


@dataclass
class _Policy:
    show_content: bool = False


_policy = _Policy()


def __getattr__(name: str) -> object:
    if name != "logger":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from loguru import logger as package_logger

    package_logger.disable("csc_dspy")
    globals()["logger"] = package_logger
    return package_logger


def configure(verbosity: int, log_file: Path | None = None, *, log_content: bool = False) -> None:
    """Send the messages of this package and of the libraries under it to stderr, and all of them to a file.

    ``verbosity`` is -1 for errors alone, 0 for warnings, 1 for notes, 2 for everything; ``log_file`` is
    appended to and gets everything whatever the verbosity. Customer text is withheld unless ``log_content``;
    keys and tokens always are. For programs only: it takes over the process's logging.
    """
    from csc_dspy.logs import logger

    _policy.show_content = log_content
    level = _LEVELS[max(-1, min(verbosity, 2))]
    logger.remove()
    logger.add(
        _to_stderr, level=level, format=_STDERR_FORMAT, colorize=False, diagnose=False, backtrace=False
    )
    if log_file is not None:
        _add_file(logger, log_file)
    logger.configure(patcher=_clean)
    logger.enable("csc_dspy")
    _route_libraries("DEBUG" if log_file else level)


def content(text: str) -> str:
    """``text`` as a log message may show it: its length alone, unless ``--log-content`` allows the text."""
    return text if _policy.show_content else f"[{len(text)} characters]"


@contextmanager
def quiet_stdout() -> Iterator[None]:
    """Keep stdout for the command's answer: what libraries print meanwhile goes to stderr."""
    with redirect_stdout(sys.stderr):
        yield


def redact(text: str) -> str:
    """``text`` with ``***`` for every key and token: those in the environment and whatever looks like one."""
    secrets = {value for name, value in os.environ.items() if name.upper().endswith(_SECRET_NAMES)}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    for form in _SECRET_FORMS:
        text = form.sub(r"\1***", text)
    return text


def _to_stderr(message: str) -> None:
    # Looked up at every message: a progress bar puts its own stream there while it is drawn.
    sys.stderr.write(message)


def _add_file(logger: Logger, path: Path) -> None:
    if not path.parent.is_dir():
        raise ConfigError(
            "the log file cannot be opened: its folder does not exist",
            where=str(path),
            remedy=f"make {path.parent} first",
        )
    # loguru takes braces in a path for a template.
    literal = str(path).replace("{", "{{").replace("}", "}}")
    try:
        logger.add(
            literal,
            level="DEBUG",
            format=_FILE_FORMAT,
            diagnose=False,
            backtrace=False,
            errors="backslashreplace",
        )
    except OSError as error:
        raise ConfigError(f"the log file cannot be opened: {error.strerror}", where=str(path)) from error


def _clean(record: Record) -> None:
    """Fold the traceback into the message and strike out what must not be seen."""
    message = record["message"]
    caught, record["exception"] = record["exception"], None
    if caught is not None and caught.value is not None:
        message = f"{message}\n{_traceback(caught.value)}"
    record["message"] = redact(message)


def _traceback(error: BaseException) -> str:
    """Where ``error`` and its causes came from; their messages only if they cannot hold customer text."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    parts = []
    for link in reversed(chain):
        # Of errors of the system only Python's own: libraries put answers of servers into theirs.
        harmless = isinstance(link, CSCError) or (isinstance(link, OSError) and _is_built_in(link))
        frames = "".join(traceback.format_tb(link.__traceback__))
        told = link if harmless or _policy.show_content else _WITHHELD
        parts.append(f"Traceback (most recent call last):\n{frames}{type(link).__name__}: {told}")
    return "\nwhich led to\n".join(parts)


def _is_built_in(error: BaseException) -> bool:
    return type(error).__module__ == "builtins"


class _ToLoguru(logging.Handler):
    """Hands records of the standard library's loggers on, without customer text."""

    def emit(self, record: logging.LogRecord) -> None:
        from csc_dspy.logs import logger

        level, message = record.levelname, _message(record)
        if message is None:
            # With nothing left to read in it, a note is of use only to someone who looks for everything.
            level = level if record.levelno >= logging.WARNING else "DEBUG"
            message = f"{record.name} {record.levelname}: {_WITHHELD}"
        else:
            message = f"{record.name}: {message}"
        known = level in _LEVELS.values() or level == "CRITICAL"

        def rename(sent: Record) -> None:
            sent["name"] = record.name

        renamed = logger.opt(exception=record.exc_info).patch(rename)
        renamed.log(level if known else record.levelno, message)


def _message(record: logging.LogRecord) -> str | None:
    """The text of a library's message, or None where it may quote customer text."""
    if not _policy.show_content and record.name.partition(".")[0] not in _NEVER_QUOTE:
        return None
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A library's slip in its own message is no reason to stop the work.
        return str(record.msg)


_HANDLER: Final = _ToLoguru()


class _RoutedLogger(logging.Logger):
    """A library's logger that keeps our handler, whatever the library does to it when it is imported."""

    @property
    def handlers(self) -> list[logging.Handler]:
        return [_HANDLER]

    @handlers.setter
    def handlers(self, handlers: list[logging.Handler]) -> None:
        """Ignored, like what is added to the list."""

    @property
    def propagate(self) -> bool:
        return False

    @propagate.setter
    def propagate(self, propagate: bool) -> None:
        """Ignored."""


def _route_libraries(level: str) -> None:
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.__class__ = _RoutedLogger
        library.setLevel(level)
    root = logging.getLogger()
    root.handlers[:] = [_HANDLER]
    # A warning can quote the value that it warns of.
    logging.captureWarnings(capture=True)
