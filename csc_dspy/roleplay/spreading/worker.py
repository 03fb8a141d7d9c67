"""What runs in a process of the cluster: it settles dialogues and tells the driver every step.

Nothing here prints or logs, because Ray keeps what its processes print. API keys are found where the worker
runs, and cross no wire.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import ExitStack
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Final

from csc_dspy import __version__
from csc_dspy.exceptions import CSCError
from csc_dspy.roleplay._base import Failed, Task
from csc_dspy.roleplay.spreading.crossing import News, Note, Spent, Step, all_of, failure, to_plain

if TYPE_CHECKING:
    from csc_dspy.roleplay.troupe import Troupe


# How long news are gathered: what Ray takes to bring them hardly depends on how many there are.
_PAUSE: Final = 0.02


class Worker:
    """Many dialogues at a time, in one event loop. Errors of this package are told, not raised."""

    def __init__(self) -> None:
        self._told: asyncio.Queue[Note] = asyncio.Queue()
        self._running: dict[str, asyncio.Task[None]] = {}

    async def version(self) -> str:
        """That of the package here, to be asked for before anything else."""
        return __version__

    async def begin(self, troupe: Troupe) -> dict[str, Any] | None:
        """Connect the language models; the error that this meets, if any."""
        try:
            self._hall = _Hall(troupe, self._told.put_nowait)
        except CSCError as error:
            return to_plain(error)
        # What is loaded by now stays to the end: it need not be looked through for garbage.
        gc.freeze()
        return None

    async def settle(self, task: Task, known: str) -> None:
        """Begin to play, check and judge a dialogue, from the steps that are known."""
        running = self._running[task.key] = self._hall.begin(task, json.loads(known))
        running.add_done_callback(lambda _: self._running.pop(task.key))

    async def news(self) -> AsyncIterator[str]:
        """The steps of all dialogues, soon after they are done, and how they end. To be listened to once."""
        while True:
            notes = await all_of(self._told)
            yield News(tuple(notes), self._hall.unaccounted()).to_json()
            await asyncio.sleep(_PAUSE)

    async def drop(self, key: str) -> None:
        """Play a dialogue no further."""
        if key in self._running:
            self._running[key].cancel()

    async def end(self) -> None:
        """Close the language models, if there are any."""
        if hasattr(self, "_hall"):
            # In a thread, because closing waits for what runs in this event loop.
            await asyncio.to_thread(self._hall.close)


class _Hall:
    """Where a troupe plays: its language models, connected and in force, and what they have taken so far."""

    def __init__(self, troupe: Troupe, tell: Callable[[Note], None]) -> None:
        from csc_dspy.lm import Budget

        self._tell = tell
        self._budget = Budget()
        self._accounted = Spent()
        self._stack = ExitStack()
        # What is in force is so in a context; here every dialogue gets it from this one.
        self._context: Context = copy_context()
        self._company = self._context.run(self._stack.enter_context, troupe.at_work(self._budget))

    def begin(self, task: Task, known: Mapping[str, Any]) -> asyncio.Task[None]:
        """Let a dialogue be played; the last note of it tells how it ended."""
        return self._context.run(asyncio.create_task, self._settle(task, known))

    async def _settle(self, task: Task, known: Mapping[str, Any]) -> None:
        memory = _Relay(task.key, known, self._tell)
        try:
            result = (await self._company.settle(task, memory)).result
        except CSCError as error:
            self._tell(Note(task.key, over=True, error=to_plain(error)))
        else:
            failed = failure(result) if isinstance(result, Failed) else None
            self._tell(Note(task.key, over=True, failed=failed))

    def unaccounted(self) -> Spent:
        """What was spent since this was last asked."""
        before, self._accounted = self._accounted, Spent.of(self._budget.usage)
        return self._accounted.since(before)

    def close(self) -> None:
        """Close the language models."""
        self._context.run(self._stack.close)


class _Relay:
    """Stands for the journal: it has the steps of one dialogue, and tells of new ones."""

    def __init__(self, task: str, known: Mapping[str, Any], tell: Callable[[Note], None]) -> None:
        self._task = task
        self._known = known
        self._tell = tell

    def __contains__(self, key: object) -> bool:
        return key in self._known

    def get(self, key: str) -> Any:  # noqa: ANN401  whatever was recorded
        return self._known[key]

    def record(self, key: str, entry: object, *, instead_of: Iterable[str] = ()) -> None:
        self._tell(Note(self._task, (Step(key, entry, tuple(instead_of)),)))
