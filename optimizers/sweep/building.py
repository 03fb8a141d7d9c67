"""From the parameters of a trial to its program."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.journal import content_key
from csc_dspy.metrics import Composite
from csc_dspy.metrics.mean_composite import MeanComposite
from csc_dspy.programs import Options, Program, create
from csc_dspy.programs.teaching import training_examples
from csc_dspy.signatures import Shown

from .._base import Bench, Optimizer
from ..evidence import fitted_prior, fusions
from ..objective import Objective, objective
from ..prompts.chain import Chain
from ..prompts.registry import optimizer
from ..trials import Trials
from .objectives import is_cost
from .space import UNCOMPILED, links

if TYPE_CHECKING:
    import dspy

    from csc_dspy.conversations import Conversation
    from csc_dspy.programs import TransitionPrior

    from .memory import Memory
    from .settings import Settings
    from .space import Values

ALL_TOKENS: Final = "all"
"""Instead of a number of tokens: the whole history."""
JOINT: Final = "support-agent-joint"
_HELD_OUT: Final = 8
"""One of so many training dialogues is kept for optimizers to choose by."""
_MOST_HELD_OUT: Final = 6
_AFTERWARDS: Final = ("prior-weight", "calibration")
"""Parameters that a compiled program gets without being compiled anew."""


class Builder:
    """Makes programs. What an optimizer has found is remembered by the parameters that it depends on.

    Optimizers choose by a few training dialogues that they do not learn from. Dev is left to the sweep: a
    program that was chosen by dev turn for turn would have nothing left to be compared by.
    """

    def __init__(self, settings: Settings, memory: Memory, *, concurrency: int) -> None:
        self._settings = settings
        self._memory = memory
        self._concurrency = concurrency
        self._examples: dict[str, list[dspy.Example]] = {}
        self._priors: dict[str, TransitionPrior] = {}

    def build(self, values: Values, lm: object) -> Program:
        """The program of a trial, with the language model in force, that ``lm`` tells from others."""
        if values["optimizer"] == UNCOMPILED:
            return bare(values, self._settings)
        return self._finished(self._compiled(values, lm), values)

    def _compiled(self, values: Values, lm: object) -> Program:
        """What the optimizer has found, taken from memory where it is."""
        matters = {name: value for name, value in sorted(values.items()) if name not in _AFTERWARDS}
        key = content_key("compiled", self._identity, matters, lm)
        known = self._memory.get(key)
        if known is None:
            found = self._optimize(bare(values, self._settings), values)
            shown = found.options.shown.hint
            self._memory.put({key: {"hint": shown, "state": found.dump_state()}})
            return found
        program = bare({**values, "shown.hint": known["hint"]}, self._settings)
        program.load_state(known["state"])
        return program

    def _optimize(self, program: Program, values: Values) -> Program:
        if program.options.shown.hint:
            self._give_prior(program, 0.0, decided=False)
        return optimizer_of(values).optimize(program, self._bench(program, values))

    def _finished(self, program: Program, values: Values) -> Program:
        """With the prior and the weights of labels that the trial asks for."""
        if weight := values.get("prior-weight"):
            program = program.deepcopy()
            self._give_prior(program, weight, decided=True)
        if penalty := values.get("calibration"):
            found = optimizer("calibrate", penalty=float(penalty))
            program = found.optimize(program, self._bench(program, values))
        return program

    def _give_prior(self, program: Program, weight: float, *, decided: bool) -> None:
        """Let the prior take part in decisions, or else only be there to be shown."""
        from csc_dspy.programs import Fusion

        holders = (
            [each for _, each in fusions(program)]
            if decided
            else [each for _, each in program.named_parameters() if isinstance(each, Fusion)]
        )
        for each in holders:
            each.prior, each.weight = self._prior(program), weight

    def _prior(self, program: Program) -> TransitionPrior:
        if program.name not in self._priors:
            self._priors[program.name] = fitted_prior(program, self._taught(program, self._parts[0]))
        return self._priors[program.name]

    def _bench(self, program: Program, values: Values) -> Bench:
        taught, held_out = self._parts
        wish = _wish(program, values, self._settings)
        return Bench(
            train=self._taught(program, taught),
            dev=self._taught(program, held_out),
            objective=wish,
            trials=Trials(held_out, wish, concurrency=self._concurrency),
            seed=self._settings.seed,
            concurrency=self._concurrency,
        )

    def _taught(self, program: Program, conversations: tuple[Conversation, ...]) -> list[dspy.Example]:
        """Examples for a program, found by the language that is spoken, whatever that of prompts is."""
        key = f"{program.name} {id(conversations)}"
        if key not in self._examples:
            speaking = create(program.name, replace(program.options, language=self._settings.spoken))
            self._examples[key] = list(training_examples(speaking, conversations))
        return self._examples[key]

    @cached_property
    def _parts(self) -> tuple[tuple[Conversation, ...], tuple[Conversation, ...]]:
        """The dialogues to learn from, and those to choose by; the same ones where there is only one."""
        everything = list(self._settings.data[0].conversations)
        count = min(_MOST_HELD_OUT, -(-len(everything) // _HELD_OUT))
        if len(everything) < 2:
            return tuple(everything), tuple(everything)
        chosen = set(random.Random(f"held out {self._settings.seed}").sample(range(len(everything)), count))
        parts = [
            tuple(each for place, each in enumerate(everything) if (place in chosen) is held)
            for held in (False, True)
        ]
        return parts[0], parts[1]

    @cached_property
    def _identity(self) -> list[Any]:
        settings = self._settings
        wish = [settings.objectives, asdict(settings.weights)]
        return [settings.data[0].fingerprint, settings.seed, settings.spoken, wish]


def bare(values: Values, settings: Settings) -> Program:
    """The uncompiled program that the parameters describe.

    A hint needs a prior, so there is none before a prior is.
    """
    tokens = values.get("history-tokens", ALL_TOKENS)
    hint = bool(values.get("shown.hint")) and values["optimizer"] != UNCOMPILED
    options = Options(
        language=values.get("prompt-language") or settings.spoken,
        taxonomy=settings.data[0].conversations[0].taxonomy,
        shown=Shown(
            **{name: bool(values.get(f"shown.{spelled(name)}", default)) for name, default in _SHOWN.items()},
            hint=hint,
        ),
        reasoning=bool(values.get("reasoning", False)),
        history_tokens=None if tokens == ALL_TOKENS else int(tokens),
    )
    return create(program_name(values), options)


def program_name(values: Values) -> str:
    """The registered name of a trial's program."""
    return JOINT if values.get("variant") == "joint" else str(values["program"])


