"""Compiled programs on disk: plain JSON with a manifest that says what it fits.

``program.json`` holds what DSPy keeps of a program (instructions, demonstrations, the transition prior),
``manifest.json`` how the program is built, a fingerprint of every signature and of the taxonomy, and a hash
of every file. Nothing in it is code, and no language model is in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ArtifactError
from csc_dspy.files import atomic_write
from csc_dspy.programs import PROGRAMS, Options, Program, create
from csc_dspy.signatures import Shown, labels_of
from csc_dspy.taxonomy import BUILT_IN, Taxonomy, load_taxonomy

if TYPE_CHECKING:
    import dspy

FORMAT: Final = 1
PROGRAM_FILE: Final = "program.json"
MANIFEST_FILE: Final = "manifest.json"


def save(program: Program, folder: str | Path, **about: object) -> Path:
    """Write a program to ``folder``, with ``about`` in the manifest. Equal programs give equal bytes."""
    folder = Path(folder)
    state = _as_json(program.dump_state())
    manifest = {
        "format": FORMAT,
        "program": program.name,
        "options": _options_to_dict(program.options),
        "taxonomy": {"id": program.options.taxonomy.id, "fingerprint": program.options.taxonomy.fingerprint},
        "signatures": _fingerprints(program),
        **about,
        "files": {PROGRAM_FILE: _sha256(state)},
    }
    atomic_write(folder / PROGRAM_FILE, state)
    # Last: a folder with a manifest is complete.
    atomic_write(folder / MANIFEST_FILE, _as_json(manifest))
    return folder


def load(source: str | Path, taxonomy: Taxonomy | None = None) -> Program:
    """The program in a folder that `save` wrote, or that the path of its ``program.json`` names.

    ArtifactError if a file was changed, or if the signatures or the taxonomy are not those that it was
    compiled for. ``taxonomy`` is needed where it is not built in.
    """
    folder = Path(source)
    folder = folder.parent if folder.name == PROGRAM_FILE else folder
    manifest = _manifest(folder)
    state = _verified(folder, manifest)
    program = create(manifest["program"], _options(folder, manifest, taxonomy))
    _require_same_signatures(folder, manifest["signatures"], _fingerprints(program))
    _refuse_language_models(folder, state)
    try:
        program.load_state(state)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError("does not fit the program", where=str(folder), remedy=_RECOMPILE) from error
    return program


_RECOMPILE: Final = "compile it again"


def _manifest(folder: Path) -> dict[str, Any]:
    content = _read_json(folder / MANIFEST_FILE)
    if content.get("format") != FORMAT:
        raise ArtifactError(
            f"has format {content.get('format')!r}, this version reads {FORMAT}",
            where=str(folder),
            remedy="compile it again, or use the version that wrote it",
        )
    missing = {"program", "options", "taxonomy", "signatures", "files"} - content.keys()
    if missing or content["program"] not in PROGRAMS:
        what = f"lacks {', '.join(sorted(missing))}" if missing else f"is for {content['program']!r}"
        raise ArtifactError(f"the manifest {what}", where=str(folder), remedy=_RECOMPILE)
    return content


def _verified(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The program's state, after every file has been held against its hash."""
    for name, expected in manifest["files"].items():
        path = folder / name
        if path.resolve().parent != folder.resolve() and folder.resolve() not in path.resolve().parents:
            raise ArtifactError(f"names a file outside of it: {name}", where=str(folder))
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ArtifactError(f"cannot be read: {error.strerror}", where=str(path)) from error
        if _sha256(content) != expected:
            raise ArtifactError("is not what was saved", where=str(path), remedy=_RECOMPILE)
    return _read_json(folder / PROGRAM_FILE)


def _options(folder: Path, manifest: Mapping[str, Any], taxonomy: Taxonomy | None) -> Options:
    wanted = manifest["taxonomy"]
    if taxonomy is None:
        if wanted["id"] not in BUILT_IN:
            raise ArtifactError(
                f"was compiled for the taxonomy {wanted['id']!r}",
                where=str(folder),
                remedy="give it with --taxonomy",
            )
        taxonomy = load_taxonomy(wanted["id"])
    if taxonomy.fingerprint != wanted["fingerprint"]:
        same = taxonomy.id == wanted["id"]
        what = (
            f"another version of the taxonomy {wanted['id']!r}" if same else f"the taxonomy {wanted['id']!r}"
        )
        raise ArtifactError(f"was compiled for {what}", where=str(folder), remedy=_RECOMPILE)
    fields = {**manifest["options"], "shown": Shown(**manifest["options"]["shown"]), "taxonomy": taxonomy}
    return Options(**fields)


def _options_to_dict(options: Options) -> dict[str, Any]:
    return {
        "language": options.language,
        "shown": asdict(options.shown),
        "reasoning": options.reasoning,
        "history_tokens": options.history_tokens,
        "unlabelled": options.unlabelled,
    }


def _fingerprints(program: Program) -> dict[str, str]:
    """What must not change under saved demonstrations: each predictor's fields, types and labels."""
    return {name: _fingerprint(predictor.signature) for name, predictor in program.named_predictors()}


def _fingerprint(signature: type[dspy.Signature]) -> str:
    fields = []
    for name, field in signature.fields.items():
        labels = labels_of(field)
        fields.append(
            [
                name,
                field.json_schema_extra["__dspy_field_type"],
                labels.names if labels else str(field.annotation),
            ]
        )
    return hashlib.sha256(_as_json(fields).encode()).hexdigest()[:16]


def _require_same_signatures(folder: Path, saved: Mapping[str, str], now: Mapping[str, str]) -> None:
    changed = sorted(name for name in {*saved, *now} if saved.get(name) != now.get(name))
    if changed:
        raise ArtifactError(
            f"was compiled for other signatures: {', '.join(changed)} changed",
            where=str(folder),
            remedy=_RECOMPILE,
        )


def _refuse_language_models(folder: Path, state: Mapping[str, Any]) -> None:
    """A saved language model could name a class to import and an address to send text to."""
    for name, predictor in state.items():
        if isinstance(predictor, dict) and predictor.get("lm") is not None:
            raise ArtifactError(
                f"{name} brings a language model of its own", where=str(folder), remedy="artifacts hold none"
            )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ArtifactError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except ValueError as error:
        raise ArtifactError("is not JSON", where=str(path), remedy=_RECOMPILE) from error
    if not isinstance(content, dict):
        raise ArtifactError("is not a JSON object", where=str(path), remedy=_RECOMPILE)
    return content


def _as_json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _sha256(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
