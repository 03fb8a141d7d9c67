"""From a program and data to a compiled program: everything is looked at first, then carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError

from ._base import Optimizer
from .compilation import Compilation
from .data import Dialogues, Given, read_dialogues
from .models import Models
from .outcome import Compiled
from .plan import Target
from .tuning import Tuning, require_tunable
from .work import Told

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget
    from csc_dspy.programs import Options, Program
    from csc_dspy.taxonomy import Language, Taxonomy


_USUAL_AFTER_TUNING: Final = "fused"
"""What ``auto`` stands for behind fine-tuning: demonstrations would show what is learned already."""


def compile(  # noqa: A001, PLR0913  as the command line has it: each option by its name
    program: str | Path | Program,
    *,
    train: Given,
    dev: Given,
    target: Target = "prompts",
    optimizer: str | Optimizer = "auto",
    parameters: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
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
        target: Into ``"prompts"``, or into fine-tuning data (``"finetune"``) on which the language model is
            trained before the optimizer works. All languages in ``train`` teach it.
        optimizer: By name, several with ``+`` between them, or an optimizer.
        parameters: Parameters of the optimizer by their names.
        training: Options of the training by their names; see `csc_dspy.finetuning.training.train`.
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
        target=target,
        optimizer=optimizer,
        parameters=parameters,
        training=training,
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
    target: Target = "prompts",
    optimizer: str | Optimizer = "auto",
    parameters: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
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
    tuning = _tuning(target, training, models or Models(), bare=given is None)
    learned, judged = read_dialogues(train, dev, taxonomy or _taxonomy_of(train), language)
    start = given or _bare(str(program), learned, options)
    return Compilation(
        program=start,
        optimizer=_optimizer(
            _USUAL_AFTER_TUNING if tuning and optimizer == "auto" else optimizer, parameters or {}
        ),
        objective=objective(metric, start),
        train=learned,
        dev=judged,
        models=models or Models(),
        seed=seed,
        tuning=tuning,
    )


def _tuning(
    target: Target, training: Mapping[str, Any] | None, models: Models, *, bare: bool
) -> Tuning | None:
    if target == "finetune":
        options = dict(training or {})
        poll = options.pop("poll", Tuning().poll)
        require_tunable(models, options)
        return Tuning(options=options, poll=poll, bare=bare)
    if training:
        raise ConfigError(
            "options of a training are for fine-tuning", remedy="compile with --target finetune"
        )
    return None


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
