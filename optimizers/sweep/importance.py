"""Which parameters matter."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from .hushing import experimenting

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna
    from optuna.trial import FrozenTrial


def importances(study: optuna.Study) -> dict[str, float]:
    """How much each parameter decides of the first objective, the most first, by PED-ANOVA.

    Empty where that cannot be told.
    """
    import optuna

    with experimenting(), warnings.catch_warnings():
        # It says that few trials tell nothing, and that of a target less is better.
        warnings.simplefilter("ignore", UserWarning)
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        try:
            found = optuna.importance.get_param_importances(study, evaluator=evaluator, target=_target(study))
        except (ValueError, RuntimeError):
            # Too few trials, or all alike.
            return {}
    shares = {name: round(float(share), 4) for name, share in found.items()}
    return shares if any(shares.values()) else {}


def _target(study: optuna.Study) -> Callable[[FrozenTrial], float] | None:
    """What is to be low; one objective alone is known to be."""
    if len(study.directions) == 1:
        return None
    sign = -1 if study.directions[0].name == "MAXIMIZE" else 1
    return lambda trial: sign * float(trial.values[0])
