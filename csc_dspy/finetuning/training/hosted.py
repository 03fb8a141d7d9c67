"""Training a hosted model at an OpenAI-compatible server, in a run that can be taken up again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning.huggingface.run import run_folder
from csc_dspy.finetuning.training._base import Server, Told
from csc_dspy.finetuning.training.data import TrainingData
from csc_dspy.journal import Journal

if TYPE_CHECKING:
    from csc_dspy.lm.hosted.fine_tuning import Order
    from csc_dspy.lm.hosted.fine_tuning_jobs import FineTuningServer, Job
    from csc_dspy.lm.specs import Route

_JOURNAL: Final = "job.jsonl"
_NAME: Final = "csc-dspy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A training at a server."""

    way: Route
    server: Server
    seed: int
    hyperparameters: Mapping[str, Any]
    job: str | None = None
    """One that is there already, to be waited for."""

    def train(self, data: TrainingData, out: Path, *, resume: bool, told: Told) -> tuple[str, int, Job]:
        """The model string, how many rows it has learned from, and the job.

        The folder of the run is there until there is a model: after an interruption, a crash or a kill
        ``resume`` goes on from it. It goes when the job has failed, too.
        """
        from dspy.lm15 import LM15Error

        from csc_dspy.lm.failures import call_error
        from csc_dspy.lm.hosted.fine_tuning import JobError
        from csc_dspy.lm.keys import find_key

        key = find_key(self.way.keys, self.server.api_key_file)
        with self._run(data, out, resume=resume) as (folder, journal), self._open(key) as server:
            try:
                rows = _rows(data, folder, told)
                done = self._model(server, self._order(folder), journal, told)
            except LM15Error as error:
                raise call_error(error, self.way.spec, key) from error
            except JobError:
                shutil.rmtree(folder)
                raise
        shutil.rmtree(folder)
        return f"{self.way.prefix}{done.model}", rows, done

    def _model(self, server: FineTuningServer, order: Order, journal: Journal, told: Told) -> Job:
        from csc_dspy.lm.hosted.fine_tuning import Watch, awaited, started

        if self.job is not None and "job" not in journal:
            journal.record("job", self.job)
        number = started(server, order, journal)
        watch = Watch(poll=self.server.poll, told=lambda job: told(0, job=job.id, status=job.status))
        try:
            return awaited(server, number, watch)
        except KeyboardInterrupt:
            if self.server.cancel:
                server.cancel(number)
            raise

    def _order(self, folder: Path) -> Order:
        from csc_dspy.lm.hosted.fine_tuning import Order

        validation = folder / "validation.jsonl"
        return Order(
            model=self.way.spec,
            rows=folder / "train.jsonl",
            validation=validation if validation.exists() else None,
            name=_NAME,
            seed=self.seed,
            hyperparameters=self.hyperparameters,
        )

    def _open(self, key: Any) -> FineTuningServer:  # noqa: ANN401  a secret or None
        from csc_dspy.lm.connecting import endpoint_of
        from csc_dspy.lm.hosted import Limits
        from csc_dspy.lm.hosted.fine_tuning_jobs import FineTuningServer
        from csc_dspy.lm.keys import no_key

        if key is None and not self.way.local:
            raise no_key(self.way.spec, self.way.keys)
        endpoint = endpoint_of(self.way, key.reveal() if key else None)
        return FineTuningServer(endpoint, Limits(timeout=self.server.timeout))

    @contextmanager
    def _run(self, data: TrainingData, out: Path, *, resume: bool) -> Iterator[tuple[Path, Journal]]:
        from csc_dspy.lm.folders import private_folder

        folder = run_folder(out)
        if folder.exists() and not resume:
            raise ConfigError(
                "a training into this folder was not finished",
                where=str(out),
                remedy=f"go on with --resume, or delete {folder} to begin anew",
            )
        private_folder(folder)
        identity = {
            "lm": self.way.spec,
            "api-base": self.way.api_base,
            "seed": self.seed,
            "hyperparameters": dict(self.hyperparameters),
            "data": data.fingerprint,
        }
        with Journal(folder / _JOURNAL, identity, resume=True) as journal:
            try:
                yield folder, journal
            finally:
                if not len(journal) and folder.exists():
                    shutil.rmtree(folder)


def _rows(data: TrainingData, folder: Path, told: Told) -> int:
    """Write the rows as servers take them, each looked at before anything is sent; how many there are."""
    from csc_dspy.lm.hosted.fine_tuning_provider import write_rows

    def counted() -> Iterator[Mapping[str, Any]]:
        for row in data.rows():
            told(1)
            yield row

    if data.validation is not None:
        write_rows(folder / "validation.jsonl", data.rows(data.validation))
    return write_rows(folder / "train.jsonl", counted())
