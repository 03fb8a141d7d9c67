"""Fine-tuning hosted models the way DSPy does: ``lm.finetune``, ``BootstrapFinetune``."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dspy.clients.provider import Provider, TrainingJob
from dspy.clients.utils_finetune import TrainDataFormat, TrainingStatus
from dspy.lm15 import LM15Error

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.failures import call_error

from .endpoint import Endpoint
from .fine_tuning import Order, Watch, awaited, started
from .fine_tuning_jobs import FineTuningServer
from .limits import Limits

if TYPE_CHECKING:
    from csc_dspy.lm.keys import Secret

_STATUSES: Final[Mapping[str, TrainingStatus]] = {
    "running": TrainingStatus.running,
    "succeeded": TrainingStatus.succeeded,
    "failed": TrainingStatus.failed,
    "cancelled": TrainingStatus.cancelled,
}
_NAME: Final = "csc-dspy"


class HostedTrainingJob(TrainingJob):
    """A job at a server, with its ``number`` there once it has one."""

    number: str | None = None
    open: Callable[[], FineTuningServer]

    def status(self) -> TrainingStatus:
        """How far the job is, by asking the server."""
        if self.number is None:
            return TrainingStatus.not_started
        with self.open() as server:
            return _STATUSES.get(server.job(self.number).status, TrainingStatus.pending)

    def cancel(self) -> bool:
        """Cancel it at the server too; whoever waits for the result hears that it was cancelled."""
        if self.number is None:
            return Future.cancel(self)
        with self.open() as server:
            return server.cancel(self.number).status == "cancelled"


class HostedProvider(Provider):
    """Uploads rows, creates a job, and waits for its model.

    Options of a training are the server's hyperparameters, and ``seed`` and ``poll``, which is the most
    seconds between two looks at the job.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits, key: Secret | None = None) -> None:
        super().__init__()
        self.finetunable = True
        self.TrainingJob = HostedTrainingJob
        self._endpoint = endpoint
        self._limits = limits
        self._key = key

    def __deepcopy__(self, memo: dict[int, Any]) -> HostedProvider:
        return self

    # DSPy calls it on the object, and static it would know no server.
    def finetune(
        self,
        job: HostedTrainingJob,
        model: str,
        train_data: Iterable[Mapping[str, Any]],
        train_data_format: TrainDataFormat | str | None,
        train_kwargs: Mapping[str, Any] | None = None,
    ) -> str:
        """The model string of the fine-tuned model."""
        if TrainDataFormat(train_data_format or TrainDataFormat.CHAT) is not TrainDataFormat.CHAT:
            raise ConfigError("hosted models learn from chat messages", remedy="format rows as chats")
        options = dict(train_kwargs or {})
        job.open = lambda: FineTuningServer(self._endpoint, self._limits)
        watch = Watch(poll=float(options.pop("poll", Watch().poll)))
        seed = options.pop("seed", None)
        with tempfile.TemporaryDirectory(prefix="csc-dspy-") as folder:
            rows = Path(folder) / "rows.jsonl"
            write_rows(rows, train_data)
            order = Order(model=model, rows=rows, name=_NAME, seed=seed, hyperparameters=options)
            try:
                with job.open() as server:
                    job.number = started(server, order, _Forgetful())
                    done = awaited(server, job.number, watch)
            except LM15Error as error:
                raise call_error(error, model, self._key) from error
        return f"{self._endpoint.prefix}{done.model}"


def write_rows(file: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write chat messages as servers take them, one row a line; how many they are."""
    count = 0
    with file.open("w", encoding="utf-8", errors="backslashreplace") as stream:
        for row in rows:
            stream.write(json.dumps({"messages": row["messages"]}, ensure_ascii=False) + "\n")
            count += 1
    return count


class _Forgetful(dict[str, Any]):
    """A memory for the length of one training."""

    def record(self, key: str, entry: object) -> None:
        """Keep something."""
        self[key] = entry
