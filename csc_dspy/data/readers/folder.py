"""The data files of a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Final, NoReturn

from csc_dspy.data.readers.content import unreadable
from csc_dspy.exceptions import DataError

SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".parquet")
_PACKED: Final = ".gz"
# What the `datasets` library writes beside its data.
_DESCRIPTIONS: Final = {"dataset_info.json", "dataset_infos.json"}
MANIFEST: Final = "manifest.json"
"""What a folder has that holds more than data: its entry `data` lists the names of the files that are."""


def is_data_file(path: PurePath) -> bool:
    """Whether a file in a folder counts, by its name and those of the folders on the way to it."""
    hidden = any(part.startswith((".", "_")) for part in path.parts)
    name = path.name.lower().removesuffix(_PACKED)
    return not hidden and name.endswith(SUFFIXES) and name not in _DESCRIPTIONS


def stem(path: PurePath) -> str:
    """The name before all suffixes, by which a part is called."""
    return path.name.partition(".")[0]


def data_files(folder: Path) -> list[Path]:
    """The data files in a folder and the folders in it, in order of their paths."""
    walk = os.walk(folder, onerror=_refuse)
    found = (Path(root, name) for root, _, names in walk for name in _named(Path(root), names))
    files = sorted(path for path in found if is_data_file(path.relative_to(folder)))
    if not files:
        raise DataError(
            "no data files in this folder",
            where=str(folder),
            remedy=f"data files end in {', '.join(SUFFIXES)}, or that and {_PACKED}",
        )
    return files


def _named(folder: Path, names: Sequence[str]) -> Sequence[str]:
    """Those of the files in one folder that its manifest calls its data; all of them if it does not say."""
    if MANIFEST not in names:
        return names
    try:
        data = called_data((folder / MANIFEST).read_bytes())
    except OSError:
        return names
    return names if data is None else [name for name in names if name in data]


def called_data(manifest: bytes) -> Sequence[str] | None:
    """The names of the files that a manifest calls data; None if it is a manifest of something else."""
    try:
        data = json.loads(manifest)["data"]
    except (ValueError, KeyError, TypeError):
        return None
    return data if isinstance(data, list) else None


def _refuse(error: OSError) -> NoReturn:
    raise unreadable(str(error.filename), error) from error
