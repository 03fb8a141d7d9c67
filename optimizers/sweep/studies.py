"""The study of a sweep: begun, or taken up if it is the same sweep."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from csc_dspy.exceptions import ConfigError

from .hushing import experimenting, quiet
from .objectives import is_cost

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from .settings import Settings

Direction = Literal["minimize", "maximize"]

IDENTITY: Final = "identity"
SETTINGS: Final = "settings"
BASELINE: Final = "baseline"
"""The attribute of the trial that is the uncompiled program."""
KEY: Final = "key"
MARKS: Final = "values"
ERROR: Final = "error"
"""Why a trial that failed is not tried again."""


def open_study(settings: Settings, storage: optuna.storages.BaseStorage) -> optuna.Study:
    """The study called ``settings.name``; ConfigError says what has changed if it is another sweep's.

    Workers may call it all at once: one begins the study, and the others take it up.
    """
    import optuna

    directions: list[Direction] = [
        "minimize" if is_cost(name) else "maximize" for name in settings.objectives
    ]
    try:
        with quiet():
            study = optuna.create_study(study_name=settings.name, storage=storage, directions=directions)
    except optuna.exceptions.DuplicatedStudyError:
        study = optuna.load_study(study_name=settings.name, storage=storage)
        return _taken_up(study, settings, directions)
    with experimenting():
        study.set_metric_names(list(settings.objectives))
    study.enqueue_trial(settings.space.searched(settings.space.baseline()), user_attrs={BASELINE: True})
    study.set_user_attr(SETTINGS, settings.to_dict())
    # Last, because a study with it is complete.
    study.set_user_attr(IDENTITY, _plain(settings.identity))
    return study


def baseline_of(study: optuna.Study) -> FrozenTrial | None:
    """The trial of the uncompiled program, once it is complete."""
    return next((each for each in completed(study) if each.user_attrs.get(BASELINE)), None)


def completed(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that have a score, in their order."""
    return scored(study.get_trials(deepcopy=False))


def scored(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Those of the trials that have a score."""
    return [each for each in trials if each.state.name == "COMPLETE"]


def feasible(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that keep all limits."""
    return [each for each in trials if all(excess <= 0 for excess in each.constraints.values())]


def finished(trials: Iterable[FrozenTrial]) -> int:
    """How many trials are done with: complete, pruned, or failed for good."""
    return sum(each.state.name in {"COMPLETE", "PRUNED"} or _for_good(each) for each in trials)


def begun(trials: Iterable[FrozenTrial]) -> int:
    """How many trials are finished or running."""
    return sum(each.state.name in {"COMPLETE", "PRUNED", "RUNNING"} or _for_good(each) for each in trials)


def _for_good(trial: FrozenTrial) -> bool:
    return trial.state.name == "FAIL" and ERROR in trial.user_attrs


def _taken_up(study: optuna.Study, settings: Settings, directions: Sequence[str]) -> optuna.Study:
    before = _identity_of(study)
    now = _plain(settings.identity)
    if before is None or [each.name.lower() for each in study.directions] != list(directions):
        raise ConfigError(
            f"the study {settings.name!r} is not one of csc-dspy's, or has other objectives",
            remedy="give another name, or another storage",
        )
    if changed := _changes(before, now):
        raise ConfigError(
            f"the study {settings.name!r} was begun with {'; '.join(changed)}",
            remedy="go on with what it was begun with, or give another name or --out",
        )
    return study


def _identity_of(study: optuna.Study) -> Mapping[str, Any] | None:
    """What a study depends on; whoever begins it may not have written it yet."""
    for _ in range(50):
        found = study.user_attrs.get(IDENTITY)
        if isinstance(found, dict):
            return found
        time.sleep(0.1)
    return None


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, in words."""
    found = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            inside = [each for each in sorted({*old, *new}) if old.get(each) != new.get(each)]
            found.append(f"another {name} ({', '.join(inside)})")
        else:
            found.append(f"another {name}")
    return found


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(content))
    return plain