def optimizer_of(values: Values) -> Optimizer:
    """The optimizer of a trial, with its parameters."""
    made = [optimizer(name, **parameters_for(name, values)) for name in links(values["optimizer"])]
    return made[0] if len(made) == 1 else Chain(tuple(made))


def parameters_for(link: str, values: Values) -> dict[str, Any]:
    """The parameters of one optimizer of a trial's chain."""
    start = f"{link}."
    return {
        name.removeprefix(start).replace("-", "_"): value
        for name, value in values.items()
        if name.startswith(start)
    }


def spelled(field: str) -> str:
    """The name of a field as TOML has it."""
    return field.replace("_", "-")


_SHOWN: Final[Mapping[str, bool]] = {
    "definitions": True,
    "distinctions": True,
    "stage_so_far": True,
    "stage": False,
}
"""What prompts show, without the hint, with the defaults."""


def _wish(program: Program, values: Values, settings: Settings) -> Objective:
    """What optimizers work for: what the sweep is for, or the composite with the weights of the trial."""
    given = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("weights.")}
    name = next((each for each in settings.objectives if not is_cost(each)), None)
    if not given and name != "composite":
        return objective(name, program)
    composite = Composite(replace(settings.weights, **given))
    asked = frozenset(name for each in program.predictors() for name in each.signature.output_fields)
    whole = MeanComposite(program.options.taxonomy, composite, asked=asked)
    return Objective("composite", composite, whole)
