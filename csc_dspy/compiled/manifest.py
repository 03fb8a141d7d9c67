"""What every part of an artifact agrees on: its files, their hashes, and the form of the manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import ArtifactError
from csc_dspy.programs import PROGRAMS

FORMAT: Final = 2
PROGRAM_FILE: Final = "program.json"
MANIFEST_FILE: Final = "manifest.json"
SCORES_FILE: Final = "scores.json"
RUN: Final = "run"
"""The key of what two compilations of the same may differ in: times, costs, versions."""

_NEEDED: Final = frozenset({"program", "options", "taxonomy", "signatures", "files"})


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest in a folder; ArtifactError if there is none that this version can read."""
    content = read_json(folder / MANIFEST_FILE)
    if content.get("format") != FORMAT:
        raise ArtifactError(
            f"has format {content.get('format')!r}, this version reads {FORMAT}",
            where=str(folder),
            remedy="compile it again, or use the version that wrote it",
        )
    missing = _NEEDED - content.keys()
    if missing or content["program"] not in PROGRAMS:
        what = f"lacks {', '.join(sorted(missing))}" if missing else f"is for {content['program']!r}"
        raise ArtifactError(f"the manifest {what}", where=str(folder), remedy=how_to_recompile(content))
    return content


def how_to_recompile(manifest: dict[str, Any]) -> str:
    """What to type to have an artifact anew."""
    program = manifest.get("program")
    options = manifest.get("options")
    optimizer = manifest.get("optimizer")
    if program not in PROGRAMS or not isinstance(options, dict):
        return "compile it again"
    words = [f"csc-dspy compile {program}", f"--language {options.get('language')}"]
    if isinstance(optimizer, dict):
        words.append(f"--optimizer {optimizer.get('name')}")
    return f"compile it again: {' '.join(words)}"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; ArtifactError if there is none."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ArtifactError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError("is not JSON", where=str(path), remedy="compile it again") from error
    if not isinstance(content, dict):
        raise ArtifactError("is not a JSON object", where=str(path), remedy="compile it again")
    return content


def as_json(content: object) -> str:
    """A JSON file as artifacts have it."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def as_lines(value: Any, indent: str = "") -> str:  # noqa: ANN401  any JSON value
    """JSON in which each demonstration is a line, and each line of text, for files with hundreds of them."""
    inner = f"{indent} "
    if isinstance(value, dict) and any(isinstance(each, dict | list) for each in value.values()):
        rows = [f"{inner}{_compact(key)}: {as_lines(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(each, dict | list | str) for each in value):
        return "[\n" + ",\n".join(f"{inner}{_compact(each)}" for each in value) + f"\n{indent}]"
    return _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sha256(content: bytes) -> str:
    """The hash that manifests have of each file."""
    return hashlib.sha256(content).hexdigest()
