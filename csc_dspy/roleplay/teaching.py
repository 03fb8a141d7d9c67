"""What a corpus teaches the roles: their questions at every turn of it, with the right answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay._base import Industry, Profile, Scenario, Task, Topic
from csc_dspy.roleplay.acting import Moment
from csc_dspy.roleplay.cast import planner_inputs, supporter_inputs, writer_inputs
from csc_dspy.roleplay.events import NOTHING
from csc_dspy.roleplay.roles import (
    Planner,
    RoleModule,
    Supporter,
    SupporterAssistant,
    SupporterSide,
)
from csc_dspy.roleplay.rules import Position, Rules
from csc_dspy.roleplay.topics import load_scenes
from csc_dspy.taxonomy import Localized

if TYPE_CHECKING:
    import dspy

Lesson = tuple[Mapping[str, str], Mapping[str, str]]
"""A question, and its right answer."""

_TAUGHT: Final = (Planner, SupporterAssistant, Supporter, SupporterSide)
_SOME_INDUSTRY: Final = Localized(en="some line of business", zh="某")
_FIELDS: Final = tuple(field.name for field in fields(Profile))


def examples(role: RoleModule, conversations: Iterable[Conversation]) -> Iterator[dspy.Example]:
    """What an optimizer of DSPy takes to compile a role, from the conversations in the role's language.

    Turns that the rules of the play would not have let pass are left out, and so are dialogues of which the
    planner's part is not known. ConfigError for the customer's roles: their directions are in no corpus.
    """
    import dspy

    if not isinstance(role, _TAUGHT):
        raise ConfigError(
            f"no corpus has the directions that the role {role.name} gives or is given",
            remedy=f"there are examples for {', '.join(kind.name for kind in _TAUGHT)}",
        )
    for conversation in conversations:
        if conversation.spoken_language == role.language:
            for asked, answer in _lessons(role, conversation):
                yield dspy.Example(**asked, **answer).with_inputs(*asked)


def _lessons(role: RoleModule, conversation: Conversation) -> Iterator[Lesson]:
    task, scene, goal = _task(conversation), conversation.scenario, conversation.customer_goal
    if isinstance(role, Planner):
        if scene and goal:
            yield planner_inputs(task, conversation.taxonomy), {"scene": scene, "goal": goal}
    else:
        yield from _of_supporter(role, task, conversation)


def _of_supporter(role: RoleModule, task: Task, conversation: Conversation) -> Iterator[Lesson]:
    rules, staged = Rules(conversation.taxonomy), conversation.with_stages()
    for index, turn in staged.supporter_turns():
        position = Position(staged.dialogue[:index])
        allowed = rules.allowed(position)
        if turn.strategy not in allowed:
            continue
        # What the scenario was is not for the supporter to know.
        moment = Moment(task, Scenario("", ""), position, NOTHING[task.language], allowed)
        label, said = {"strategy": turn.strategy.name[task.language]}, {"response": turn.text}
        if isinstance(role, Supporter):
            yield writer_inputs(moment, turn.strategy), said
        else:
            answer = label if isinstance(role, SupporterAssistant) else {**label, **said}
            yield supporter_inputs(moment, rules), answer


def _task(conversation: Conversation) -> Task:
    """What the dialogue was played from, as far as its row tells."""
    extra, language = conversation.model_extra or {}, conversation.spoken_language
    known = {name: each for each in load_scenes().topics for name in (each.name.en, each.name.zh)}
    topic, industry = conversation.topic or "", extra.get("industry")
    return Task(
        language=language,
        profile=_profile(conversation.profile or {}, conversation),
        topic=known.get(topic) or Topic(topic, _both(topic), _both("")),
        industry=Industry("", _both(industry) if industry else _SOME_INDUSTRY),
        difficulty=extra.get("difficulty", "medium"),
        events=tuple(extra.get("events", ())),
        favoured=tuple(extra.get("favoured", ())),
    )


def _profile(told: Mapping[str, Any] | str, conversation: Conversation) -> Profile:
    """The profile that a row has; of one in another schema all is in the description."""
    if isinstance(told, str):
        told = {"description": told}
    given = {name: told[name] for name in _FIELDS if name in told}
    if "description" not in given:
        given["description"] = "; ".join(f"{name}: {value}" for name, value in told.items())
    blank: dict[str, Any] = {**dict.fromkeys(_FIELDS, ""), "age": 0, "language": conversation.spoken_language}
    return Profile(**{**blank, **given})


def _both(text: str) -> Localized:
    return Localized(en=text, zh=text)
