"""A compilation that is ready to be carried out: what it is going to do, and what its result depends on."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csc_dspy.journal import content_key

from ._base import Optimizer
from .data import Dialogues
from .models import Models
from .outcome import CompilationInterrupted, Compiled
from .plan import Plan, most_calls, most_tokens_of_a_call, most_usd
from .runs import run
from .tuning import Tuning, tuned
from .work import Told, Work

if TYPE_CHECKING:
    import dspy

    from csc_dspy.finetuning.training import Told as TrainingTold
    from csc_dspy.finetuning.training import Trained
    from csc_dspy.lm import Budget
    from csc_dspy.programs import Program

    from .holding_out import HeldOut
    from .objective import Objective


@dataclass(frozen=True, kw_only=True)
class Compilation:
    """A program, data and an optimizer that fit together; make one with `prepare`."""

    program: Program
    optimizer: Optimizer
    objective: Objective
    train: Dialogues
    dev: Dialogues
    models: Models
    seed: int
    tuning: Tuning | None = None
    """How the language model is fine-tuned first, where that is wanted."""

    @cached_property
    def train_examples(self) -> Sequence[dspy.Example]:
        """What to learn from, turn by turn."""
        return _examples(self.program, self.train)

    @cached_property
    def dev_examples(self) -> Sequence[dspy.Example]:
        """What to choose by, turn by turn."""
        return _examples(self.program, self.dev)

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of the optimizer, by their names."""
        return parameters_of(self.optimizer)

    @cached_property
    def plan(self) -> Plan:
        """What it is going to do, and the most that it can take."""
        train, dev = self.train_examples, self.dev_examples
        calls = most_calls(self.optimizer, self.program, len(train), self.dev.turns)
        reading, writing = most_tokens_of_a_call(
            self.program, [*train, *dev], self.optimizer, self.models.options.get("max_tokens")
        )
        free = self.models.embedded and not self.models.helpers
        return Plan(
            program=self.program.name,
            language=self.program.options.language,
            optimizer=self.optimizer.name,
            parameters=self.parameters,
            metric=self.objective.name,
            lm=self.models.spec,
            helpers=self.models.helpers,
            train=self.train.to_dict(),
            dev=self.dev.to_dict(),
            most_calls=calls,
            most_tokens=0 if free else calls * (reading + writing),
            most_usd=0.0 if free else most_usd(self.models.price, calls, reading, writing),
            target="finetune" if self.tuning else "prompts",
        )

    @property
    def identity(self) -> dict[str, Any]:
        """What the result depends on; a run with another of these is not taken up."""
        options = self.program.options
        return {
            "program": self.program.name,
            "start": content_key(self.program.dump_state(), repr(options)),
            "taxonomy": options.taxonomy.fingerprint,
            "language": options.language,
            "optimizer": self.optimizer.name,
            "parameters": self.parameters,
            "metric": self.objective.name,
            "seed": self.seed,
            "training data": self.train.fingerprint,
            "dev data": self.dev.fingerprint,
            **self.models.identity,
            **(self.tuning.identity if self.tuning else {}),
        }

    def held_out(self) -> Sequence[HeldOut]:
        """Models that were fine-tuned without some of the dialogues; none where that has to be paid."""
        if self.tuning is None or not self.models.embedded:
            return ()
        return self.tuning.held_out(self)

    def carry_out(
        self,
        *,
        out: Path | None = None,
        budget: Budget | None = None,
        concurrency: int = 32,
        resume: bool = False,
        told: Told = lambda _trial: None,
        trained: TrainingTold = lambda n=1, **_: None,  # noqa: ARG005  called by this name
    ) -> Compiled:
        """Compile, judge, and write; see `compile`.

        An interrupt becomes `CompilationInterrupted` once the best program so far is saved.
        """
        from csc_dspy.compiled.folders import require_replaceable
        from csc_dspy.lm import Budget

        begun = time.perf_counter()
        budget = budget or Budget()
        if out is not None:
            require_replaceable(out)
        with run(out, self.identity, budget, resume=resume) as kept:
            tuning = tuned(self, kept, budget, out=out, concurrency=concurrency, told=told, trained=trained)
            with tuning if self.tuning else nullcontext((self, None, None)) as (made, before, training):
                work = Work(made, kept, budget, concurrency, told, before=before)
                with made.models.open(budget, kept.record) as helpers:
                    work.optimize(helpers)
                    details = work.details()
            compiled = self._compiled(work, out, time.perf_counter() - begun, training)
            if out is not None:
                from .writing import write_artifact

                write_artifact(out, made, compiled, details, work.history, training)
            if work.ended is None:
                kept.remove()
            elif isinstance(work.ended, KeyboardInterrupt):
                raise CompilationInterrupted(compiled)
        return compiled

    def _compiled(self, work: Work, out: Path | None, seconds: float, training: Trained | None) -> Compiled:
        from .judging import statement, verdict

        usage, gain = work.budget.usage, work.gain
        return Compiled(
            program=work.best,
            artifact=out,
            optimizer=self.optimizer.name,
            metric=self.objective.name,
            dev_before=gain.before,
            dev_after=gain.after,
            difference=gain.difference,
            significant=verdict(gain),
            statement=statement(self.objective.name, gain),
            trials=len(work.history),
            calls=usage.calls,
            tokens=usage.tokens,
            seconds=round(seconds, 3),
            usd=usage.to_dict()["usd"],
            partial=work.ended is not None,
            model=None if training is None else training.model,
        )


def parameters_of(optimizer: Optimizer) -> dict[str, Any]:
    """The parameters of an optimizer by their names, as plain data."""
    found: Any = optimizer
    fields = asdict(found) if is_dataclass(found) and not isinstance(found, type) else {}
    plain: dict[str, Any] = json.loads(json.dumps(fields))
    return plain


def _examples(program: Program, dialogues: Dialogues) -> list[dspy.Example]:
    from csc_dspy.programs.teaching import training_examples

    return list(training_examples(program, dialogues.conversations))
