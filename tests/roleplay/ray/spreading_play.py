"""A small role play, settled here or on a cluster, down to the rows of its corpus."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from csc_dspy.concurrency import in_order
from csc_dspy.journal import Journal
from csc_dspy.lm import Budget
from csc_dspy.roleplay import Models, Played, Rules, Settled, Task
from csc_dspy.roleplay.spreading import Cluster, spread
from csc_dspy.roleplay.troupe import Troupe
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.roleplay.tasks import task

COPC = load_taxonomy()
Settler = Callable[[Task], Awaitable[Settled]]


def tasks(count: int) -> list[Task]:
    """Both languages in turn."""
    languages: tuple[Language, ...] = ("zh", "en")
    return [task(languages[number % 2], seed=number) for number in range(count)]


def troupe(url: str, **more: Any) -> Troupe:  # noqa: ANN401  options of language models
    """Everyone is played by the server's model, and judged by it."""
    options = {"api_base": url, "cache": False, **more}
    return Troupe(rules=Rules(COPC, 4, 14), models=Models(lm="openai/test", options=options), threshold=5)


@contextmanager
def here(players: Troupe, journal: Journal) -> Iterator[Settler]:
    """Settles in this process."""
    with players.at_work() as company:
        yield lambda each: company.settle(each, journal)


@contextmanager
def there(
    players: Troupe,
    journal: Journal,
    cluster: Cluster,
    *,
    concurrency: int = 8,
    budget: Budget | None = None,
) -> Iterator[Settler]:
    """Settles on a cluster."""
    with spread(players, journal, cluster=cluster, concurrency=concurrency, budget=budget) as settler:
        yield settler


def rows(settler: Settler, wanted: list[Task], concurrency: int = 8) -> list[dict[str, Any]]:
    """What becomes of tasks, in their order, as a corpus has it."""
    with closing(in_order(wanted, settler, concurrency)) as results:
        return [row(settled) for settled in results]


def row(settled: Settled) -> dict[str, Any]:
    """All that is known of a dialogue."""
    result = settled.result
    if not isinstance(result, Played):
        return {"failed": result.reason, "detail": result.detail, "calls": result.calls}
    verdict = settled.verdict.to_dict() if settled.verdict else None
    return {
        **result.conversation(COPC).row(),
        "calls": result.calls,
        "tokens": result.tokens,
        "flaws": [flaw.reason for flaw in settled.flaws],
        "verdict": verdict,
    }


def journal(path: Path, *, resume: bool = False) -> Journal:
    """The journal of such a play."""
    return Journal(path, {"play": "small"}, resume=resume)


def main(address: str, url: str, path: str) -> None:
    """Play eight dialogues on a cluster and print what became of them."""
    with (
        journal(Path(path)) as kept,
        there(troupe(url), kept, Cluster(address=address, workers=2, dialogues=4)) as settler,
    ):
        found = rows(settler, tasks(8))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
