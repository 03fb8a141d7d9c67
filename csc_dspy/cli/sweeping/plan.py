"""What a sweep would do."""

from __future__ import annotations

import json
from typing import Any

from csc_dspy.cli import output
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.sweeping.running import Sweep
from csc_dspy.cli.sweeping.telling import data


def show_plan(sweep: Sweep, *, as_json: bool) -> ExitCode:
    """Say what would be searched."""
    from csc_dspy.optimizers.sweep.storage import STUDY_FILE, shown

    plan = sweep.settings.to_dict()
    plan["most_turns"] = plan["trials"] * plan["dev"]["turns"]
    plan["storage"] = shown(sweep.storage) if sweep.storage else str(sweep.out / STUDY_FILE)
    if as_json:
        output.emit_json(plan)
        return ExitCode.DONE
    output.emit(
        f"{plan['trials']} trials for {' and '.join(plan['objectives'])} in {plan['language']!r}: "
        f"learning from {data(plan['train'])}, choosing by {data(plan['dev'])}; "
        f"at most {plan['most_turns']:,} turns, kept in {plan['storage']}"
    )
    for each in sweep.settings.space.parameters:
        output.emit(f"  {each.name}: {_dimension(each.dimension.to_dict())}")
    return ExitCode.DONE


def _dimension(told: dict[str, Any]) -> str:
    if "values" in told:
        return ", ".join(json.dumps(value, ensure_ascii=False) for value in told["values"])
    step = f" in steps of {told['step']:g}" if told["step"] else ""
    return f"{told['low']:g} to {told['high']:g}{step}{', by its logarithm' if told['log'] else ''}"
