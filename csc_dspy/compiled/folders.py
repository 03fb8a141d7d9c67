"""Folders that appear and are replaced in whole."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from csc_dspy.compiled.manifest import FORMAT, MANIFEST_FILE, read_json
from csc_dspy.exceptions import ArtifactError, OutputError
from csc_dspy.files import atomic_write


def require_replaceable(folder: Path) -> None:
    """Refuse a place where something else than an artifact is; OutputError."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not folder.is_dir():
        raise OutputError("is a file", where=str(folder), remedy="name a folder for the artifact")
    try:
        ours = isinstance(read_json(folder / MANIFEST_FILE).get("format"), type(FORMAT))
    except ArtifactError:
        ours = False
    if not ours:
        raise OutputError(
            "holds something else than an artifact, and is not replaced",
            where=str(folder),
            remedy="name another folder",
        )


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder beside ``folder`` that then takes its place; all or nothing."""
    require_replaceable(folder)
    target = folder.resolve()
    temporary, old = (target.with_name(f".{target.name}.{secrets.token_hex(6)}.{end}") for end in _ENDINGS)
    try:
        for name, content in files.items():
            atomic_write(temporary / name, content)
        if target.exists():
            target.rename(old)
        temporary.rename(target)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(folder)) from error
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        for each in (temporary, old):
            with suppress(OSError):
                shutil.rmtree(each)


_ENDINGS = ("partial", "old")
