"""An append-only record of finished work, so that nothing is done twice after a crash, a kill or Ctrl-C.

One JSON object a line: first what the run depends on, then one entry for each piece of work, under a key
made from the content of that piece, never from its position. A line that a kill cut short is dropped when the
journal is opened again. Only keys and places are held in memory; entries are read back when asked for. An
entry may take the place of others, and what will not be asked for again can be forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from csc_dspy.exceptions import ConfigError, DataError, OutputError


def content_key(*parts: object) -> str:
    """A key for a piece of work: a hash of everything it depends on."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


class Journal:
    """Entries by key, on disk. Safe under threads; one process at a time."""

    def __init__(self, path: str | Path, run: Mapping[str, Any], *, resume: bool) -> None:
        """Open or begin the journal of a run that depends on ``run``.

        Without ``resume`` a journal that is there is begun anew; with it, one of another run is refused.
        """
        self.path = Path(path)
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}
        self._forgotten = 0
        try:
            if resume and self.path.exists():
                self._end = self._take_up(run)
            else:
                self._end = self._begin(run)
            self._stream: BinaryIO = self.path.open("r+b")
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", where=str(path)) from error
        self._stream.truncate(self._end)

    def __len__(self) -> int:
        """How many entries are on disk, but for those that others took the place of."""
        return len(self._places) + self._forgotten

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def get(self, key: str) -> Any:  # noqa: ANN401  whatever was recorded
        """The entry under ``key``; KeyError if there is none."""
        with self._lock:
            self._stream.seek(self._places[key])
            return json.loads(self._stream.readline())["entry"]

    def record(self, key: str, entry: object, *, instead_of: Iterable[str] = ()) -> None:
        """Append an entry. It survives a kill of this process from here on.

        Those under the keys ``instead_of`` are gone then, also for whoever opens the journal again.
        """
        replaced = [each for each in instead_of if each in self._places]
        gone = {"instead_of": replaced} if replaced else {}
        line = json.dumps({"key": key, **gone, "entry": entry}, ensure_ascii=False) + "\n"
        data = line.encode("utf-8", "backslashreplace")
        with self._lock:
            try:
                self._stream.seek(self._end)
                self._stream.write(data)
                self._stream.flush()
            except OSError as error:
                raise OutputError(f"cannot be written: {error.strerror}", where=str(self.path)) from error
            self._enter(key, self._end, replaced)
            self._end += len(data)

    def forget(self, key: str) -> None:
        """Hold an entry in memory no longer. It stays on disk, for whoever opens the journal again."""
        with self._lock:
            self._forgotten += self._places.pop(key, None) is not None

    def close(self) -> None:
        """Close the file; it stays."""
        if not self._stream.closed:
            os.fsync(self._stream.fileno())
            self._stream.close()

    def remove(self) -> None:
        """Close the journal and delete it, when its work has become a result."""
        self._stream.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _enter(self, key: str, place: int, replaced: Iterable[str]) -> None:
        self._places[key] = place
        for each in replaced:
            self._places.pop(each, None)

    def _begin(self, run: Mapping[str, Any]) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        header = (json.dumps({"run": run}, ensure_ascii=False) + "\n").encode()
        self.path.write_bytes(header)
        return len(header)

    def _take_up(self, run: Mapping[str, Any]) -> int:
        """Read the places of all whole entries and return where the last one ends."""
        end = 0
        with self.path.open("rb") as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                if end == 0:
                    self._compare(_parsed(line, self.path).get("run"), run)
                else:
                    content = _parsed(line, self.path)
                    self._enter(content["key"], end, content.get("instead_of", ()))
                end += len(line)
        return end or self._begin(run)

    def _compare(self, before: object, now: Mapping[str, Any]) -> None:
        now = json.loads(json.dumps(now))
        if before == now or not isinstance(before, dict):
            return
        changed = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
        raise ConfigError(
            f"belongs to a run with another {', '.join(changed)}",
            where=str(self.path),
            remedy="resume with what it was begun with, or start anew without --resume",
        )


@contextmanager
def unfinished(
    path: Path, run: Mapping[str, Any], *, resume: bool, result: Path, told: Callable[[int], None]
) -> Iterator[Journal]:
    """The journal of work that is to become ``result``; to be removed when it has.

    It stays where an interruption leaves something in it to go on from; ``told`` hears how many entries. One
    that is there already is taken up with ``resume``, and refused without.
    """
    if path.exists() and not resume:
        kind = "folder" if result.is_dir() else "file"
        raise ConfigError(
            f"a run that wrote this {kind} was not finished, or had failures",
            where=str(result),
            remedy=f"go on with --resume, or delete {path} to begin anew",
        )
    with Journal(path, run, resume=resume) as journal:
        try:
            yield journal
        except BaseException:
            if len(journal):
                told(len(journal))
            raise
        finally:
            if not len(journal):
                journal.remove()


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise DataError("is not a journal of csc-dspy", where=str(path)) from error
    if not isinstance(content, dict) or not ({"run", "key"} & content.keys()):
        raise DataError("is not a journal of csc-dspy", where=str(path))
    return content
