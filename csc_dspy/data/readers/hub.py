"""Data sets on the Hugging Face hub, or copies of their repositories, by way of the `datasets` library."""

from __future__ import annotations

import glob
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from csc_dspy.data.readers._base import RawRow
from csc_dspy.data.readers.columns import column_row
from csc_dspy.data.readers.folder import MANIFEST, called_data, data_files, is_data_file
from csc_dspy.data.readers.hub_errors import explained
from csc_dspy.exceptions import DataError
from csc_dspy.logs import quiet_stdout


def repository_files(name: str, revision: str | None) -> list[PurePath]:
    """The data files of a repository, as paths in it."""
    folder = Path(name)
    if folder.is_dir():
        return [path.relative_to(folder) for path in data_files(folder)]
    where = f"hub:{name}@{revision}" if revision else f"hub:{name}"
    with explained(where):
        from huggingface_hub import HfApi

        listed = HfApi().list_repo_files(name, revision=revision, repo_type="dataset")
        data = called_data(_manifest(name, revision)) if MANIFEST in listed else None
    files = sorted(PurePath(path) for path in listed if data is None or path in data)
    files = [path for path in files if is_data_file(path)]
    if not files:
        raise DataError("has no data files", where=where)
    return files


def _manifest(name: str, revision: str | None) -> bytes:
    from huggingface_hub import HfFileSystem

    found: bytes = HfFileSystem().read_bytes(f"datasets/{name}/{MANIFEST}", revision=revision)
    return found


def repository_rows(name: str, revision: str | None, file: PurePath) -> Iterator[RawRow]:
    """The rows of one data file of a repository; the line of a `RawRow` is the number of the row."""
    called, number = name_in_repository(name, file), 0
    for number, columns in enumerate(_columns(called, _url(name, revision, file)), start=1):
        yield column_row(called, number, columns)
    if number == 0:
        raise DataError("holds no conversations", where=called)


def name_in_repository(name: str, file: PurePath) -> str:
    """What messages call a file of a repository."""
    return str(Path(name) / file) if Path(name).is_dir() else f"hub:{name}/{file}"


def _url(name: str, revision: str | None, file: PurePath) -> str:
    """The one file as `datasets` is told it, which takes what it is told for a pattern."""
    folder = Path(name)
    if folder.is_dir():
        return glob.escape(str(folder.resolve() / file))
    at = f"@{quote(revision, safe='')}" if revision else ""
    return f"hf://datasets/{name}{at}/{glob.escape(file.as_posix())}"


def _columns(called: str, url: str) -> Iterator[Mapping[str, Any]]:
    with _silent(), explained(called):
        from datasets import load_dataset

        form = "parquet" if ".parquet" in PurePath(url).suffixes else "json"
        rows = iter(load_dataset(form, data_files=url, split="train", streaming=True))
    while True:
        with _silent(), explained(called):
            row = next(rows, None)
        if row is None:
            return
        yield row


@contextmanager
def _silent() -> Iterator[None]:
    """Keep `datasets` from printing and logging: its errors are reported as ours."""
    logger = logging.getLogger("datasets")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with quiet_stdout():
            yield
    finally:
        logger.setLevel(level)
