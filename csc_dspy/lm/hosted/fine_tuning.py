"""Fine-tuning at an OpenAI-compatible server: upload, job, waiting. Nothing is uploaded or created twice."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from csc_dspy.exceptions import LMError

from .fine_tuning_jobs import FineTuningServer, Job

if TYPE_CHECKING:
    from csc_dspy.journal import Journal

_FIRST_LOOK: Final = 2.0
_GROWTH: Final = 1.5


class Memory(Protocol):
    """Remembers what the server has said, so that it is not asked for a second time."""

    def __contains__(self, key: object) -> bool: ...

    def get(self, key: str) -> Any:  # noqa: ANN401  what was recorded
        """What was recorded under ``key``."""

    def record(self, key: str, entry: object) -> None:
        """Keep something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be trained."""

    model: str
    rows: Path
    validation: Path | None = None
    name: str
    """What uploaded files are called; something of their own is put behind it."""
    seed: int | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How a job is waited for."""

    poll: float = 60.0
    """The most seconds between two looks; the first ones are quicker."""
    told: Callable[[Job], object] = lambda _job: None
    """Hears of the job whenever it has been looked at."""
    sleep: Callable[[float], object] = time.sleep


class JobError(LMError):
    """A fine-tuning job ended without a model."""


def started(server: FineTuningServer, order: Order, memory: Journal | Memory) -> str:
    """The id of the job for an order: the one that is remembered, or else a new one."""
    if "job" in memory:
        return str(memory.get("job"))
    again = "name" in memory
    if not again:
        # A name that nothing else has: by it an upload whose answer got lost is found again.
        memory.record("name", f"{order.name}-{secrets.token_hex(6)}")
    name = str(memory.get("name"))
    options: dict[str, Any] = {}
    if order.validation is not None:
        options["validation_file"] = _uploaded(server, order.validation, f"{name}-validation", memory, again)
    file = _uploaded(server, order.rows, name, memory, again)
    if order.seed is not None:
        options["seed"] = order.seed
    if order.hyperparameters:
        options["hyperparameters"] = dict(order.hyperparameters)
    job = server.create(order.model, file, again=again, **options)
    memory.record("job", job.id)
    return job.id


def awaited(server: FineTuningServer, number: str, watch: Watch) -> Job:
    """The job when it has succeeded; JobError with the server's reason if it ends otherwise."""
    pause = min(_FIRST_LOOK, watch.poll)
    while True:
        job = server.job(number)
        watch.told(job)
        if job.over:
            break
        watch.sleep(pause)
        pause = min(pause * _GROWTH, watch.poll)
    if job.status != "succeeded" or job.model is None:
        reason = f": {job.problem}" if job.problem else ""
        raise JobError(
            f"the fine-tuning job {job.id} {_ended(job)}{reason}",
            where=server.endpoint.host,
            remedy="mend the cause, then train again",
        )
    return job


def _uploaded(
    server: FineTuningServer,
    file: Path,
    name: str,
    memory: Journal | Memory,
    again: bool,  # noqa: FBT001  handed on
) -> str:
    key = f"file {name}"
    if key not in memory:
        memory.record(key, server.upload(file, f"{name}.jsonl", again=again))
    return str(memory.get(key))


def _ended(job: Job) -> str:
    return {"cancelled": "was cancelled", "succeeded": "names no model"}.get(job.status, "failed")
