"""Evaluating from Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.choosing import Programs
from csc_dspy.compiled import PROGRAM_FILE
from csc_dspy.conversations import Conversation
from csc_dspy.evaluation.bootstrap import RESAMPLES
from csc_dspy.evaluation.contexts import as_contexts
from csc_dspy.evaluation.output import keep_inputs, open_journal
from csc_dspy.evaluation.plan import Plan, plan
from csc_dspy.evaluation.prediction_file import PREDICTIONS_FILE, FileSystem
from csc_dspy.evaluation.result import Evaluation
from csc_dspy.evaluation.scoring import Draws
from csc_dspy.evaluation.systems import ProgramSystem, System
from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import Journal
from csc_dspy.logs import logger
from csc_dspy.metrics import Metric
from csc_dspy.programs import PROGRAMS, Program
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    import dspy

# The options of a language model that its answers depend on.
_TELLING: Final = ("api_base", "temperature", "max_tokens", "logprobs")


def evaluate(  # noqa: PLR0913  the options of the command line, each by its name
    program: str | Path | Program | Programs,
    conversations: Iterable[Conversation],
    *,
    contexts: Sequence[str] | None = None,
    lm: str | dspy.LM = "embedded",
    compare: str | Path | Program | Programs | None = None,
    uncompiled: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
    seed: int = 0,
    concurrency: int = 32,
    limit: int | None = None,
    metrics: Sequence[Metric] | None = None,
    resamples: int = RESAMPLES,
    **lm_options: Any,  # noqa: ANN401  those of csc_dspy.lm.connect
) -> Evaluation:
    """Score a program on conversations, with 95 % confidence intervals.

    Args:
        program: A registered name, a compiled program (loaded, or its folder), or predictions: a file of
            them, or the folder of an earlier run.
        conversations: What ``csc.read(…, use="evaluate")`` gives, or any conversations.
        contexts: ``"reference"``, ``"generated"``; all that the program can be evaluated in if not given.
        lm: The language model: a spec, or a ``dspy.LM``.
        compare: Another program, or predictions, to hold it against on the same dialogues.
        uncompiled: Take registered programs as they are, not those that come compiled with the package.
        out: A folder for scores, predictions and the report.
        resume: Go on with an interrupted run that was to be written to ``out``.
        seed: Decides which dialogues are drawn for the intervals.
        concurrency: How many turns are asked about at the same time.
        limit: Only the first dialogues.
        metrics: What to score by; all metrics if not given.
        resamples: How often dialogues are drawn.
        **lm_options: More for `csc_dspy.lm.connect`: ``api_base``, ``budget``, ``cache``, …

    Raises:
        ConfigError, DataError: What is asked for does not fit together. Nothing has been asked yet.
        LMError: What would fail every further call too: a wrong key, a spent budget.
    """
    from csc_dspy.lm import using

    folder = None if out is None else Path(out)
    spec = lm if isinstance(lm, str) else lm.model
    chosen: dict[str, Any] = {"lm": spec, "uncompiled": uncompiled}
    taxonomy = _taxonomy_of(conversations)
    made = plan(
        as_system(program, taxonomy, **chosen),
        conversations,
        contexts=None if contexts is None else as_contexts(contexts),
        other=None if compare is None else as_system(compare, taxonomy, "compared", **chosen),
        limit=limit,
        metrics=metrics,
        draws=Draws(seed=seed, resamples=resamples),
    )
    identity = {"lm": spec, **{name: lm_options.get(name) for name in _TELLING}}
    with (
        using(lm, **({"concurrency": concurrency, **lm_options} if isinstance(lm, str) else {})),
        _journal(made, folder, identity, resume=resume) as journal,
    ):
        evaluation = made.carry_out(concurrency=concurrency, lm=spec, out=folder, journal=journal)
        if journal is not None and not made.failed:
            journal.remove()
    return evaluation


def _taxonomy_of(conversations: Iterable[Conversation]) -> Taxonomy | None:
    """The taxonomy of conversations, where it can be told without beginning to read them."""
    if isinstance(conversations, Sequence):
        return conversations[0].taxonomy if conversations else None
    return getattr(conversations, "taxonomy", None)


def as_system(
    given: str | Path | Program | Programs,
    taxonomy: Taxonomy | None = None,
    role: str = "evaluated",
    **options: Any,  # noqa: ANN401  those of Programs
) -> System:
    """What is meant: a program, or predictions in a file or in the folder of an earlier run."""
    if isinstance(given, Programs):
        return ProgramSystem(given, role)
    if isinstance(given, Program):
        return ProgramSystem(Programs(given), role)
    if _holds_predictions(str(given)):
        from csc_dspy.taxonomy import load_taxonomy

        return FileSystem(given, taxonomy or load_taxonomy())
    return ProgramSystem(Programs(str(given), taxonomy=taxonomy, **options), role)


def _holds_predictions(name: str) -> bool:
    path = Path(name).expanduser()
    # A compiled program may keep the predictions of its own evaluation.
    if name in PROGRAMS or (path / PROGRAM_FILE).is_file():
        return False
    return path.suffix == ".jsonl" or (path / PREDICTIONS_FILE).is_file()


@contextmanager
def _journal(
    made: Plan, folder: Path | None, identity: dict[str, Any], *, resume: bool
) -> Iterator[Journal | None]:
    if folder is None:
        if resume:
            raise ConfigError("resume=True needs out=", remedy="only what goes to a folder can be resumed")
        yield None
        return
    keep_inputs(folder, made.systems)
    run = {**made.identity, **identity}
    with open_journal(folder, run, resume=resume, told=_note) as journal:
        yield journal


def _note(entries: int) -> None:
    logger.info("{} answers are kept, resume=True goes on from there", entries)
