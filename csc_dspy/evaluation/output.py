"""The folder of an evaluation: scores, predictions, the report, and the journal until they are there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.evaluation.cases import Case
from csc_dspy.evaluation.contexts import Context
from csc_dspy.evaluation.prediction_file import PREDICTIONS_FILE, FileSystem
from csc_dspy.evaluation.predictions import Prediction, read_prediction
from csc_dspy.evaluation.result import Evaluation
from csc_dspy.evaluation.systems import System
from csc_dspy.exceptions import OutputError
from csc_dspy.files import atomic_write, atomic_writer
from csc_dspy.journal import Journal, unfinished
from csc_dspy.metrics import Attempt
from csc_dspy.taxonomy import Taxonomy

SCORES_FILE: Final = "scores.json"
REPORT_FILE: Final = "report.html"
OTHER_FOLDER: Final = "other"
_JOURNAL: Final = ".evaluation.journal"

Write = Callable[[Iterable[Prediction]], None]


def open_journal(
    folder: Path, run: Mapping[str, Any], *, resume: bool, told: Callable[[int], None]
) -> AbstractContextManager[Journal]:
    """The journal of the evaluation that is to be written to ``folder``."""
    return unfinished(folder / _JOURNAL, run, resume=resume, result=folder, told=told)


def keep_inputs(folder: Path, systems: Iterable[System]) -> None:
    """Refuse to write over predictions that are read; OutputError."""
    for system in systems:
        if isinstance(system, FileSystem) and folder.resolve() == system.path.parent.resolve():
            raise OutputError(
                "holds the predictions that are read", where=str(folder), remedy="write to another folder"
            )


@contextmanager
def prediction_lines(folder: Path | None) -> Iterator[Write]:
    """Writes predictions into the folder, where there is one; the file appears when the block ends well."""
    if folder is None:
        yield _nowhere
        return
    with atomic_writer(folder / PREDICTIONS_FILE) as stream:

        def write(predictions: Iterable[Prediction]) -> None:
            for prediction in predictions:
                line = json.dumps(prediction.row(), ensure_ascii=False)
                stream.write(f"{line}\n".encode("utf-8", "backslashreplace"))

        yield write


def _nowhere(predictions: Iterable[Prediction]) -> None:
    """Write nothing."""


def write_results(folder: Path, evaluation: Evaluation, cases: Iterable[Case], taxonomy: Taxonomy) -> None:
    """Write scores and report; the predictions are there already."""
    from csc_dspy.evaluation.report import write_report

    content = evaluation.to_dict()
    atomic_write(folder / SCORES_FILE, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    write_report(folder / REPORT_FILE, content, _dialogues(folder, cases, evaluation.contexts, taxonomy))


def _dialogues(
    folder: Path, cases: Iterable[Case], contexts: Sequence[Context], taxonomy: Taxonomy
) -> Iterator[tuple[Conversation, dict[str, Sequence[Attempt]]]]:
    """The dialogues with what was predicted, one at a time: the lines are in the order of the cases."""
    with (folder / PREDICTIONS_FILE).open("rb") as lines:
        for case in cases:
            yield (
                case.conversation,
                {
                    context: [
                        read_prediction(
                            json.loads(next(lines)), context, case.name, example, taxonomy
                        ).attempt
                        for example in case.examples
                    ]
                    for context in contexts
                },
            )
