"""From a program and data to a compiled program."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, is_dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import BudgetError, ConfigError
from csc_dspy.journal import content_key

from ._base import Bench, Optimizer
from .data import Dialogues, Given, read_dialogues
from .interrupts import ending
from .models import Models
from .outcome import CompilationInterrupted, Compiled
from .plan import Plan, most_calls, most_tokens_of_a_call, most_usd
from .runs import Run, run

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget
    from csc_dspy.programs import Options, Program
    from csc_dspy.taxonomy import Language, Taxonomy

    from .gain import Gain
    from .judging import Details
    from .objective import Objective
    from .trials import Trial, Trials

Told = Callable[["Trial"], None]
"""Hears of every trial."""


def compile(  # noqa: A001, PLR0913  as the command line has it: each option by its name
    program: str | Path | Program,
    *,
    train: Given,
    dev: Given,
    optimizer: str | Optimizer = "auto",
    parameters: Mapping[str, Any] | None = None,
    metric: str | None = None,
    lm: str | dspy.LM = "embedded",
    prompt_lm: str | dspy.LM | None = None,
    reflection_lm: str | dspy.LM | None = None,
    teacher_lm: str | dspy.LM | None = None,
    language: Language | None = None,
    taxonomy: Taxonomy | None = None,
    options: Options | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    concurrency: int = 32,
    budget: Budget | None = None,
    resume: bool = False,
    told: Told = lambda _trial: None,
    **lm_options: Any,  # noqa: ANN401  those of csc_dspy.lm.connect
) -> Compiled:
    """Make a program better by what an optimizer finds, and write it as an artifact.

    Args:
        program: A registered name, a program, or a compiled one (its folder) to go on from.
        train: What to learn from: a source as ``csc.read`` takes it, or conversations.
        dev: What to choose by; never a test part. Neither source may have dialogues of the other.
        optimizer: By name, several with ``+`` between them, or an optimizer.
        parameters: Parameters of the optimizer by their names.
        metric: What to compile for; the program's usual one if not given.
        lm: The language model to compile for: a spec, or a ``dspy.LM``.
        prompt_lm: Proposes instructions; ``lm`` if not given.
        reflection_lm: Reflects on mistakes; ``prompt_lm`` if not given.
        teacher_lm: Answers for the teacher when demonstrations are bootstrapped; ``lm`` if not given.
        language: The language of the program; the only one in ``train`` if not given.
        taxonomy: What labels belong to; that of the program, or COPC, if not given.
        options: How a program that is given by its registered name is built.
        out: A folder for the artifact. It appears when everything is done, or a limit is reached.
        seed: Of everything random.
        concurrency: How many calls are made at the same time.
        budget: Limits, for all language models together. When one is reached the best program so far is the
            result, and it is marked as partial.
        resume: Go on with an interrupted compilation into ``out``: nothing is paid for twice.
        told: Hears of every program that is scored.
        **lm_options: More for `csc_dspy.lm.connect`: ``api_base``, ``temperature``, ``cache``, …

    Raises:
        ConfigError, DataError: What is asked for does not fit together. Nothing has been asked yet.
        LeakError: Dialogues would be where they must not be.
        LMError: What would fail every further call too, before there was anything to save.
    """
    models = Models(
        lm=lm,
        prompt_lm=prompt_lm,
        reflection_lm=reflection_lm,
        teacher_lm=teacher_lm,
        options={"concurrency": concurrency, **lm_options},
    )
    made = prepare(
        program,
        train=train,
        dev=dev,
        optimizer=optimizer,
        parameters=parameters,
        metric=metric,
        models=models,
        language=language,
        taxonomy=taxonomy,
        options=options,
        seed=seed,
    )
    folder = None if out is None else Path(out)
    return made.carry_out(out=folder, budget=budget, concurrency=concurrency, resume=resume, told=told)


def prepare(  # noqa: PLR0913  the same as above
    program: str | Path | Program,
    *,
    train: Given,
    dev: Given,
    optimizer: str | Optimizer = "auto",
    parameters: Mapping[str, Any] | None = None,
    metric: str | None = None,
    models: Models | None = None,
    language: Language | None = None,
    taxonomy: Taxonomy | None = None,
    options: Options | None = None,
    seed: int = 0,
) -> Compilation:
    """Look at everything that can be wrong before a language model is asked; see `compile`."""
    from .objective import objective

    given = _given(program, language, taxonomy)
    if given is not None:
        if options is not None:
            raise ConfigError(
                f"{given.name} is built already",
                remedy="what prompts show is chosen for registered names only",
            )
        language, taxonomy = given.options.language, given.options.taxonomy
    learned, judged = read_dialogues(train, dev, taxonomy or _taxonomy_of(train), language)
    start = given or _bare(str(program), learned, options)
    return Compilation(
        program=start,
        optimizer=_optimizer(optimizer, parameters or {}),
        objective=objective(metric, start),
        train=learned,
        dev=judged,
        models=models or Models(),
        seed=seed,
    )


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
        }

    def carry_out(
        self,
        *,
        out: Path | None = None,
        budget: Budget | None = None,
        concurrency: int = 32,
        resume: bool = False,
        told: Told = lambda _trial: None,
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
            work = _Work(self, kept, budget, concurrency, told)
            with self.models.open(budget, kept.record) as helpers:
                work.optimize(helpers)
                details = work.details()
            compiled = self._compiled(work, out, time.perf_counter() - begun)
            if out is not None:
                from .writing import write_artifact

                write_artifact(out, self, compiled, details, work.history)
            if work.ended is None:
                kept.remove()
            elif isinstance(work.ended, KeyboardInterrupt):
                raise CompilationInterrupted(compiled)
        return compiled

    def _compiled(self, work: _Work, out: Path | None, seconds: float) -> Compiled:
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
        )


class _Work:
    """A compilation under way, and what it has come to."""

    def __init__(
        self, compilation: Compilation, kept: Run, budget: Budget, concurrency: int, told: Told
    ) -> None:
        self.budget = budget
        self.ended: BudgetError | KeyboardInterrupt | None = None
        """What ended it before the optimizer was done."""
        self.history: list[tuple[str, float]] = []
        """Every trial with its score."""
        self._first: Trial
        self._compilation = compilation
        self._concurrency = concurrency
        self._told = told
        self._trials = self._open_trials(kept)

    @property
    def best(self) -> Program:
        """The best program so far."""
        best: Program = self._best.program
        best.compiled_for = self._compilation.models.spec
        return best

    @property
    def gain(self) -> Gain:
        """What has been gained so far."""
        return self._trials.gain(self._first, self._best)

    def optimize(self, helpers: Mapping[str, dspy.LM]) -> None:
        """Let the optimizer work until it is done, or a limit or an interrupt ends it.

        Raises what ended it if nothing has been scored by then.
        """
        made = self._compilation
        self._first = self._trials.trial(made.program, "as it was")
        bench = Bench(
            train=made.train_examples,
            dev=made.dev_examples,
            objective=made.objective,
            trials=self._trials,
            seed=made.seed,
            concurrency=self._concurrency,
            **helpers,
        )
        with ending(self.budget) as interrupts:
            try:
                found = made.optimizer.optimize(made.program, bench)
                if found is not self._best.program:
                    self._trials.score(found, made.optimizer.name)
            except (BudgetError, KeyboardInterrupt) as error:
                self.ended = KeyboardInterrupt() if interrupts.seen else error
                self.budget.end()

    def details(self) -> Details:
        """The best program held against the one at the start by all metrics, as far as that is free."""
        from csc_dspy.lm import using

        from .judging import details, scant

        made = self._compilation
        free = made.models.embedded
        # The embedded engine keeps no answers and needs none: to ask it again is free, and beyond the limit.
        asking = using(made.models.lm, **made.models.own_options) if free else nullcontext()
        try:
            with asking:
                return details(
                    made.program,
                    self.best,
                    made.dev,
                    made.objective,
                    written=free or made.objective.of_text,
                    concurrency=self._concurrency,
                )
        except BudgetError:
            return scant(self.gain, made.objective)

    @property
    def _best(self) -> Trial:
        assert self._trials.best is not None
        best: Trial = self._trials.best
        return best

    def _open_trials(self, kept: Run) -> Trials:
        from .trials import Trials

        made = self._compilation
        return Trials(
            made.dev.conversations,
            made.objective,
            journal=kept.trials,
            concurrency=self._concurrency,
            told=self._note,
        )

    def _note(self, trial: Trial) -> None:
        self.history.append((trial.note, trial.score))
        self._told(trial)


def _given(
    program: str | Path | Program, language: Language | None, taxonomy: Taxonomy | None
) -> Program | None:
    """The program to start from; None if it is a registered name, whose language the data decide."""
    from csc_dspy.compiled import ByLanguage, load
    from csc_dspy.programs import PROGRAMS, Program, create

    if isinstance(program, Program):
        found = program
    elif str(program) in PROGRAMS:
        return None
    elif isinstance(program, str) and len(Path(program).parts) == 1 and not Path(program).exists():
        # Says which names there are.
        return create(program)
    else:
        found = load(program, taxonomy=taxonomy)
    if isinstance(found, ByLanguage):
        if language is None:
            raise ConfigError("it is there in several languages", remedy="choose one with --language")
        found = found.in_language(language)
    if language not in {None, found.options.language}:
        raise ConfigError(
            f"the program is in {found.options.language!r}, not {language!r}", remedy="leave out --language"
        )
    return found


def _bare(name: str, learned: Dialogues, options: Options | None) -> Program:
    from csc_dspy.programs import Options, create

    first = learned.conversations[0]
    decided = {"language": first.spoken_language, "taxonomy": first.taxonomy}
    return create(name, replace(options, **decided) if options else Options(**decided))  # type: ignore[arg-type]  # both as they should be


def parameters_of(optimizer: Optimizer) -> dict[str, Any]:
    """The parameters of an optimizer by their names, as plain data."""
    found: Any = optimizer
    fields = asdict(found) if is_dataclass(found) and not isinstance(found, type) else {}
    plain: dict[str, Any] = json.loads(json.dumps(fields))
    return plain


def _taxonomy_of(train: Given) -> Taxonomy | None:
    """The taxonomy of conversations, where it can be told without beginning to read them."""
    if isinstance(train, Sequence) and train and isinstance(train[0], Conversation):
        return train[0].taxonomy
    return getattr(train, "taxonomy", None)


def _optimizer(given: str | Optimizer, parameters: Mapping[str, Any]) -> Optimizer:
    if not isinstance(given, str):
        if parameters:
            raise ConfigError("an optimizer has its parameters already", remedy="give it by its name")
        return given
    from .prompts.registry import optimizer

    return optimizer(given, **parameters)


def _examples(program: Program, dialogues: Dialogues) -> list[dspy.Example]:
    from csc_dspy.programs.teaching import training_examples

    return list(training_examples(program, dialogues.conversations))
