"""Folders of artifacts, which appear and are replaced in whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from csc_dspy import files as folders
from csc_dspy.compiled.manifest import FORMAT, MANIFEST_FILE, read_json
from csc_dspy.exceptions import ArtifactError


def require_replaceable(folder: Path) -> None:
    """Refuse a place where something else than an artifact is; OutputError."""
    folders.require_replaceable(folder, _is_artifact, "an artifact")


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder beside ``folder`` that then takes its place; all or nothing."""
    require_replaceable(folder)
    with folders.atomic_folder(folder) as temporary:
        for name, content in files.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _is_artifact(folder: Path) -> bool:
    try:
        manifest = read_json(folder / MANIFEST_FILE)
    except ArtifactError:
        return False
    # The manifests of other folders say what kind they are of.
    return isinstance(manifest.get("format"), type(FORMAT)) and "kind" not in manifest
