"""The data files of a folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Final, NoReturn

from csc_dspy.data.readers.content import unreadable
from csc_dspy.exceptions import DataError

SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".parquet")
_PACKED: Final = ".gz"
# What the `datasets` library writes beside its data.
_DESCRIPTIONS: Final = {"dataset_info.json", "dataset_infos.json"}


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
    found = (Path(root, name) for root, _, names in os.walk(folder, onerror=_refuse) for name in names)
    files = sorted(path for path in found if is_data_file(path.relative_to(folder)))
    if not files:
        raise DataError(
            "no data files in this folder",
            where=str(folder),
            remedy=f"data files end in {', '.join(SUFFIXES)}, or that and {_PACKED}",
        )
    return files


def _refuse(error: OSError) -> NoReturn:
    raise unreadable(str(error.filename), error) from error
