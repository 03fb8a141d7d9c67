"""Writing a program as an artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from csc_dspy.compiled.fit import described_signatures
from csc_dspy.compiled.folders import write_folder
from csc_dspy.compiled.manifest import FORMAT, MANIFEST_FILE, PROGRAM_FILE, as_json, as_lines, sha256
from csc_dspy.compiled.packing import packed
from csc_dspy.programs import Options, Program


def save(
    program: Program, folder: str | Path, *, files: Mapping[str, str] | None = None, **about: object
) -> Path:
    """Write a program to ``folder``, with ``about`` in the manifest and other ``files`` beside it.

    Equal programs give equal bytes. The folder appears in whole; an artifact that is there is replaced, and
    anything else is left alone with an OutputError.
    """
    folder = Path(folder)
    contents = {PROGRAM_FILE: f"{as_lines(packed(_state(program)))}\n", **(files or {})}
    encoded = {name: content.encode("utf-8", "backslashreplace") for name, content in contents.items()}
    manifest = {
        "format": FORMAT,
        "program": program.name,
        "options": _options(program.options),
        "taxonomy": {"id": program.options.taxonomy.id, "fingerprint": program.options.taxonomy.fingerprint},
        "signatures": described_signatures(program),
        **about,
        "files": {name: sha256(content) for name, content in sorted(encoded.items())},
    }
    write_folder(folder, {**encoded, MANIFEST_FILE: as_json(manifest).encode("utf-8", "backslashreplace")})
    return folder


def _state(program: Program) -> dict[str, Any]:
    """What DSPy keeps of the program, without language models: those are in force, not inside."""
    state: dict[str, Any] = program.dump_state()
    return {
        name: {**part, "lm": None} if isinstance(part, dict) and "lm" in part else part
        for name, part in state.items()
    }


def _options(options: Options) -> dict[str, Any]:
    return {
        "language": options.language,
        "shown": asdict(options.shown),
        "reasoning": options.reasoning,
        "history_tokens": options.history_tokens,
        "unlabelled": options.unlabelled,
    }
