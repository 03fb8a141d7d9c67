"""``csc-dspy demo``: the whole way on the samples, offline: compile, evaluate before and after, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.evaluation import Evaluation
    from csc_dspy.programs import Program
    from csc_dspy.taxonomy import Language

_PROGRAM: Final = "support-agent"
_TRAIN: Final = "rolecs-sample"
_DEV: Final = "csconv-sample:dev"
_TEST: Final = "csconv-sample:test"
_OUT: Final = Path("runs/demo")
# The whole search (`auto`) finds hardly better ones, and takes several times as long.
_OPTIMIZER: Final = "balanced+prior"
_PARAMETERS: Final = {"candidates": 1, "exchanges": 0}
_TUNED: Final = "finetuned"
_NAMES: Final = {"prompts": "compiled to prompts", "finetune": "compiled to fine-tuning data"}


@commands.command("demo")
@options.out()
@options.as_json()
def command(*, out: Path | None, as_json: bool) -> ExitCode:
    """Compile the support agent on the embedded engine in two ways, and evaluate it before and after.

    It is compiled to prompts, and to fine-tuning data on which the engine is trained; all on the samples.
    Needs no network, no key and about a minute. Everything goes to --out, by default runs/demo: the compiled
    programs, all predictions and report.html. Programs that are there already are taken as they are.
    """
    folder = out or _OUT
    prompts = _in_both_languages(folder, target="prompts", optimizer=_OPTIMIZER, parameters=_PARAMETERS)
    tuned = _in_both_languages(folder / _TUNED, target="finetune")
    evaluation, other = _evaluated(prompts, folder), _evaluated_tuned(tuned, folder / _TUNED)
    if as_json:
        output.emit_json({**evaluation.to_dict(), _TUNED: other.to_dict()})
    else:
        _show(evaluation, other, folder)
    return ExitCode.DONE


def _in_both_languages(folder: Path, **how: Any) -> Program:  # noqa: ANN401  those of csc.compile
    from csc_dspy.compiled import ByLanguage
    from csc_dspy.taxonomy import LANGUAGES

    return ByLanguage({language: _compiled(language, folder / language, **how) for language in LANGUAGES})


def _compiled(language: Language, folder: Path, **how: Any) -> Program:  # noqa: ANN401  see above
    """The compiled program in a folder, or else compiled into it."""
    from csc_dspy.compiled import load
    from csc_dspy.exceptions import ArtifactError, ConfigError
    from csc_dspy.lm import connect

    try:
        program = load(folder.absolute())
        connect(program.compiled_for or "embedded")
    except (ArtifactError, ConfigError):
        from csc_dspy.optimizers import compile as make

        with output.progress(f"compiling {_PROGRAM} for {language}") as advance:
            compiled = make(
                _PROGRAM,
                train=_TRAIN,
                dev=_DEV,
                language=language,
                out=folder,
                told=lambda trial: advance(1, dev=f"{trial.score:.1f}"),
                **how,
            )
        say(f"{language}, {_NAMES[how['target']]}: {compiled.statement}")
        return compiled.program
    say(f"{folder} is there already")
    return program


def _evaluated(compiled: Program, folder: Path) -> Evaluation:
    from csc_dspy.choosing import Programs
    from csc_dspy.compiled import ByLanguage
    from csc_dspy.data import read
    from csc_dspy.evaluation import evaluate
    from csc_dspy.programs import Options, create
    from csc_dspy.taxonomy import LANGUAGES

    bare = {language: create(_PROGRAM, Options(language=language)) for language in LANGUAGES}
    after, before = Programs(compiled), Programs(ByLanguage(bare))
    after.name, before.name = _NAMES["prompts"], "uncompiled"
    return evaluate(after, read(_TEST, use="evaluate"), compare=before, out=folder, resume=True)


def _evaluated_tuned(compiled: Program, folder: Path) -> Evaluation:
    """The fine-tuned one; in both languages it asks the same model, which learned from both."""
    from csc_dspy.choosing import Programs
    from csc_dspy.data import read
    from csc_dspy.evaluation import evaluate

    programs = Programs(compiled)
    programs.name = _NAMES["finetune"]
    lm = compiled.compiled_for or "embedded"
    return evaluate(programs, read(_TEST, use="evaluate"), out=folder, resume=True, lm=lm)


def _show(evaluation: Evaluation, tuned: Evaluation, folder: Path) -> None:
    from csc_dspy.evaluation.tables import comparison_grid

    whole = evaluation.table()
    before = evaluation.other.table().rows if evaluation.other else ()
    output.table(
        whole.columns,
        [*before, *whole.rows, *tuned.table().rows],
        title=f"{_PROGRAM} on {_TEST}, embedded engine (a baseline)",
    )
    compared = comparison_grid(evaluation.content)
    output.table(compared.columns, compared.rows, title=compared.title)
    say(f"{folder / 'report.html'} has charts and every answer; open it in a browser")
