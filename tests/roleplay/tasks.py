"""Tasks made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from csc_dspy.roleplay import Industry, Profile, Task, Topic
from csc_dspy.roleplay._base import Difficulty, Event
from csc_dspy.taxonomy import Language, Localized

_DESCRIPTION = {
    "en": "You are a baker of forty from the north, calm and brief.",
    "zh": "你是北方一位四十岁的面包师，性格平和，说话简短。",
}


def profile(language: Language) -> Profile:
    """A customer."""
    return Profile(
        id=f"{language}-1",
        language=language,
        age=40,
        occupation="baker",
        region="north",
        education="school",
        temper="calm",
        speaking_style="brief",
        emotion="content",
        channel="phone",
        digital_skill="low",
        relation="long",
        description=_DESCRIPTION[language],
    )


def task(
    language: Language = "en",
    *,
    difficulty: Difficulty = "easy",
    events: Sequence[Event] = (),
    favoured: Sequence[str] = (),
    seed: int = 0,
) -> Task:
    """A task."""
    return Task(
        language=language,
        profile=profile(language),
        topic=Topic(
            "orders", Localized(en="Orders", zh="订单"), Localized(en="about orders", zh="与订单有关")
        ),
        industry=Industry("retail", Localized(en="retail", zh="零售")),
        difficulty=difficulty,
        events=tuple(events),
        favoured=tuple(favoured),
        seed=seed,
    )
