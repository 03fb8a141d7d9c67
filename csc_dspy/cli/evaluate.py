"""``csc-dspy evaluate``: a program, or the predictions of any system, scored on labelled conversations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from csc_dspy.cli import commands, options
from csc_dspy.cli.evaluating import human as people
from csc_dspy.cli.evaluating.common import WHOLE, Common, require_one_task
from csc_dspy.cli.evaluating.judging import JUDGES, Judging
from csc_dspy.cli.evaluating.scoring import Scoring
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.parameters import WholeNumber

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.taxonomy import Language

_PATH: Final = click.Path(path_type=Path)


@commands.command("evaluate")
@options.argument(
    "named", metavar="[PROGRAM]", required=False, help="What to evaluate: the same as --program."
)
@options.program()
@options.uncompiled()
@options.option(
    "--predictions",
    type=click.Path(path_type=Path),
    help="Score the predictions in this file, or of an earlier run, instead of a program.",
)
@options.source(positional=False, required=False)
@options.option(
    "--split",
    metavar="PART",
    show_default="test of the sample",
    help=f"Part of the data: dev, test, any other that it has, or {WHOLE}.",
)
@options.option("--limit", type=WholeNumber(min=1), help="Only so many dialogues, the first ones.")
@options.option(
    "--contexts",
    metavar="NAMES",
    help="Contexts: reference, generated, or both with a comma; else all it can.",
)
@options.option(
    "--compare",
    metavar="OTHER",
    help="Hold it against another program, a file of predictions or the folder of an earlier run.",
)
@options.option("--neural", is_flag=True, help="Also by BERTScore and BLEURT, with the extra neural.")
@options.option(
    "--judge",
    type=options.choice(*JUDGES),
    help="Instead of a program, have a language model judge the conversations themselves.",
)
@options.option("--labels", type=_PATH, help="With --judge: verdicts of people to hold the judge against.")
@options.option(
    "--twice", is_flag=True, help="With --judge: judge twice, to see how far it agrees with itself."
)
@options.option(
    "--human",
    nargs=2,
    type=_PATH,
    metavar="A B",
    help="Instead, write a form in which people compare two files of predictions, blinded.",
)
@options.count(default=50)
@options.option(
    "--answers", multiple=True, type=_PATH, metavar="FILE", help="Instead, read what raters sent back."
)
@options.option("--form", type=_PATH, help="With --answers: the form that they answer.")
@options.language()
@options.taxonomy()
@options.unlabelled()
@options.history_tokens()
@options.seed()
@options.out()
@options.resume()
@options.option("--details", is_flag=True, help="Also show precision, recall and F1 of every strategy.")
@options.option("--published", is_flag=True, help="Also show the results that were published on CSConv.")
@options.language_model()
@options.as_json()
def command(  # noqa: PLR0913  the options, each by its name
    *,
    named: str | None,
    program: str,
    uncompiled: bool,
    predictions: Path | None,
    source: str | None,
    split: str | None,
    limit: int | None,
    contexts: str | None,
    compare: str | None,
    neural: bool,
    judge: str | None,
    labels: Path | None,
    twice: bool,
    human: tuple[Path, Path] | None,
    count: int,
    answers: tuple[Path, ...],
    form: Path | None,
    language: Language | None,
    taxonomy: str | None,
    unlabelled: Literal["classify", "unknown"] | None,
    history_tokens: int | None,
    seed: int,
    out: Path | None,
    resume: bool,
    details: bool,
    published: bool,
    connection: Connection,
    as_json: bool,
) -> ExitCode:
    """Score a program on labelled conversations, in the reference and in the generated context.

    Shows the headline metrics with 95 % confidence intervals over dialogues; --out has all of them, every
    prediction and a report. A turn that the language model fails on counts as wrong, and the exit code is 3.
    After an interruption, --resume goes on.

    With --judge, --human or --answers it does not score a program: a language model judges conversations, or
    people compare two systems.
    """
    common = Common(
        source=source,
        split=split,
        limit=limit,
        language=language,
        taxonomy=taxonomy,
        seed=seed,
        out=out,
        resume=resume,
        as_json=as_json,
    )
    require_one_task(judge=judge, human=human, answers=answers)
    if answers:
        return people.read(common, form, answers)
    if human is not None:
        return people.write(common, human, count)
    if judge is not None:
        return Judging(judge=judge, labels=labels, twice=twice, common=common).carry_out(connection)
    scoring = Scoring(
        named=named,
        program=program,
        uncompiled=uncompiled,
        predictions=predictions,
        contexts=contexts,
        compare=compare,
        unlabelled=unlabelled,
        history_tokens=history_tokens,
        neural=neural,
        details=details,
        published=published,
        common=common,
    )
    return scoring.carry_out(connection)
