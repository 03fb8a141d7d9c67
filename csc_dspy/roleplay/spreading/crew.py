"""The workers as the driver sees them: started, given dialogues, and replaced when they are lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

from csc_dspy import __version__
from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay._base import Task
from csc_dspy.roleplay.spreading.crossing import News, Note, Spent, all_of, from_plain
from csc_dspy.roleplay.spreading.worker import Worker
from csc_dspy.roleplay.troupe import Troupe

TRIES: Final = 3
_PATIENCE: Final = 120.0
_FAREWELL: Final = 10.0
_WHERE: Final = "Ray cluster"


class LostError(Exception):
    """A worker, its machine or the way to it is gone."""


@dataclass(eq=False)
class Place:
    """A worker that is ready, and the dialogues that it has."""

    actor: Any
    listening: dict[str, asyncio.Queue[Note | None]] = field(default_factory=dict)
    """Where the notes of each go; None where there will be no more."""

    async def notes(self, task: Task, known: Mapping[str, Any]) -> AsyncGenerator[list[Note], None]:
        """What the worker tells of a dialogue, to its end; LostError if it does so no longer."""
        told = self.listening[task.key]
        self.actor.settle.remote(task, json.dumps(known))
        over = False
        while not over:
            found = await all_of(told)
            notes = [note for note in found if note is not None]
            yield notes
            over = any(note.over for note in notes)
            if not over and None in found:
                raise LostError

    def drop(self, task: Task) -> None:
        """Have a dialogue played no further."""
        self.actor.drop.remote(task.key)


class Crew:
    """So many workers, each with so many dialogues at most. All in one event loop, but for `close`."""

    def __init__(
        self, ray: ModuleType, troupe: Troupe, size: int, most: int, charge: Callable[[Spent], None]
    ) -> None:
        """``charge`` hears what the workers spend."""
        self._ray = ray
        self._troupe = troupe
        self._size = size
        self._most = most
        self._charge = charge
        self._kind = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(Worker)
        self._actors: set[Any] = set()
        self._places: list[Place] = []
        self._posts: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def place(self, task: Task) -> AsyncIterator[Place]:
        """For a dialogue the worker with the least to do, once there is room; what ends the run is raised."""
        if not self._posts:
            for _ in range(self._size):
                self._hire()
        place = await self._free()
        place.listening[task.key] = asyncio.Queue()
        try:
            yield place
        finally:
            del place.listening[task.key]
            self._tell()

    def close(self) -> None:
        """Let the workers close what they have open, and end them."""
        ends = [actor.end.remote() for actor in self._actors]
        if ends:
            self._ray.wait(ends, num_returns=len(ends), timeout=_FAREWELL)
        for actor in [*self._actors]:
            self._dismiss(actor)

    async def _free(self) -> Place:
        while True:
            if self._failure is not None:
                raise self._failure
            free = [place for place in self._places if len(place.listening) < self._most]
            if free:
                return min(free, key=lambda place: len(place.listening))
            await self._change()

    async def _change(self) -> None:
        try:
            # With workers that are ready a dialogue will end some time, without any there may never be one.
            await asyncio.wait_for(self._changed.wait(), None if self._places else _PATIENCE)
        except asyncio.TimeoutError:
            if not self._places:
                raise ConfigError(
                    f"no worker was ready after {_PATIENCE:.0f} s",
                    where=_WHERE,
                    remedy="a worker takes one free CPU; `ray status` shows what there is",
                ) from None

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _hire(self) -> None:
        post = asyncio.create_task(self._start())
        self._posts.add(post)

    async def _start(self) -> None:
        """Have a worker at work all the time: another one where the last is lost."""
        try:
            while True:
                place = Place(await self._ready())
                self._places.append(place)
                self._tell()
                await self._listen(place)
                self._dismiss(place.actor)
        except Exception as error:  # noqa: BLE001  raised in whoever waits for a worker
            self._failure = error
            self._tell()

    async def _listen(self, place: Place) -> None:
        """Hand out what a worker tells, as long as it does."""
        try:
            async for told in place.actor.news.options(num_returns="streaming").remote():
                news = News.from_json(await told)
                self._charge(news.spent)
                for note in news.notes:
                    if note.task in place.listening:
                        place.listening[note.task].put_nowait(note)
        except self._ray.exceptions.RayTaskError:
            raise
        except self._ray.exceptions.RayError:
            # The worker is lost.
            pass
        finally:
            self._places.remove(place)
            for queue in place.listening.values():
                queue.put_nowait(None)

    async def _ready(self) -> Any:  # noqa: ANN401  Ray's handles have no type
        for _ in range(TRIES):
            actor = self._kind.remote()
            self._actors.add(actor)
            try:
                await self._prepare(actor)
            except self._ray.exceptions.RayActorError:
                self._dismiss(actor)
            else:
                return actor
        raise ConfigError(
            "workers end as they begin",
            where=_WHERE,
            remedy=f"install csc-dspy {__version__} on all machines of the cluster, and look into Ray's logs",
        )

    async def _prepare(self, actor: Any) -> None:  # noqa: ANN401  Ray's handles have no type
        version = await actor.version.remote()
        if version != __version__:
            raise ConfigError(
                f"a worker has csc-dspy {version}, and this is {__version__}",
                where=_WHERE,
                remedy="install the same version on all machines of the cluster",
            )
        error = await actor.begin.remote(self._troupe)
        if error is not None:
            raise from_plain(error)

    def _dismiss(self, actor: Any) -> None:  # noqa: ANN401  Ray's handles have no type
        self._actors.discard(actor)
        self._ray.kill(actor)
