"""A corpus by role play: many dialogues at once, and what becomes of each, in the order of the plan."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from csc_dspy.concurrency import in_order
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import Journal, unfinished
from csc_dspy.roleplay._base import Played, Task
from csc_dspy.roleplay.models import Models
from csc_dspy.roleplay.output import Corpus, require_place
from csc_dspy.roleplay.result import Outcome
from csc_dspy.roleplay.rules import Rules
from csc_dspy.roleplay.settling import Settled
from csc_dspy.roleplay.troupe import Troupe
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    from csc_dspy.lm import Budget
    from csc_dspy.roleplay.planning import Plan
    from csc_dspy.roleplay.quality import Novelty
    from csc_dspy.roleplay.spreading import Cluster

_JOURNAL: Final = ".{}.journal"
_MINUTE: Final = 60
_JUDGED_ALL: Final = 5


Settle = Callable[[Task], Awaitable[Settled]]
"""Plays, checks and judges a dialogue."""


class Told(Protocol):
    """Hears how many more dialogues are settled, and what became of all so far."""

    def __call__(self, n: int = 1, **fields: object) -> None:
        """Take note."""


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """What is to be played, by whom, and what is to be kept of it; nothing has been asked yet."""

    plan: Plan
    rules: Rules
    models: Models = field(default_factory=Models)
    fast: bool = False
    """Whether each side is one call, assistant and speaker in one."""
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Those of compiled roles, by their names."""
    judge: bool = True
    """Whether a judge reads every dialogue that is good so far."""
    threshold: int = _JUDGED_ALL
    """How many of the judge's five criteria have to be met."""
    references: tuple[str, ...] = ()
    """Corpora that nothing may be nearly the same as; the report compares with the first."""
    cluster: Cluster | None = None
    """Where it is played, if not in this process."""

    def __post_init__(self) -> None:
        if self.judge and not self.models.can_judge:
            raise ConfigError(
                "the embedded engine cannot judge",
                where="--judge",
                remedy="name a language model with --judge-lm, or leave it out with --no-judge",
            )

    @property
    def taxonomy(self) -> Taxonomy:
        """That of all labels."""
        return self.rules.taxonomy

    @cached_property
    def troupe(self) -> Troupe:
        """Who plays and judges, by which rules."""
        return Troupe(
            rules=self.rules,
            models=self.models,
            fast=self.fast,
            states=self.states,
            threshold=self.threshold if self.judge else None,
        )

    @property
    def identity(self) -> dict[str, Any]:
        """What a journal belongs to. How many dialogues are wanted is not part of it."""
        judge = self.troupe.judge()
        return {
            "plan": self.plan.identity,
            "taxonomy": self.taxonomy.fingerprint,
            "turns": [self.rules.fewest_turns, self.rules.most_turns],
            "roles": self.troupe.actors("en", {}).identity,
            "judge": judge.identity if judge else None,
            **self.models.identity,
        }

    def carry_out(
        self,
        out: Path,
        *,
        concurrency: int = 32,
        budget: Budget | None = None,
        resume: bool = False,
        told: Told = lambda n=1, **_: None,  # noqa: ARG005  called by this name
        kept: Callable[[int], None] = lambda _: None,
    ) -> Outcome:
        """Write the folder ``out``, which appears in whole.

        Until it is there every turn is in a journal beside it: after an interruption ``resume`` goes on in
        the middle of dialogues. Failed dialogues leave the journal there too, and ``resume`` tries them
        again.
        ``kept`` hears how many steps an interruption leaves behind.
        """
        begun = time.perf_counter()
        require_place(out)
        with (
            self._journal(out, resume=resume, kept=kept) as journal,
            self._at_work(journal, concurrency, budget) as settle,
        ):
            counts = self._played(out, settle, journal, concurrency, told)
            if not counts["failed"]:
                journal.remove()
        return Outcome(out, counts, time.perf_counter() - begun)

    @contextmanager
    def _at_work(self, journal: Journal, concurrency: int, budget: Budget | None) -> Iterator[Settle]:
        """What settles tasks, here or on a cluster."""
        if self.cluster is None:
            with self.troupe.at_work(budget) as company:
                yield lambda task: company.settle(task, journal)
            return
        from csc_dspy.roleplay.spreading import spread

        with spread(
            self.troupe, journal, concurrency=concurrency, cluster=self.cluster, budget=budget
        ) as settle:
            yield settle

    def _played(
        self, out: Path, settle: Settle, journal: Journal, concurrency: int, told: Told
    ) -> dict[str, Any]:
        progress = _Progress(told)

        async def work(task: Task) -> tuple[Task, Settled]:
            return task, await settle(task)

        with Corpus(out, self.taxonomy) as corpus, self._novelty() as novelty:
            with closing(in_order(self.plan.tasks(), work, concurrency)) as results:
                for task, settled in results:
                    _put(settled, corpus, novelty)
                    journal.forget(task.key)
                    progress.tell(corpus)
            corpus.finish(self._about(), against=next(iter(self.references), None))
            return corpus.counts()

    def _about(self) -> dict[str, Any]:
        """What the manifest tells. Nothing in it differs between a run and one that was interrupted."""
        identity = self.identity
        return {
            "plan": identity["plan"],
            "count": self.plan.count,
            "models": self.models.names,
            "judge": {"lm": self.models.judge or self.models.spec, "threshold": self.threshold}
            if self.judge
            else None,
            "calls_a_side": 1 if self.fast else 2,
            "turns": identity["turns"],
            "notes": dict(self.troupe.actors("en", {}).notes),
        }

    def _novelty(self) -> Novelty:
        from csc_dspy.roleplay.quality import Novelty

        return Novelty(self._reference())

    def _reference(self) -> Iterable[Conversation]:
        from csc_dspy.data import read

        return chain.from_iterable(map(read, self.references))

    def _journal(
        self, out: Path, *, resume: bool, kept: Callable[[int], None]
    ) -> AbstractContextManager[Journal]:
        path = out.resolve().with_name(_JOURNAL.format(out.resolve().name))
        return unfinished(path, self.identity, resume=resume, result=out, told=kept)


class _Progress:
    """Tells how it goes, and how many dialogues a minute."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._begun = time.monotonic()

    def tell(self, corpus: Corpus) -> None:
        """One more is settled."""
        minutes = (time.monotonic() - self._begun) / _MINUTE
        rate = f"{corpus.made / minutes:.0f}/min" if minutes > 0 else ""
        self._told(kept=corpus.kept, rejected=corpus.rejected.total(), failed=corpus.failed, dialogues=rate)


def _put(settled: Settled, corpus: Corpus, novelty: Novelty) -> None:
    """Write a dialogue where it belongs. Those before it have been, so it is known whether it is new."""
    result = settled.result
    if not isinstance(result, Played):
        corpus.fail(result)
        return
    flaws = list(settled.flaws)
    if not flaws:
        repeated = novelty.flaw(result.conversation(corpus.taxonomy))
        flaws += [repeated] if repeated else []
    if flaws:
        corpus.reject(result, flaws, settled.verdict)
    else:
        corpus.keep(result, settled.verdict)
