"""``csc-dspy sweep``: search for the best way to build and compile a program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.parameters import WholeNumber
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.optimizers.sweep.settings import Settings
    from csc_dspy.taxonomy import Language

_PATH = click.Path(path_type=Path)


@commands.command("sweep")
@options.argument("given", metavar="[SWEEP.toml]", required=False, type=_PATH, help="What to search for.")
@options.option(
    "--preset",
    type=options.choice("quick", "thorough", "cost"),
    help="A sweep that comes with the package, in place of a file; quick if neither is given.",
)
@options.option("--init", type=_PATH, help="Write a commented file to begin from, and stop.")
@options.option("--train", metavar="SOURCE", help="What to learn from.")
@options.option("--dev", metavar="SOURCE", help="What to choose by; never a test part.")
@options.option(
    "--program",
    metavar="NAME_OR_PATH",
    help="Program: a registered name, or the folder or file of a compiled one.",
)
@options.option(
    "--objective",
    "objectives",
    metavar="NAME",
    multiple=True,
    help="What to search for; with several, the Pareto front.",
)
@options.option("--trials", type=WholeNumber(min=1), help="How many trials the study is to have in all.")
@options.option(
    "--workers",
    type=WholeNumber(min=1),
    default=1,
    show_default=True,
    help="How many processes work on the study.",
)
@options.option("--worker", is_flag=True, help="Help with a study that is under way, and report nothing.")
@options.option(
    "--storage",
    metavar="URL",
    help="Where the study is: sqlite:///FILE, postgresql://…, mysql://… or journal:FILE; "
    "by itself a file in --out.",
)
@options.option(
    "--dead-after",
    type=WholeNumber(min=2),
    default=60,
    show_default=True,
    help="Seconds of silence after which a worker counts as dead and its trial is queued again.",
)
@options.option("--hired", hidden=True, in_file=False, help="Who started this worker, as PID,NUMBER.")
@options.option(
    "--final-test", is_flag=True, help="Score winner and baseline on the test part beside --dev, once."
)
@options.option("--dry-run", is_flag=True, help="Show the plan, and stop.")
@options.language()
@options.taxonomy()
@options.seed()
@options.out()
@options.resume()
@options.language_model()
@options.as_json()
def command(  # noqa: PLR0913  the options, each by its name
    *,
    given: Path | None,
    preset: str | None,
    init: Path | None,
    train: str | None,
    dev: str | None,
    program: str | None,
    objectives: tuple[str, ...],
    trials: int | None,
    workers: int,
    worker: bool,
    storage: str | None,
    dead_after: int,
    hired: str | None,
    final_test: bool,
    dry_run: bool,
    resume: bool,  # noqa: ARG001  a study that is there is gone on with anyway
    language: Language | None,
    taxonomy: str | None,
    seed: int,
    out: Path | None,
    connection: Connection,
    as_json: bool,
) -> ExitCode:
    """Search for the best way to build and compile a program.

    What is searched is in SWEEP.toml, or in a preset; options stand before it. The study, report.html and the
    winner's artifact go to --out, or else to sweeps/NAME. A study that is there is gone on with, and others
    may help with it from anywhere: by the same command with --worker, and --storage if not on this machine.
    """
    # Read when DSPy is loaded, whose bars know nothing of ours, nor of --quiet.
    os.environ.setdefault("TQDM_DISABLE", "1")
    if init is not None:
        return _write_initial(init)
    from csc_dspy.cli.sweeping import Sweep, show_plan
    from csc_dspy.optimizers.sweep.reading import read_settings
    from csc_dspy.optimizers.sweep.workers import Hired

    settings = read_settings(
        given,
        preset=preset,
        train=train,
        dev=dev,
        program=program,
        objectives=list(objectives) or None,
        trials=trials,
        language=language,
        taxonomy=_taxonomy(taxonomy),
        seed=_if_given("seed", seed),
        lm=_if_given("lm", connection.lm),
        temperature=connection.temperature,
        lm_options={name: value for name, value in connection.options.items() if name != "temperature"},
    )
    sweep = Sweep(
        settings=settings,
        connection=connection,
        out=out or Path("sweeps") / (preset or (given.stem if given else "quick")),
        storage=storage,
        dead_after=dead_after,
    )
    if dry_run:
        return show_plan(sweep, as_json=as_json)
    if worker:
        return sweep.help_out(Hired.of(hired) if hired else None)
    return sweep.carry_out(workers, test=_test_part(settings) if final_test else None, as_json=as_json)


def _write_initial(path: Path) -> ExitCode:
    from csc_dspy.files import atomic_write
    from csc_dspy.optimizers.sweep.reading import initial_text

    if path.exists():
        raise ConfigError("is there already", where=str(path), remedy="give another name")
    atomic_write(path, initial_text())
    output.emit(f"{path} is a sweep to begin from: csc-dspy sweep {path}")
    return ExitCode.DONE


def _taxonomy(name: str | None) -> Any:  # noqa: ANN401  a Taxonomy, which is not loaded until there is one
    from csc_dspy.taxonomy import load_taxonomy

    return load_taxonomy(name) if name else None


def _if_given(name: str, value: Any) -> Any:  # noqa: ANN401  any option's
    """The value of an option, unless it is only its default: the file stands before that."""
    source = click.get_current_context().get_parameter_source(name)
    return None if source is ParameterSource.DEFAULT else value


def _test_part(settings: Settings) -> str:
    """The test part of what the dev dialogues are a part of."""
    from dataclasses import replace

    from csc_dspy.data.source import parse_source

    source = parse_source(str(settings.dev))
    if source.part is None:
        raise ConfigError(
            f"{source} is no part of anything, so there is no test part beside it",
            where="--final-test",
            remedy="give --dev as SOURCE:PART, and the test dialogues as SOURCE:test",
        )
    return str(replace(source, part="test"))
