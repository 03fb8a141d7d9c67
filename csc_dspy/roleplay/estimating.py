"""What a role play will cost, from the prompts that it will send; nothing is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from csc_dspy.conversations import Conversation, Turn
from csc_dspy.lm.prices import Price, listed_price
from csc_dspy.lm.specs import route
from csc_dspy.programs.history import estimated_tokens
from csc_dspy.roleplay._base import Role, Scenario, Task
from csc_dspy.roleplay.acting import Moment
from csc_dspy.roleplay.cast import customer_inputs, planner_inputs, supporter_inputs, writer_inputs
from csc_dspy.roleplay.events import NOTHING
from csc_dspy.roleplay.models import parted
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
_REASON: Final = 22
"""Tokens of a judge's reason and verdict."""

Who = Role | Literal["judge"]
"""Whoever is asked."""


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody's language model has to do."""

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
    """What is to be expected of all dialogues. Providers that cache prompts ask for less."""

    shares: Mapping[Who, Share]
    usd: float | None
    """None where a price is not known."""

    @cached_property
    def total(self) -> Share:
        """All together."""
        return sum(self.shares.values(), Share())

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

    Where there is a judge, every dialogue is taken to reach it.
    """
    if synthesis.models.retrieved:
        return Estimate({}, 0.0)
    shares: dict[Who, Share] = {}
    counts = Counter(task.language for task in synthesis.plan.tasks())
    for language, count in counts.items():
        task = next(task for task in synthesis.plan.tasks() if task.language == language)
        for who, share in _dialogue(task, synthesis):
            shares[who] = shares.get(who, Share()) + share.times(count)
    return Estimate(shares, _usd(shares, synthesis))


def _dialogue(task: Task, synthesis: Synthesis) -> Iterator[tuple[Who, Share]]:
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
    if synthesis.judge:
        yield counting.judged(conversation)


def _supporters(
    counting: _Counting, moment: Moment, turn: Turn, *, fast: bool, forced: bool
) -> Iterator[tuple[Who, Share]]:
    inputs, text = supporter_inputs(moment, counting.rules), estimated_tokens(turn.text)
    if fast and not forced:
        yield counting.asked(SupporterSide, inputs, text + _SHORT)
        return
    if not forced:
        yield counting.asked(SupporterAssistant, inputs, _SHORT)
    yield counting.asked(Supporter, writer_inputs(moment, counting.rules.taxonomy.strategies[0]), text)


def _customers(
    counting: _Counting, moment: Moment, turn: Turn, *, fast: bool, forced: bool
) -> Iterator[tuple[Who, Share]]:
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

    def asked(self, kind: type[RoleModule], inputs: Mapping[str, str], written: int) -> tuple[Who, Share]:
        """One call of a role."""
        if kind not in self._signatures:
            self._signatures[kind] = kind.signature(self.rules.taxonomy, self._task.language)
        return kind.role, self._share(self._signatures[kind], inputs, written)

    def judged(self, conversation: Conversation) -> tuple[Who, Share]:
        """The call of the judge."""
        from csc_dspy.evaluation.judging import RolePlayJudge

        judge, language = RolePlayJudge(self.rules.taxonomy), self._task.language
        inputs = judge.inputs(conversation, language)
        written = len(judge.criteria) * _REASON
        return "judge", self._share(judge.signature(language), inputs, written)

    def _share(self, signature: type[dspy.Signature], inputs: Mapping[str, str], written: int) -> Share:
        messages = self._adapter.format(signature, [], inputs)
        read = sum(estimated_tokens(message["content"]) for message in messages)
        return Share(1, read, written + _PER_FIELD * (len(signature.output_fields) + 1))


def _typical(task: Task) -> Conversation:
    """The sample of a task's language that is in the middle by its length."""
    from csc_dspy.data import read

    samples = [each for each in read(_SAMPLES) if each.spoken_language == task.language]
    return sorted(samples, key=lambda each: len(each.dialogue))[len(samples) // 2]


def _usd(shares: Mapping[Who, Share], synthesis: Synthesis) -> float | None:
    models = synthesis.models
    total = 0.0
    for who, share in shares.items():
        spec = models.judge or models.spec if who == "judge" else models.specs[who]
        price = _price(spec, models.options)
        if price is None:
            return None
        total += price.of(round(share.read), 0, round(share.written))
    return total


def _price(spec: str, options: Mapping[str, Any]) -> Price | None:
    given = options.get("price")
    if isinstance(given, Price):
        return given
    name, address = parted(spec)
    way = route(name, address or options.get("api_base"))
    return listed_price(way.provider, way.model) if way.own_address else None
