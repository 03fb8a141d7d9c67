"""What a plan will make, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from csc_dspy.roleplay._base import Task


@dataclass(frozen=True)
class Summary:
    """How many tasks there are, and how many of each kind, by id."""

    count: int
    profiles: int
    """How many different ones."""
    languages: dict[str, int]
    topics: dict[str, int]
    industries: dict[str, int]
    difficulties: dict[str, int]
    events: dict[str, int]
    favoured: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return dict(vars(self))


def summarise(tasks: Iterable[Task]) -> Summary:
    """Count tasks."""
    languages, topics, industries, difficulties, events, favoured = (Counter[str]() for _ in range(6))
    profiles: set[tuple[str, str]] = set()
    for task in tasks:
        profiles.add((task.language, task.profile.id))
        languages[task.language] += 1
        topics[task.topic.id] += 1
        industries[task.industry.id] += 1
        difficulties[task.difficulty] += 1
        events.update(task.events)
        favoured.update(task.favoured)
    return Summary(
        count=languages.total(),
        profiles=len(profiles),
        languages=dict(languages),
        topics=dict(topics),
        industries=dict(industries),
        difficulties=dict(difficulties),
        events=dict(events),
        favoured=dict(favoured),
    )
