"""Where things are kept between runs, closed to the other users of the machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from csc_dspy.exceptions import ConfigError

HOME: Final = "CSC_DSPY_HOME"
_ROOT: Final = 0
_OPEN_TO_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where answers of language models are kept."""
    if home := environ.get(HOME):
        return Path(home).expanduser() / "cache"
    return Path("~/.cache/csc-dspy/responses").expanduser()


def models_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where fine-tuned models of the embedded engine are kept."""
    if home := environ.get(HOME):
        return Path(home).expanduser() / "models"
    return Path("~/.cache/csc-dspy/models").expanduser()


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner can look into, or close it; ConfigError if that cannot be."""
    try:
        folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        found = folder.stat()
        if os.name == "posix":
            _check_owner(folder, found.st_uid)
            if found.st_mode & _OPEN_TO_OTHERS:
                folder.chmod(stat.S_IRWXU)
    except OSError as error:
        raise ConfigError(
            f"cannot be used: {error.strerror}",
            where=str(folder),
            remedy=f"set {HOME} to a folder of yours, or give --no-cache",
        ) from error


def _check_owner(folder: Path, owner: int) -> None:
    user = os.getuid()
    if user not in {owner, _ROOT}:
        raise ConfigError(
            "belongs to another user, who could put answers into it",
            where=str(folder),
            remedy=f"set {HOME} to a folder of yours",
        )
