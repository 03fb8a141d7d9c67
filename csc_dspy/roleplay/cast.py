"""A cast of language models: the paper's, with four calls a round, and a fast one with two."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from csc_dspy.journal import content_key
from csc_dspy.roleplay._base import DIFFICULTIES, Difficulty, Role, Scenario, Task
from csc_dspy.roleplay.acting import Line, Moment
from csc_dspy.roleplay.events import NOTHING, TOLD
from csc_dspy.roleplay.roles import (
    Customer,
    CustomerAssistant,
    CustomerSide,
    Planner,
    RoleModule,
    Supporter,
    SupporterAssistant,
    SupporterSide,
    load,
)
from csc_dspy.roleplay.rules import Rules
from csc_dspy.signatures import parse_verdict
from csc_dspy.taxonomy import Language, Localized, Strategy, Taxonomy

if TYPE_CHECKING:
    import dspy

_DIFFICULTY: Final[dict[Difficulty, Localized]] = dict(
    zip(
        DIFFICULTIES,
        (Localized(en="easy", zh="简单"), Localized(en="medium", zh="中等"), Localized(en="hard", zh="困难")),
        strict=True,
    )
)
_DESK: Final = Localized(
    en="the support desk of a company in {industry}; many call about: {topic}",
    zh="{industry}行业一家公司的客服部门；来电多与“{topic}”有关",
)
_REFUSED: Final = Localized(
    en="You chose {chosen}, but {reason}. Choose one of: {names}",
    zh="你选了“{chosen}”，但{reason}。请从下列策略中选：{names}",
)


class Cast:
    """Roles played by language models: that in force, or their own; see `RoleModule`."""

    kinds: ClassVar[tuple[type[RoleModule], ...]]
    """The roles that it has."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        language: Language,
        models: Mapping[Role, str],
        lms: Mapping[Role, dspy.LM] | None = None,
        states: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """``models`` names what plays each role, ``lms`` are those of roles with one of their own.

        ``states`` are those of compiled roles, by their names; see `load`.
        """
        self.taxonomy = taxonomy
        self.models = models
        self.notes: Mapping[str, Any] = {}
        self._roles = {kind: kind(taxonomy, language) for kind in self.kinds}
        for role in self._roles.values():
            if states and role.name in states:
                load(role, states[role.name])
        prompts = [role.dump_state() for role in self._roles.values()]
        self.identity: Mapping[str, Any] = {"cast": type(self).__name__, "roles": content_key(prompts)}
        # Behind the identity: states of roles have their language models in them.
        for role in self._roles.values():
            role.set_lm((lms or {}).get(role.role))

    def role(self, kind: type[RoleModule]) -> RoleModule:
        """One of its roles."""
        return self._roles[kind]

    async def plan(self, task: Task, rules: Rules) -> Scenario:
        """The scenario of a task, by the planner."""
        values = await self._ask(Planner, task, planner_inputs(task, rules.taxonomy))
        return Scenario(values["scene"], values["goal"])

    async def support(self, moment: Moment, rules: Rules) -> Line:
        """The supporter's next line. Where only one strategy is allowed there is nothing to choose."""
        if len(moment.allowed) == 1:
            return Line(await self._write(moment, moment.allowed[0]), moment.allowed[0])
        inputs = supporter_inputs(moment, rules)
        line = await self._choose(moment, inputs)
        objection = rules.objection(_of(line), moment.position)
        if objection is not None:
            again = {**inputs, "allowed": _again(line, objection, moment)}
            line = await self._choose(moment, again)
        if _of(line) not in moment.allowed:
            allowed = rules.nearest(_of(line), moment.allowed, moment.position)
            return Line(await self._write(moment, allowed), allowed, overruled=True)
        return await self._finished(moment, line)

    @abstractmethod
    async def respond(self, moment: Moment) -> Line:
        """The customer's next line."""

    @abstractmethod
    async def _choose(self, moment: Moment, inputs: Mapping[str, str]) -> Line:
        """A line with a strategy, perhaps without its text yet."""

    @abstractmethod
    async def _finished(self, moment: Moment, line: Line) -> Line:
        """The line with its text."""

    async def _write(self, moment: Moment, strategy: Strategy) -> str:
        """The text of the supporter's next line by a strategy."""
        values = await self._ask(Supporter, moment.task, writer_inputs(moment, strategy))
        return str(values["response"])

    async def _ask(self, kind: type[RoleModule], task: Task, inputs: Mapping[str, str]) -> Mapping[str, Any]:
        return await self._roles[kind].ask(inputs, task.key)


