"""The map from placeholders back to what they stand for: kept if asked for, readable by its owner alone."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from csc_dspy.exceptions import DataError, OutputError
from csc_dspy.redaction import Replaced

ABOUT: Final = "What placeholders stand for, by dialogue. Personal data: never publish or upload this file."


class KeptMap:
    """Takes what was replaced in each dialogue."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._between = ""
        self._write(f'{{"about": {json.dumps(ABOUT)}, "dialogues": {{')

    def put(self, id_: str, own_id: str | None, replaced: Iterable[Replaced]) -> None:
        """Add a dialogue; ``own_id`` is what it was called before."""
        entry: dict[str, Any] = {"replaced": [each.to_dict() for each in replaced]}
        if own_id != id_:
            entry["id"] = own_id
        if entry.get("id") or entry["replaced"]:
            self._write(f"{self._between}\n{_json(id_)}: {_json(entry)}")
            self._between = ","

    def finish(self) -> None:
        """Close what is open in the JSON."""
        self._write("\n}}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text.encode("utf-8", "backslashreplace"))


@contextmanager
def kept_map(path: Path | None) -> Iterator[KeptMap | None]:
    """The map that becomes the file ``path``, mode 0600 from its first byte on; None without a path."""
    if path is None:
        yield None
        return
    with _private_file(path) as stream:
        kept = KeptMap(stream)
        yield kept
        kept.finish()


def read_map(path: Path) -> dict[str, list[dict[str, Any]]]:
    """What was replaced, by the id of the dialogue; DataError if the file is no such map."""
    try:
        dialogues = json.loads(path.read_bytes())["dialogues"]
        return {id_: entry["replaced"] for id_, entry in dialogues.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError("is no map of placeholders", where=str(path)) from error


@contextmanager
def _private_file(path: Path) -> Iterator[BinaryIO]:
    """Like `csc_dspy.files.atomic_writer`, but nobody else can read the file at any time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name[:80]}.", suffix=".partial"
        )
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(path)) from error


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
