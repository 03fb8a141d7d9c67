"""Exporting from Python, and looking at everything that can be wrong before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from csc_dspy.choosing import Programs
from csc_dspy.data import read
from csc_dspy.data.source import Source, parse_source
from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning._base import Format
from csc_dspy.finetuning.dialogues import Given, name_of, opened
from csc_dspy.finetuning.exporting import Export
from csc_dspy.finetuning.leaks import Screen
from csc_dspy.finetuning.options import Choices
from csc_dspy.finetuning.pairs import OtherStrategies
from csc_dspy.finetuning.result import Exported
from csc_dspy.finetuning.surveying import Looked, survey
from csc_dspy.finetuning.tasks import WRITING, tasks_of
from csc_dspy.finetuning.tokens import TokenCounter
from csc_dspy.logs import logger
from csc_dspy.programs import Program
from csc_dspy.taxonomy import Language, Taxonomy

if TYPE_CHECKING:
    import dspy

_EVALUATION: Final = "csconv-sample"
# The options of a language model that its answers depend on.
_TELLING: Final = ("api_base", "temperature", "max_tokens", "logprobs")


def prepare(  # noqa: PLR0913  what is read, each by its name
    program: str | Path | Program,
    *,
    train: Given,
    form: str | Format = "openai",
    choices: Choices | None = None,
    rejected_by: str | Path | Program | None = None,
    language: Language | None = None,
    taxonomy: Taxonomy | None = None,
    history_tokens: int | None = None,
    against: Sequence[Given] = (),
    quarantine: Path | None = None,
    lm: str = "embedded",
    looked: Looked = lambda _: None,
) -> Export:
    """Look at everything that can be wrong before a language model is asked; see `export`."""
    choices = choices or Choices()
    writer, tokens = _form(form), TokenCounter(choices.tokenizer)
    if choices.pairs and not writer.pairs:
        raise ConfigError(f"{writer.name} holds no pairs", where="--format", remedy="take another format")
    programs = _programs(program, taxonomy or _taxonomy_of(train), language, history_tokens)
    rejecting = _rejecting(choices.pairs, rejected_by, programs, lm)
    standard = programs.options.taxonomy
    dialogues = opened(train, standard, language=language, limit=choices.limit, quarantine=quarantine)
    others = OtherStrategies(choices.seed) if choices.pairs == "other-strategy" else None
    return Export(
        programs=programs,
        rejected_by=rejecting,
        form=writer,
        choices=choices,
        dialogues=dialogues,
        inputs=tuple(_sources(train, *against)),
        against=tuple(_name(each) for each in against),
        survey=survey(dialogues, _screen(against, standard), choices, others, looked),
        others=others,
        tokens=tokens,
        history_tokens=history_tokens,
    )


def export(  # noqa: PLR0913  the options of the command line, each by its name
    program: str | Path | Program,
    *,
    train: Given,
    out: str | Path,
    form: str | Format = "openai",
    task: str | None = None,
    source: Literal["gold", "traces"] = "gold",
    pairs: Literal["other-strategy", "program"] | None = None,
    rejected_by: str | Path | Program | None = None,
    language: Language | None = None,
    taxonomy: Taxonomy | None = None,
    demonstrations: bool = True,
    history_tokens: int | None = None,
    balance: str = "none",
    validation: float = 0.0,
    keep_duplicates: bool = False,
    max_tokens_row: int | None = None,
    tokenizer: str | None = None,
    leaks: Literal["refuse", "drop"] = "refuse",
    against: Sequence[Given] = (),
    quarantine: Path | None = None,
    limit: int | None = None,
    seed: int = 0,
    lm: str | dspy.LM = "embedded",
    concurrency: int = 32,
    resume: bool = False,
    **lm_options: Any,  # noqa: ANN401  those of csc_dspy.lm.connect
) -> Exported:
    """Write fine-tuning data: what a program asks about each turn of dialogues, with the right answers.

    Args:
        program: A registered name, or a compiled program (loaded, or its folder). Rows are its prompts, byte
            for byte.
        train: A source, or conversations; never evaluation dialogues.
        out: A folder, which appears in whole. An export that is there is replaced, anything else is not.
        form: ``"openai"``, ``"trl"``, ``"sharegpt"``, ``"alpaca"``, ``"parquet"`` or ``"arrow"``.
        task: ``"strategy"``, ``"response"``, ``"stage"``, ``"classify"``, ``"joint"``, several with commas,
            or with shares as in ``"strategy=2,response=1"``; all that the program asks for if not given.
        source: Where answers come from: the dialogues, or ``"traces"`` of the program, where they are right.
        pairs: Where rejected answers come from, for training on preferences.
        rejected_by: The program whose answers are rejected.
        language: Only dialogues in this language; else each dialogue's own.
        taxonomy: What labels belong to.
        demonstrations: Whether rows show those of the program.
        history_tokens: The most tokens of history in a prompt.
        balance: ``"none"``, ``"cap:N"``, ``"oversample"`` or ``"sqrt"``.
        validation: The share of the dialogues for a part of its own.
        keep_duplicates: Whether the same question with the same answer counts as often as it is there.
        max_tokens_row: Longer rows are left out.
        tokenizer: What counts tokens; without one they are estimated.
        leaks: Whether evaluation dialogues are refused, or left out.
        against: More evaluation dialogues than those of the sample.
        quarantine: A file for dialogues that are bad. Without it the first one is an error.
        limit: Only the first dialogues.
        seed: Decides what is drawn.
        lm: Who answers where a program is asked: a spec, or a ``dspy.LM``.
        concurrency: How many turns are asked about at the same time.
        resume: Go on with an interrupted run that was to be written to ``out``.
        **lm_options: More for `csc_dspy.lm.connect`: ``api_base``, ``budget``, ``cache``, …

    Raises:
        LeakError: Evaluation dialogues are among those to learn from.
        ConfigError, DataError: What is asked for does not fit together, or no row is left.
        LMError: What would fail every further call too: a wrong key, a spent budget.
        OutputError: ``out`` cannot be written. Nothing is left behind.
    """
    from csc_dspy.lm import using

    choices = Choices.written(
        task=task,
        balance=balance,
        source=source,
        pairs=pairs,
        demonstrations=demonstrations,
        validation=validation,
        keep_duplicates=keep_duplicates,
        most_tokens=max_tokens_row,
        tokenizer=tokenizer,
        leaks=leaks,
        limit=limit,
        seed=seed,
    )
    spec = lm if isinstance(lm, str) else lm.model
    made = prepare(
        program,
        train=train,
        form=form,
        choices=choices,
        rejected_by=rejected_by,
        language=language,
        taxonomy=taxonomy,
        history_tokens=history_tokens,
        against=against,
        quarantine=quarantine,
        lm=spec,
    )
    if not made.asks:
        return made.carry_out(Path(out))
    identity = {"lm": spec, **{name: lm_options.get(name) for name in _TELLING}}
    with using(lm, **({"concurrency": concurrency, **lm_options} if isinstance(lm, str) else {})):
        return made.carry_out(
            Path(out), concurrency=concurrency, identity=identity, resume=resume, kept=_note
        )


def _form(form: str | Format) -> Format:
    if not isinstance(form, str):
        return form
    from csc_dspy.finetuning.formats import named

    return named(form)


def _programs(
    program: str | Path | Program,
    taxonomy: Taxonomy | None,
    language: Language | None,
    history_tokens: int | None,
) -> Programs:
    """The program asked for; a registered name means the bare one."""
    given = program if isinstance(program, Program) else str(program)
    standard = None if isinstance(program, Program) else taxonomy
    return Programs(given, taxonomy=standard, language=language, history_tokens=history_tokens)


def _rejecting(
    pairs: str | None, rejected_by: str | Path | Program | None, programs: Programs, lm: str
) -> Programs | None:
    """The program whose answers are rejected."""
    if (pairs == "program") != (rejected_by is not None):
        raise ConfigError("--pairs program and --rejected-by go together", remedy="give both")
    if rejected_by is None:
        return None
    given = rejected_by if isinstance(rejected_by, Program) else str(rejected_by)
    found = Programs(given, taxonomy=programs.options.taxonomy, lm=lm)
    if not WRITING.intersection(tasks_of(found.in_language("en")).values()):
        raise ConfigError(
            f"{found.in_language('en').name} writes no responses",
            where="--rejected-by",
            remedy="take response-writer or a support agent",
        )
    return found


def _taxonomy_of(train: Given) -> Taxonomy | None:
    """The taxonomy of conversations, where it can be told without beginning to read them."""
    if isinstance(train, list | tuple):
        return train[0].taxonomy if train else None
    return getattr(train, "taxonomy", None)


def _screen(against: Iterable[Given], taxonomy: Taxonomy) -> Screen:
    """What recognises evaluation dialogues: those of the sample, and of the corpora given."""
    corpora = [(_EVALUATION, read(_EVALUATION))]
    return Screen([*corpora, *((_name(each), _corpus(each, taxonomy)) for each in against)])


def _corpus(given: Given, taxonomy: Taxonomy) -> Any:  # noqa: ANN401  conversations
    return read(given, taxonomy=taxonomy) if isinstance(given, str | Path) else given


def _name(given: Given) -> str:
    sources = _sources(given)
    return name_of(sources[0]) if sources else "conversations"


def _sources(*given: Given) -> list[Source]:
    """Those that are named."""
    named = (each if isinstance(each, str | Path) else getattr(each, "source", None) for each in given)
    return [parse_source(each) for each in named if each is not None]


def _note(entries: int) -> None:
    logger.info("{} answers are kept, resume=True goes on from there", entries)
