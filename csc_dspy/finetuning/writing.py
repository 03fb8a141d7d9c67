"""The folder of an export: the rows, what was left out, the manifest and the card; all of it or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from csc_dspy.compiled.manifest import MANIFEST_FILE, as_json, read_json
from csc_dspy.exceptions import ArtifactError
from csc_dspy.files import atomic_folder, require_replaceable
from csc_dspy.finetuning._base import Format, Writer
from csc_dspy.finetuning.rows import LeftOut

KIND: Final = "fine-tuning data"
LEFT_OUT_FILE: Final = "left_out.jsonl"
CARD_FILE: Final = "README.md"


class LeftOutFile:
    """Lists the rows that are not there: ids and reasons, no texts. Where all are, there is no file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEFT_OUT_FILE
        self._stream: BinaryIO | None = None

    def put(self, left_out: LeftOut) -> None:
        """Append a line."""
        if self._stream is None:
            self._stream = self._path.open("wb")
        line = json.dumps(left_out.to_dict(), ensure_ascii=False)
        self._stream.write(line.encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        """Finish the file."""
        if self._stream is not None:
            self._stream.close()


def require_place(out: Path) -> None:
    """Refuse a folder that holds something else than an export; OutputError."""
    require_replaceable(out, _is_export, "an export")


@contextmanager
def export_folder(out: Path) -> Iterator[Path]:
    """A folder that becomes ``out`` when the block ends well."""
    require_place(out)
    with atomic_folder(out) as folder:
        yield folder


@contextmanager
def opened(folder: Path, form: Format, *, pairs: bool) -> Iterator[tuple[Writer, LeftOutFile]]:
    """Where rows go, and those that are not there."""
    with closing(form.open(folder, pairs=pairs)) as writer, closing(LeftOutFile(folder)) as left_out:
        yield writer, left_out


def finish(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write the card and the manifest, which gets the hash of every file; the manifest is returned."""
    from csc_dspy.finetuning.card import card

    about = {**manifest, "files": _hashes(folder)}
    (folder / CARD_FILE).write_text(card(about), encoding="utf-8", errors="backslashreplace")
    whole = {**manifest, "files": _hashes(folder)}
    (folder / MANIFEST_FILE).write_text(as_json(whole), encoding="utf-8", errors="backslashreplace")
    return whole


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def _is_export(folder: Path) -> bool:
    try:
        return read_json(folder / MANIFEST_FILE).get("kind") == KIND
    except ArtifactError:
        return False
