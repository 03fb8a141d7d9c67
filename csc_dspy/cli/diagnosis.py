"""Whether this installation, its folders and its environment are as they should be."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

from csc_dspy.lm.folders import HOME, cache_folder
from csc_dspy.lm.keys import KEY_FILE, readable_by_others

State = Literal["fine", "warning", "failed"]

PACKAGE: Final = "csc-dspy"
_GIGABYTE: Final = 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing."""

    about: str
    state: State
    told: str
    remedy: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def installation() -> Iterator[Finding]:
    """Python and the packages that this one needs."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    try:
        about = metadata.metadata(PACKAGE)
    except metadata.PackageNotFoundError:
        yield Finding("packages", "failed", f"{PACKAGE} is not installed", f"pip install {PACKAGE}")
        return
    version, wanted = platform.python_version(), about["Requires-Python"] or ""
    right = SpecifierSet(wanted).contains(version, prereleases=True)
    yield Finding("Python", "fine" if right else "failed", version, None if right else f"use Python {wanted}")
    needed = [Requirement(line) for line in metadata.requires(PACKAGE) or ()]
    needed = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    wrong = [finding for each in needed if (finding := _package(each.name, str(each.specifier)))]
    yield from wrong or [Finding("packages", "fine", f"all {len(needed)} in the ranges that are supported")]


def _package(name: str, wanted: str) -> Finding | None:
    """What is wrong with a package, if anything."""
    from packaging.specifiers import SpecifierSet

    remedy = f"pip install '{name}{wanted}'"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(f"package {name}", "failed", "is not installed", remedy)
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return None
    return Finding(f"package {name}", "failed", f"{version}, and has to be {wanted}", remedy)


def folders() -> Iterator[Finding]:
    """The folder for what is kept between runs, and the one of the answers in it."""
    answers = cache_folder()
    yield _folder("home folder", answers.parent, private=False)
    yield _folder("cache folder", answers, private=True)


def _folder(about: str, folder: Path, *, private: bool) -> Finding:
    try:
        existing = next(each for each in (folder, *folder.parents) if each.exists())
        problem = _unusable(existing)
        free = shutil.disk_usage(existing).free / _GIGABYTE
        others = private and existing == folder and _open_to_others(folder)
    except OSError as error:
        problem, free, others = f"{folder}: {error.strerror}", 0.0, False
    if problem:
        return Finding(about, "failed", problem, f"set {HOME} to a folder of yours")
    if others:
        return Finding(about, "warning", f"other users may look into {folder}", f"chmod 700 {folder}")
    told = f"{folder}{'' if folder.exists() else ', which will be made'}, {free:.1f} GB free"
    if free < 1:
        return Finding(about, "warning", told, f"free some space, or set {HOME} to another disk")
    return Finding(about, "fine", told)


def _unusable(folder: Path) -> str | None:
    if not folder.is_dir():
        return f"{folder} is not a folder"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} cannot be written to"
    return None


def _open_to_others(folder: Path) -> bool:
    return os.name == "posix" and bool(folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def settings(path: Path | None) -> Finding:
    """The settings file, which has been read without an error by now."""
    return Finding("settings", "fine", f"{path} is right" if path else "no file, which is fine")


def key_files(given: Path | None) -> Iterator[Finding]:
    """Whether others may read the file with the key."""
    file = given or (Path(os.environ[KEY_FILE]) if os.environ.get(KEY_FILE) else None)
    if file is not None and file.exists() and readable_by_others(file):
        yield Finding("key file", "warning", f"other users may read {file}", f"chmod 600 {file}")
