"""What is written down of a trial in its study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .names import DEFAULTS
from .objectives import dollars

if TYPE_CHECKING:
    import optuna

    from csc_dspy.lm import Price
    from csc_dspy.lm.measuring import Usage

    from .space import Values


def note(values: Values) -> str:
    """A trial in a few words: what is not as it usually is."""
    told = [f"{name} {value}" for name, value in values.items() if value != DEFAULTS.get(name, object())]
    return ", ".join(told) or "as it comes"


def constrain(trial: optuna.Trial, excess: Mapping[str, float]) -> None:
    """Tell Optuna by how much each limit is passed."""
    for name, value in excess.items():
        trial.set_constraint(name, value)


def note_costs(trial: optuna.Trial, usage: Usage, price: Price | None, seconds: float) -> None:
    """Write down what a trial has really taken."""
    cost = dollars(usage, price)
    found: dict[str, Any] = {
        "calls": usage.calls,
        "tokens": usage.input_tokens + usage.output_tokens,
        "usd": None if cost is None else round(cost, 6),
        "seconds": round(seconds, 3),
    }
    for name, value in found.items():
        trial.set_user_attr(name, value)
