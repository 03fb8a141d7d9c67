"""The driver: it hands out dialogues, keeps the one journal, and counts what they take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.measuring import total
from csc_dspy.roleplay._base import Failed, Task
from csc_dspy.roleplay.script import Memory, steps_of
from csc_dspy.roleplay.settling import Settled
from csc_dspy.roleplay.spreading._base import Cluster
from csc_dspy.roleplay.spreading.connecting import connected
from csc_dspy.roleplay.spreading.crew import TRIES, Crew, LostError, Place
from csc_dspy.roleplay.spreading.crossing import Note, from_plain
from csc_dspy.roleplay.troupe import Company, Troupe

if TYPE_CHECKING:
    from csc_dspy.lm import Budget


@contextmanager
def spread(
    troupe: Troupe,
    journal: Memory,
    *,
    concurrency: int,
    cluster: Cluster | None = None,
    budget: Budget | None = None,
) -> Iterator[Callable[[Task], Awaitable[Settled]]]:
    """What settles tasks on a Ray cluster, for the length of the block, in one event loop.

    The results and the journal are those of `csc_dspy.roleplay.settle` done here. Tasks, the troupe and what
    Ray itself needs cross by Ray's own serialisation, within a cluster that is one's own; what comes back is
    JSON. Calls in flight when the ``budget`` is reached finish, so they can end above every limit of it.
    """
    from csc_dspy.lm import Budget

    cluster, budget = cluster or Cluster(), budget or Budget()
    if not isinstance(troupe.models.lm, str):
        raise ConfigError(
            "a language model that is connected here cannot play on a cluster",
            where="lm",
            remedy="name it by its spec",
        )
    with connected(cluster) as ray:
        nodes = [each for each in ray.nodes() if each["Alive"] and each["Resources"].get("CPU")]
        processors = int(sum(each["Resources"]["CPU"] for each in nodes))
        size = cluster.size(concurrency, len(nodes), processors)
        crew = Crew(ray, troupe, size, cluster.dialogues, lambda spent: spent.charge(budget))
        try:
            yield _Driver(crew, troupe, journal, budget)
        finally:
            crew.close()


class _Driver:
    """Settles a task by a worker, and by another if that one is lost."""

    def __init__(self, crew: Crew, troupe: Troupe, journal: Memory, budget: Budget) -> None:
        self._crew = crew
        # It plays nothing: it reads from the journal what is settled.
        self._reader = Company(troupe, {})
        self._journal = journal
        self._budget = budget

    async def __call__(self, task: Task) -> Settled:
        failed = None if task.key in self._journal else await self._elsewhere(task)
        return Settled(failed) if failed else await self._reader.settle(task, self._journal)

    async def _elsewhere(self, task: Task) -> Failed | None:
        for _ in range(TRIES):
            self._budget.check()
            async with self._crew.place(task) as place:
                with suppress(LostError):
                    return await self._followed(place, task)
        steps = steps_of(task.key, self._journal).values()
        return Failed(
            task,
            "worker_lost",
            f"{TRIES} workers that played it were lost",
            sum(step["calls"] for step in steps),
            sum(step["tokens"] for step in steps),
            total(*(step["usd"] for step in steps)),
        )

    async def _followed(self, place: Place, task: Task) -> Failed | None:
        """Write down what a worker tells of a dialogue, to the end of it."""
        known = steps_of(task.key, self._journal)
        last = None
        async with aclosing(place.notes(task, known)) as news:
            try:
                async for notes in news:
                    for last in notes:
                        self._take(last)
                    if last is not None and not last.over:
                        self._budget.check()
            except LostError:
                raise
            except BaseException:
                place.drop(task)
                raise
        return Failed(task, **last.failed) if last is not None and last.failed else None

    def _take(self, note: Note) -> None:
        for step in note.steps:
            self._journal.record(step.key, step.entry, instead_of=step.instead_of)
        if note.error is not None:
            raise from_plain(note.error)
