"""``csc-dspy data agree``: two annotations of the same dialogues."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.cli import commands, options, output

if TYPE_CHECKING:
    from csc_dspy.auditing import LabelAgreement
    from csc_dspy.auditing.agreeing import AspectAgreement, Disagreement
    from csc_dspy.evaluation.agreement import Estimate
    from csc_dspy.taxonomy import Language

_SHOWN: Final = 20
_TEXT: Final = 60


@commands.command("agree")
@options.argument("a", help="Conversations as the first annotator labelled them.")
@options.argument("b", help="The same conversations as the second one did.")
@options.out()
@options.language()
@options.taxonomy()
@options.seed()
@options.as_json()
def command(
    *,
    a: str,
    b: str,
    out: Path | None,
    language: Language | None,
    taxonomy: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Measure how far two annotators agree: Cohen's kappa by strategy and stage, and where they differ.

    Intervals are of 95 %, from resampled turns. Turns that one of them left without a label do not count.
    --out writes everything into a .json file, or the disagreements to discuss into a .csv file.
    """
    from csc_dspy.auditing import agreement_of
    from csc_dspy.data import read

    _check_out(out, (a, b))
    one, other = (read(each, language=language, taxonomy=taxonomy) for each in (a, b))
    found = agreement_of(one, other, seed=seed)
    answer = {"a": a, "b": b} | found.to_dict()
    if out is not None:
        _write(out, answer, found.disagreements)
    if as_json:
        output.emit_json(answer)
    else:
        _report(found)


def _check_out(out: Path | None, sources: Iterable[str]) -> None:
    from csc_dspy.data.outputs import keep_apart
    from csc_dspy.data.source import parse_source
    from csc_dspy.exceptions import OutputError

    if out is None:
        return
    if out.suffix.lower() not in {".json", ".csv"}:
        raise OutputError(
            "its name does not tell the form of the file",
            where=str(out),
            remedy="let it end in .json or .csv",
        )
    for source in sources:
        keep_apart(out, parse_source(source))


def _write(out: Path, answer: object, disagreements: Iterable[Disagreement]) -> None:
    from csc_dspy.auditing.cells import csv_text
    from csc_dspy.files import atomic_write

    if out.suffix.lower() == ".json":
        text = json.dumps(answer, ensure_ascii=False, indent=2) + "\n"
    else:
        columns = ("dialogue", "turn", "about", "a", "b", "text")
        text = csv_text(columns, [[*each.to_dict().values()] for each in disagreements])
    atomic_write(out, text.encode("utf-8", "replace"))


def _report(found: LabelAgreement) -> None:
    output.emit(
        f"{found.dialogues} dialogues, {found.turns} supporter turns; "
        f"{found.unlabelled} of them are not labelled by both"
    )
    _aspect("strategy", found.strategy)
    _aspect("stage" if found.stages_given else "stage (partly derived from strategies)", found.stage)
    shown = found.disagreements[:_SHOWN]
    if shown:
        output.table(
            ("dialogue", "turn", "about", "A", "B", "text"),
            [(each.dialogue, each.turn, each.about, each.a, each.b, each.text[:_TEXT]) for each in shown],
            title="disagreements",
        )
    if len(found.disagreements) > len(shown):
        output.emit(f"… and {len(found.disagreements) - len(shown)} more: --json or --out has all")


def _aspect(name: str, found: AspectAgreement) -> None:
    rows = [
        ("all", found.overall.units, *_cells(found.overall.kappa)),
        *(
            (label, sum(found.confusion.get(label, {}).values()), *_cells(kappa))
            for label, kappa in found.labels.items()
        ),
    ]
    output.table((name, "given by A", "kappa", "95 % interval"), rows)
    apart = sorted(
        ((count, a, b) for a, row in found.confusion.items() for b, count in row.items() if a != b),
        key=lambda each: (-each[0], each[1], each[2]),
    )
    if apart:
        output.table(("times", "A", "B"), apart[:_SHOWN])


def _cells(kappa: Estimate) -> tuple[str, str]:
    if kappa.value is None:
        return "–", "–"
    bounds = "–" if kappa.low is None or kappa.high is None else f"{kappa.low:.3f} … {kappa.high:.3f}"
    return f"{kappa.value:.3f}", bounds
