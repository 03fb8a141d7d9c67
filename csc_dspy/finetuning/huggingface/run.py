"""The folder of a training that is under way, beside the one of the model, which appears in whole.

It holds the rows as tokens and the trainer's checkpoints. Those have pickles in them; they are read as data
alone (``weights_only``), and the folder is closed to other users.
"""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import ConfigError, OutputError
from csc_dspy.journal import Journal

_JOURNAL: Final = "run.jsonl"
_CHECKPOINTS: Final = "checkpoints"
_STATE: Final = "trainer_state.json"
"""The last file of a checkpoint that the trainer writes."""


@dataclass(frozen=True, slots=True)
class Run:
    """A training that can be taken up again."""

    folder: Path
    journal: Journal

    @property
    def checkpoints(self) -> Path:
        """Where the trainer keeps what it goes on from."""
        return self.folder / _CHECKPOINTS

    def rows(self, part: str) -> Path:
        """Where a part's rows are kept."""
        return self.folder / f"{part}.arrow"

    def last_checkpoint(self) -> Path | None:
        """The latest one that a kill did not cut short."""
        found = {_step(path): path for path in self.checkpoints.glob("checkpoint-*") if _is_whole(path)}
        return found[max(found)] if found else None

    def remove(self) -> None:
        """Delete it, because its work has become a model."""
        self.journal.close()
        shutil.rmtree(self.folder)


def run_folder(out: Path) -> Path:
    """Where a training keeps its work until ``out`` is there."""
    target = out.resolve()
    return target.with_name(f".{target.name}.run")


@contextmanager
def opened(out: Path, identity: Mapping[str, Any], *, resume: bool) -> Iterator[Run]:
    """The run that is to become ``out``: begun, or taken up with ``resume`` if it is the same one.

    One without anything to go on from goes by itself.
    """
    folder = run_folder(out)
    if folder.exists() and not resume:
        raise ConfigError(
            "a training of this model was not finished",
            where=str(out),
            remedy=f"go on with --resume, or delete {folder} to begin anew",
        )
    _make_private(folder)
    with Journal(folder / _JOURNAL, identity, resume=resume) as journal:
        run = Run(folder, journal)
        try:
            yield run
        finally:
            if folder.exists() and run.last_checkpoint() is None:
                run.remove()


def _make_private(folder: Path) -> None:
    """Make a folder that only its owner can look into, or close it; it cannot be closed by another user."""
    try:
        folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        folder.chmod(stat.S_IRWXU)
    except OSError as error:
        raise OutputError(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="name another folder"
        ) from error


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
