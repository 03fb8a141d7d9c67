"""What a role play will cost, from the prompts that it will send; nothing is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.lm.prices import Price, listed_price
from csc_dspy.lm.specs import route
from csc_dspy.programs.history import estimated_tokens
from csc_dspy.roleplay._base import Role, Scenario, Task
from csc_dspy.roleplay.acting import Moment
from csc_dspy.roleplay.cast import customer_inputs, planner_inputs, supporter_inputs, writer_inputs
from csc_dspy.roleplay.events import NOTHING
from csc_dspy.roleplay.roles import (
    Customer,
    CustomerAssistant,
    CustomerSide,
    Planner,
    RoleModule,
    Supporter,
    SupporterAssistant,
    SupporterSide,
)
from csc_dspy.roleplay.rules import Position, Rules

if TYPE_CHECKING:
    import dspy

    from csc_dspy.roleplay.synthesis import Synthesis

_SAMPLES: Final = "rolecs-sample"
_PER_FIELD: Final = 14
"""Tokens of an answer around the text of a field."""
_SHORT: Final = 12
"""Tokens of a direction, a label or a verdict."""
_PLANNED: Final = 160
"""Tokens of a scene and a goal."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one role's language model has to do for a dialogue, on average."""

    calls: float = 0.0
    read: float = 0.0
    written: float = 0.0

    def __add__(self, other: Share) -> Share:
        return Share(self.calls + other.calls, self.read + other.read, self.written + other.written)

    def times(self, factor: float) -> Share:
        """So many times as much."""
        return Share(self.calls * factor, self.read * factor, self.written * factor)


@dataclass(frozen=True)
class Estimate:
    """What is to be expected of all dialogues, by role. Providers that cache prompts ask for less."""

    roles: Mapping[Role, Share]
    usd: float | None
    """None where a price is not known."""

    @cached_property
    def total(self) -> Share:
        """All roles together."""
        return sum(self.roles.values(), Share())

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "calls": round(self.total.calls),
            "input_tokens": round(self.total.read),
            "output_tokens": round(self.total.written),
            "usd": None if self.usd is None else round(self.usd, 2),
        }


def estimate(synthesis: Synthesis) -> Estimate:
    """What a synthesis will come to, if its dialogues are as long as those of the samples.

    The judge is counted for as if every dialogue reached it: see `csc_dspy.roleplay.quality`.
    """
    plan = synthesis.plan
    if synthesis.models.retrieved:
        return Estimate({}, 0.0)
    tasks = {task.language: task for task in plan.tasks()} if plan.language is None else {}
    first = next(plan.tasks())
    shown = list(tasks.values()) or [first]
    shares: dict[Role, Share] = {}
    for task in shown:
        for role, share in _dialogue(task, synthesis):
            shares[role] = shares.get(role, Share()) + share.times(plan.count / len(shown))
    return Estimate(shares, _usd(shares, synthesis))


def _dialogue(task: Task, synthesis: Synthesis) -> Iterator[tuple[Role, Share]]:
    """Every call of a dialogue like one of the samples."""
    rules, fast = synthesis.rules, synthesis.fast
    conversation = _typical(task)
    counting = _Counting(task, rules)
    yield counting.asked(Planner, planner_inputs(task, rules.taxonomy), _PLANNED)
    turns = conversation.dialogue
    scenario = Scenario(conversation.scenario or "", conversation.customer_goal or "")
    for place, turn in enumerate(turns):
        position = Position(turns[:place])
        moment = Moment(task, scenario, position, NOTHING[task.language], rules.taxonomy.strategies)
        calls = _supporters if turn.speaker == "supporter" else _customers
        forced = place in {0, len(turns) - 1}
        yield from calls(counting, moment, turn, fast=fast, forced=forced)


def _supporters(
    counting: _Counting, moment: Moment, turn: Turn, *, fast: bool, forced: bool
) -> Iterator[tuple[Role, Share]]:
    inputs, text = supporter_inputs(moment, counting.rules), estimated_tokens(turn.text)
    if fast and not forced:
        yield counting.asked(SupporterSide, inputs, text + _SHORT)
        return
    if not forced:
        yield counting.asked(SupporterAssistant, inputs, _SHORT)
    yield counting.asked(Supporter, writer_inputs(moment, counting.rules.taxonomy.strategies[0]), text)


def _customers(
    counting: _Counting, moment: Moment, turn: Turn, *, fast: bool, forced: bool
) -> Iterator[tuple[Role, Share]]:
    del forced
    inputs, text = customer_inputs(moment), estimated_tokens(turn.text)
    if fast:
        yield counting.asked(CustomerSide, inputs, text + 2 * _SHORT)
        return
    yield counting.asked(CustomerAssistant, inputs, _SHORT)
    told = {**inputs, "direction": inputs["happening"]}
    del told["happening"]
    yield counting.asked(Customer, told, text + _SHORT)


class _Counting:
    """Counts the tokens of questions as they are really put."""

    def __init__(self, task: Task, rules: Rules) -> None:
        from csc_dspy.lm import Adapter

        self.rules = rules
        self._task = task
        self._adapter = Adapter()
        self._signatures: dict[type[RoleModule], type[dspy.Signature]] = {}

    def asked(self, kind: type[RoleModule], inputs: Mapping[str, str], written: int) -> tuple[Role, Share]:
        """One call of a role."""
        if kind not in self._signatures:
            self._signatures[kind] = kind.signature(self.rules.taxonomy, self._task.language)
        signature = self._signatures[kind]
        messages = self._adapter.format(signature, [], inputs)
        read = sum(estimated_tokens(message["content"]) for message in messages)
        return kind.role, Share(1, read, written + _PER_FIELD * (len(signature.output_fields) + 1))


def _typical(task: Task) -> Conversation:
    """The sample of a task's language that is in the middle by its length."""
    from csc_dspy.data import read

    samples = [each for each in read(_SAMPLES) if each.spoken_language == task.language]
    return sorted(samples, key=lambda each: len(each.dialogue))[len(samples) // 2]


def _usd(shares: Mapping[Role, Share], synthesis: Synthesis) -> float | None:
    models = synthesis.models
    prices = {role: _price(models.names[role], models.options) for role in shares}
    total = 0.0
    for role, share in shares.items():
        price = prices[role]
        if price is None:
            return None
        total += price.of(round(share.read), 0, round(share.written))
    return total


def _price(spec: str, options: Mapping[str, Any]) -> Price | None:
    given = options.get("price")
    if isinstance(given, Price):
        return given
    way = route(spec, options.get("api_base"))
    return listed_price(way.provider, way.model) if way.own_address else None
