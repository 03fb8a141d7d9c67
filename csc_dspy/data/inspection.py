"""Checking a source: everything that is wrong in it, row by row and file by file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csc_dspy.conversations import Conversation
from csc_dspy.data.checking import Checker
from csc_dspy.data.located import DataFile, locate
from csc_dspy.data.outputs import keep_apart
from csc_dspy.data.problems import Problem
from csc_dspy.data.quarantine import quarantine
from csc_dspy.data.reading import as_taxonomy
from csc_dspy.data.source import parse_source
from csc_dspy.exceptions import DataError
from csc_dspy.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found: good dialogues and their turns, problems, and whether all files could be read."""

    source: str
    dialogues: int
    turns: int
    problems: tuple[Problem, ...]
    complete: bool

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "source": self.source,
            "dialogues": self.dialogues,
            "turns": self.turns,
            "complete": self.complete,
            "problems": [problem.to_dict() for problem in self.problems],
        }


class Inspection:
    """One pass over a source: iterating gives each problem as it is found, the counts grow meanwhile.

    So a file of a million bad rows takes no more memory than a good one. Files that cannot be read to their
    ends are also in ``unreadable``, and come last. ``progress`` is called for every row.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        *,
        part: str | None = None,
        taxonomy: Taxonomy | str | os.PathLike[str] | None = None,
        quarantine: str | os.PathLike[str] | None = None,
        require_labels: bool = True,
        progress: Callable[[], object] | None = None,
    ) -> None:
        parsed = parse_source(source, part)
        self.source = str(parsed)
        self.dialogues = 0
        self.turns = 0
        self.unreadable: list[Problem] = []
        self._located = locate(parsed)
        self._checker = Checker(as_taxonomy(taxonomy), require_labels=require_labels)
        self._aside = Path(quarantine) if quarantine else None
        if self._aside is not None:
            keep_apart(self._aside, parsed)
        self._progress = progress

    def __iter__(self) -> Iterator[Problem]:
        with quarantine(self._aside) as aside:
            for row in self._located.rows(self._note):
                checked = self._checker.check(row)
                if isinstance(checked, Conversation):
                    self.dialogues += 1
                    self.turns += len(checked.dialogue)
                else:
                    yield from checked
                    if aside is not None:
                        aside.put(row, checked)
                if self._progress is not None:
                    self._progress()
        yield from self.unreadable

    def _note(self, file: DataFile, error: DataError) -> None:
        """Remember a file that cannot be read to its end."""
        place = (error.where or "").removeprefix(file.name).removeprefix(":")
        line = int(place) if place.isdecimal() else None
        self.unreadable.append(Problem(file.name, line, None, error.problem, error.remedy or ""))


def check(
    source: str | os.PathLike[str],
    *,
    part: str | None = None,
    taxonomy: Taxonomy | str | os.PathLike[str] | None = None,
    quarantine: str | os.PathLike[str] | None = None,
    require_labels: bool = True,
) -> CheckReport:
    """Check every row of a source; see `read` for the arguments.

    All problems are kept in memory; where there may be very many, iterate over an `Inspection`.
    """
    inspection = Inspection(
        source, part=part, taxonomy=taxonomy, quarantine=quarantine, require_labels=require_labels
    )
    problems = tuple(inspection)
    return CheckReport(
        inspection.source,
        inspection.dialogues,
        inspection.turns,
        problems,
        complete=not inspection.unreadable,
    )