class FullCast(Cast):
    """The paper's: assistants decide, speakers speak."""

    kinds = (Planner, SupporterAssistant, Supporter, CustomerAssistant, Customer)

    async def respond(self, moment: Moment) -> Line:
        """The customer's next line, by a direction."""
        inputs = customer_inputs(moment)
        directed = await self._ask(CustomerAssistant, moment.task, inputs)
        told = {**inputs, "direction": directed["direction"]}
        del told["happening"]
        return _customers(await self._ask(Customer, moment.task, told))

    async def _choose(self, moment: Moment, inputs: Mapping[str, str]) -> Line:
        values = await self._ask(SupporterAssistant, moment.task, inputs)
        return Line("", self.taxonomy.strategy(values["strategy"]))

    async def _finished(self, moment: Moment, line: Line) -> Line:
        return Line(await self._write(moment, _of(line)), line.strategy)


class FastCast(Cast):
    """One call a side. What has to be said by a given strategy is still the supporter's alone."""

    kinds = (Planner, SupporterSide, Supporter, CustomerSide)

    async def respond(self, moment: Moment) -> Line:
        """The customer's next line."""
        return _customers(await self._ask(CustomerSide, moment.task, customer_inputs(moment)))

    async def _choose(self, moment: Moment, inputs: Mapping[str, str]) -> Line:
        values = await self._ask(SupporterSide, moment.task, inputs)
        return Line(values["response"], self.taxonomy.strategy(values["strategy"]))

    async def _finished(self, moment: Moment, line: Line) -> Line:  # noqa: ARG002  as the other cast has it
        return line


def planner_inputs(task: Task, taxonomy: Taxonomy) -> dict[str, str]:
    """What the planner is asked. Of strategies it hears what they are, not how they are called."""
    language = task.language
    wanted = [each for each in taxonomy.strategies if each.id in task.favoured]
    return {
        "industry": task.industry.name[language],
        "topic": _topic(task),
        "difficulty": _DIFFICULTY[task.difficulty][language],
        "profile": task.profile.description,
        "events": "\n".join(TOLD[event][language] for event in task.events) or NOTHING[language],
        "occasions": "\n".join(each.definition[language] for each in wanted) or NOTHING[language],
    }


def supporter_inputs(moment: Moment, rules: Rules) -> dict[str, str]:
    """What those are asked who choose the strategy."""
    language = moment.task.language
    return {
        "desk": _desk(moment.task),
        "conversation": moment.shown(),
        "stage_so_far": moment.position.stage(rules.taxonomy).name[language],
        "happening": moment.happening,
        "allowed": _names(moment),
    }


def writer_inputs(moment: Moment, strategy: Strategy) -> dict[str, str]:
    """What the supporter is asked who is told the strategy."""
    return {
        "desk": _desk(moment.task),
        "conversation": moment.shown(),
        "happening": moment.happening,
        "strategy": strategy.name[moment.task.language],
    }


def customer_inputs(moment: Moment) -> dict[str, str]:
    """What the customer's side is asked. No label is in it, and nothing of the supporter's side."""
    return {
        "profile": moment.task.profile.description,
        "scene": moment.scenario.scene,
        "goal": moment.scenario.goal,
        "conversation": moment.heard(),
        "happening": moment.happening,
    }


def _customers(values: Mapping[str, Any]) -> Line:
    return Line(values["utterance"], over=parse_verdict(values["over"]))


def _of(line: Line) -> Strategy:
    assert line.strategy is not None
    return line.strategy


def _again(line: Line, objection: Localized, moment: Moment) -> str:
    language = moment.task.language
    return _REFUSED[language].format(
        chosen=_of(line).name[language], reason=objection[language], names=_names(moment)
    )


def _names(moment: Moment) -> str:
    language = moment.task.language
    return ("、" if language == "zh" else ", ").join(each.name[language] for each in moment.allowed)


def _desk(task: Task) -> str:
    names = {"industry": task.industry.name, "topic": task.topic.name}
    return _DESK[task.language].format(**{key: name[task.language] for key, name in names.items()})


def _topic(task: Task) -> str:
    name, definition = task.topic.name[task.language], task.topic.definition[task.language]
    return f"{name}：{definition}" if task.language == "zh" else f"{name}: {definition}"
