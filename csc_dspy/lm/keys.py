"""API keys: found in the environment or in a file, and kept from every eye."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from csc_dspy.exceptions import ConfigError

KEY: Final = "CSC_DSPY_API_KEY"
KEY_FILE: Final = "CSC_DSPY_API_KEY_FILE"
_LONGEST_FILE: Final = 16_384
_HIDDEN: Final = "***"


class Secret:
    """A key. It is shown, copied and stored nowhere; only `reveal` hands it out, to send it."""

    __slots__ = ("_value", "origin")

    def __init__(self, value: str, origin: str) -> None:
        self._value = value
        self.origin = origin
        """Where it was found: a variable or a file."""

    def reveal(self) -> str:
        """The key itself."""
        return self._value

    def strike(self, text: str) -> str:
        """``text`` without the key."""
        return text.replace(self._value, _HIDDEN)

    def __repr__(self) -> str:
        return f"Secret({_HIDDEN} from {self.origin})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not stored")


def find_key(
    usual: Sequence[str], key_file: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Secret | None:
    """The key for a language model, or None if there is none.

    The first of: ``key_file``, the file that ``CSC_DSPY_API_KEY_FILE`` names, ``CSC_DSPY_API_KEY``, and the
    provider's ``usual`` variables.
    """
    file = key_file or (Path(environ[KEY_FILE]) if environ.get(KEY_FILE) else None)
    if file is not None:
        return _read(file)
    for name in (KEY, *usual):
        if value := environ.get(name, "").strip():
            return Secret(value, name)
    return None


def no_key(spec: str, usual: Sequence[str]) -> ConfigError:
    """The error for a language model whose key is missing."""
    names = " or ".join([*usual, KEY])
    return ConfigError(
        "needs an API key", where=f"--lm {spec}", remedy=f"set {names}, or give --api-key-file FILE"
    )


def readable_by_others(file: Path) -> bool:
    """Whether other users of this machine may read a key file."""
    return os.name == "posix" and bool(file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _read(file: Path) -> Secret:
    where = str(file)
    try:
        with file.open("rb") as stream:
            content = stream.read(_LONGEST_FILE)
    except OSError as error:
        raise ConfigError(f"the API key cannot be read: {error.strerror}", where=where) from error
    lines = content.decode("utf-8", errors="replace").split()
    if len(lines) != 1:
        problem = "holds no API key" if not lines else "holds more than an API key"
        raise ConfigError(problem, where=where, remedy="put the key alone into the file")
    return Secret(lines[0], where)
