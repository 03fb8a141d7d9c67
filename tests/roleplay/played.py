"""Dialogues that were played, made from those of the samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import csc_dspy as csc
from csc_dspy.conversations import Conversation, Speaker, Turn
from csc_dspy.roleplay._base import ROLES, Event, Industry, Played, Profile, Scenario, Task, Topic
from csc_dspy.taxonomy import Language, Localized, load_taxonomy

COPC = load_taxonomy()
TOPIC = Topic("support", Localized(en="Technical support", zh="技术支持"), Localized(en="…", zh="…"))
BANK = Industry("bank", Localized(en="Banking", zh="银行"))


def profile(language: Language, number: int = 0) -> Profile:
    """A customer."""
    zh = language == "zh"
    return Profile(
        id=f"{language}-{number}",
        language=language,
        age=20 + number % 50,
        occupation="教师" if zh else "teacher",
        region="成都" if zh else "Leeds",
        education="本科" if zh else "degree",
        temper="急躁" if zh else "impatient",
        speaking_style="简短" if zh else "terse",
        emotion="生气" if zh else "angry",
        channel="电话" if zh else "phone",
        digital_skill="一般" if zh else "fair",
        relation="老客户" if zh else "long-standing",
        description="你是一名教师。" if zh else "You are a teacher.",
    )


def task(language: Language, number: int = 0) -> Task:
    """A task of its own for each number."""
    events: tuple[Event, ...] = ("outage",) if number % 3 == 0 else ()
    return Task(language, profile(language, number), TOPIC, BANK, "hard", events, seed=number)


def played(turns: Sequence[Turn] | Conversation, language: Language = "en", number: int = 0) -> Played:
    """A dialogue with these turns, which is as if it had been played."""
    if isinstance(turns, Conversation):
        language, turns = turns.spoken_language, turns.with_stages().dialogue
    scenario = Scenario(
        "卡被冻结" if language == "zh" else "a frozen card", "解冻" if language == "zh" else "unfreeze it"
    )
    return Played(
        task(language, number),
        scenario,
        tuple(turns),
        "closure",
        dict.fromkeys(ROLES, "openai/model"),
        40,
        9000,
    )


def plays(language: Language, count: int) -> Iterator[Played]:
    """Good dialogues: those of the packaged sample of RoleCS that keep all rules of the play."""
    broken = {"rolecs-zh-002", "rolecs-zh-019", "rolecs-en-038"}
    good = (each for each in csc.read("rolecs-sample", language=language) if each.id not in broken)
    return (played(each, number=number) for number, each in enumerate(islice(good, count)))


def good(language: Language) -> Played:
    """A dialogue that nothing is wrong with."""
    return next(plays(language, 1))


def with_text(one: Played, number: int, text: str) -> Played:
    """The same, but for what is said in the turn of that number, from 1."""
    turns = [*one.turns]
    turns[number - 1] = turns[number - 1].model_copy(update={"text": text})
    return replace(one, turns=tuple(turns))


def turn_of(one: Played, speaker: Speaker, place: int = 2) -> int:
    """The number of a turn of that speaker somewhere in the middle."""
    numbers = [number for number, turn in enumerate(one.turns, 1) if turn.speaker == speaker]
    return numbers[place]
