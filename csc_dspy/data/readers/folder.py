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
# What a folder has that holds more than data: its entry `data` lists the names of the files that are.
_MANIFEST: Final = "manifest.json"


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
    if _MANIFEST not in names:
        return names
    try:
        data = json.loads((folder / _MANIFEST).read_bytes())["data"]
    except (OSError, ValueError, KeyError, TypeError):
        # A manifest of something else.
        return names
    return [name for name in names if name in data] if isinstance(data, list) else names


def _refuse(error: OSError) -> NoReturn:
    raise unreadable(str(error.filename), error) from error
