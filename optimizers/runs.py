"""The folder of a compilation that is under way: what has been scored, and every answer that was paid for.

It lies beside the artifact's folder, not in it, because that one appears in whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import Journal

if TYPE_CHECKING:
    from csc_dspy.lm import Budget
    from csc_dspy.lm.recorded import Record

_TRIALS: Final = "trials.jsonl"
_ANSWERS: Final = "answers.jsonl"
_RUN: Final = "run"


@dataclass(frozen=True, slots=True)
class Run:
    """What a compilation has done so far."""

    folder: Path
    trials: Journal
    record: Record

    @property
    def kept(self) -> str:
        """What is there to go on from, in words; empty if nothing is."""
        counts = ((len(self.trials), "trials"), (len(self.record), "answers"))
        return " and ".join(f"{count} {name}" for count, name in counts if count)

    def remove(self) -> None:
        """Delete it, because its work has become a result."""
        shutil.rmtree(self.folder)


def run_folder(out: Path) -> Path:
    """Where a compilation keeps its work until ``out`` is there."""
    target = out.resolve()
    return target.with_name(f".{target.name}.run")


@contextmanager
def run(out: Path | None, identity: Mapping[str, Any], budget: Budget, *, resume: bool) -> Iterator[Run]:
    """The run that is to become ``out``: begun, or taken up with ``resume`` if it is the same one.

    Its folder stays unless `Run.remove` is called; one in which nothing was done goes by itself. Without
    ``out`` nothing stays.
    """
    if out is None:
        if resume:
            raise ConfigError("resume needs out", remedy="only what goes to a folder can be resumed")
        with TemporaryDirectory(prefix="csc-dspy-") as place, _opened(Path(place) / _RUN, {}, budget) as made:
            yield made
        return
    folder = run_folder(out)
    if folder.exists() and not resume:
        raise ConfigError(
            "a compilation of this artifact was not finished",
            where=str(out),
            remedy=f"go on with --resume, or delete {folder} to begin anew",
        )
    with _opened(folder, identity, budget) as made:
        try:
            yield made
        finally:
            if not made.kept and made.folder.exists():
                made.remove()


@contextmanager
def _opened(folder: Path, identity: Mapping[str, Any], budget: Budget) -> Iterator[Run]:
    from csc_dspy.lm.folders import private_folder
    from csc_dspy.lm.recorded import Record

    private_folder(folder)
    with Journal(folder / _TRIALS, identity, resume=True) as trials:
        record = Record(folder / _ANSWERS, budget)
        try:
            yield Run(folder, trials, record)
        finally:
            record.close()
