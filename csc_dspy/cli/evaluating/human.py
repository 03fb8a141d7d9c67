"""People compare two systems: ``--human A B`` writes the form, ``--answers`` reads what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from csc_dspy.cli import output
from csc_dspy.cli.evaluating.judging import interval
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.cli.evaluating.common import Common
    from csc_dspy.evaluation.human import Comparison


def write(common: Common, pair: tuple[Path, Path], count: int) -> ExitCode:
    """Write a form and its key, and say where they are."""
    from csc_dspy.evaluation.human import write_form

    if common.out is None:
        raise ConfigError("--human needs --out", remedy="name an HTML file for the form")
    form = write_form(
        *pair,
        common.out,
        data=common.to_evaluate(common.standard),
        count=count,
        seed=common.seed,
        language=common.language,
        taxonomy=common.standard,
    )
    if common.as_json:
        output.emit_json({"form": str(form.page), "key": str(form.key), "items": form.items})
    else:
        say(f"{form.page} has {form.items} comparisons: send it to the raters")
        say(f"{form.key} says whose responses are whose: keep it")
    return ExitCode.DONE


def read(common: Common, form: Path | None, answers: Sequence[Path]) -> ExitCode:
    """Show what the raters' answers come to."""
    from csc_dspy.evaluation.human import read_answers

    if form is None:
        raise ConfigError("--answers needs --form", remedy="name the form that they answer")
    key = form.with_suffix(".key.json") if form.suffix == ".html" else form
    comparison = read_answers(key, answers, seed=common.seed)
    if common.as_json:
        output.emit_json(comparison.to_dict())
    else:
        _show(comparison)
    return ExitCode.DONE


def _show(comparison: Comparison) -> None:
    output.table(
        ("question", "A wins", "ties", "B wins", "unknown", "A wins, %", "sign test p"),
        [
            (name, each.wins, each.ties, each.losses, each.unknown, interval(each.win), _short(each.p_value))
            for name, each in comparison.aspects.items()
        ],
        title=f"A is {comparison.a}, B is {comparison.b}; {len(comparison.raters)} raters",
    )
    output.table(
        ("raters", "question", "items", "agreement, %", "kappa"),
        [
            (" and ".join(pair.raters), name, each.units, interval(each.percent), interval(each.kappa))
            for pair in comparison.pairs
            for name, each in pair.agreement.items()
        ],
    )


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
