"""What a sweep has found: the answer, the page, and the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.cli import output

if TYPE_CHECKING:
    import optuna

    from csc_dspy.optimizers.sweep.result import Swept
    from csc_dspy.optimizers.sweep.settings import Settings

_RESULT: Final = "sweep.json"
_REPORT: Final = "report.html"


def report(swept: Swept, study: optuna.Study, settings: Settings, out: Path) -> None:
    """Write the page and the result to ``out``."""
    from csc_dspy.files import atomic_write
    from csc_dspy.optimizers.sweep.looking import write_report

    about = settings.to_dict()
    facts = {
        "Language model": ", ".join(_models(settings)),
        "Training data": data(about["train"]),
        "Dev data": data(about["dev"]),
        "Seed": settings.seed,
    }
    write_report(out / _REPORT, swept, study, facts)
    atomic_write(out / _RESULT, json.dumps(swept.to_dict(), ensure_ascii=False, indent=2) + "\n")


def answer(swept: Swept, out: Path, *, as_json: bool) -> None:
    """Say what was found."""
    if as_json:
        output.emit_json({**swept.to_dict(), "report": str(out / _REPORT)})
        return
    output.emit(swept.statement)
    output.emit(f"trial {swept.best.number}: {swept.best.note}")
    output.emit(str(swept.best.artifact))
    output.emit(str(out / _REPORT))


def data(about: dict[str, Any]) -> str:
    """Dialogues in a few words."""
    return f"{about['source']}, {about['dialogues']} dialogues"


def _models(settings: Settings) -> list[str]:
    found = [each.dimension.ends for each in settings.space.parameters if each.name == "lm"]
    return [str(each) for each in found[0]] if found else ["embedded"]
