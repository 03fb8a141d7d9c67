"""Optuna's plots of a study, and the importance of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.evaluation.report.elements import Html

from .picture import drawing, picture, shades

if TYPE_CHECKING:
    import optuna
    from matplotlib.axis import Axis
    from optuna.trial import FrozenTrial

_ROW: Final = 0.28
"""Inches for a bar."""
_DIMENSION: Final = 1.15
"""Inches between two axes of parallel coordinates."""
_WORDS: Final = 14
"""Letters in a line below an axis."""
_LEAST: Final = 2
"""Completed trials that a plot needs."""


def complete(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that have values."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]


def parameters(study: optuna.Study) -> list[str]:
    """Those that had more than one value in completed trials, in the order in which they came up."""
    seen: dict[str, set[object]] = {}
    for trial in complete(study):
        for name, value in trial.params.items():
            seen.setdefault(name, set()).add(value)
    return [name for name, values in seen.items() if len(values) > 1]


def history(study: optuna.Study, number: int, objective: str) -> Html:
    """The values of one objective, one trial after the other."""
    from optuna.visualization.matplotlib import plot_optimization_history

    name = f"history{number}"
    with drawing(name):
        part = plot_optimization_history(study, target=_value(study, number), target_name=objective)
        return picture(part, name, f"{objective} of every trial")


def front(study: optuna.Study, objectives: Sequence[str]) -> list[tuple[str, Html]]:
    """The Pareto front by each two objectives, with what is drawn in words."""
    from optuna.visualization.matplotlib import plot_pareto_front

    drawn = []
    for number, (first, second) in enumerate(combinations(range(len(objectives)), 2)):
        words = f"{objectives[second]} over {objectives[first]}"
        with drawing(f"front{number}"):
            part = plot_pareto_front(
                study,
                target_names=[objectives[first], objectives[second]],
                targets=_values(first, second),
            )
            drawn.append((words, picture(part, f"front{number}", words)))
    return drawn


def importances(shares: Mapping[str, float]) -> Html:
    """The share that each parameter has in the first objective."""
    from matplotlib import pyplot as plt

    ranked = sorted(shares.items(), key=lambda share: (share[1], share[0]))
    with drawing("importances", height=0.5 + _ROW * len(ranked)):
        _, part = plt.subplots()
        names = [name for name, _ in ranked]
        part.barh(names, [100 * share for _, share in ranked], color="#1f77b4", height=0.55)
        part.set_facecolor("none")
        part.set_xlim(0, 100)
        part.set_xlabel("share, %")
        part.spines[:].set_visible(False)
        part.tick_params(length=0)
        return picture(part, "importances", "Importance of parameters")


def slices(study: optuna.Study, objective: str) -> list[tuple[str, Html]]:
    """The first objective over each parameter alone."""
    from optuna.visualization.matplotlib import plot_slice

    drawn = []
    for number, parameter in enumerate(parameters(study)):
        name = f"slice{number}"
        with drawing(name, width=4.2, height=2.6):
            part: Any = plot_slice(study, params=[parameter], target=_value(study, 0), target_name=objective)
            part.set_xlabel("")
            _legible(part.xaxis)
            for collection in part.collections:
                collection.set_cmap(shades())
            drawn.append((parameter, picture(part, name, f"{objective} over {parameter}")))
    return drawn


def parallel(study: optuna.Study, objective: str) -> Html:
    """Every completed trial as a line through its parameters."""
    from optuna.visualization.matplotlib import plot_parallel_coordinate

    varied = parameters(study)
    better = shades(downwards=study.directions[0].name == "MINIMIZE")
    with drawing("parallel", width=1.5 + _DIMENSION * (len(varied) + 1), height=4):
        part: Any = plot_parallel_coordinate(
            study, params=varied, target=_value(study, 0), target_name=objective
        )
        part.set_facecolor("none")
        for collection in part.collections:
            collection.set_cmap(better)
        for each in part.figure.axes:
            each.grid(visible=False)
            _legible(each.yaxis)
        return picture(part, "parallel", f"{objective} and all parameters of every trial")


def enough(study: optuna.Study) -> bool:
    """Whether there is something to be drawn."""
    return len(complete(study)) >= _LEAST


def _legible(axis: Axis) -> None:
    """Ticks that need no formulas, and words without quotes in lines that do not meet their neighbours."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    if axis.get_scale() == "log":
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())
    elif isinstance(axis.get_major_formatter(), StrCategoryFormatter):
        words = [fill(label.get_text().strip("'"), _WORDS) for label in axis.get_ticklabels()]
        axis.set_ticks(axis.get_ticklocs(), words)


def _value(study: optuna.Study, number: int) -> Callable[[FrozenTrial], float] | None:
    """An objective of several; of one alone Optuna knows which way is up, if it is not told of it."""
    return None if len(study.directions) == 1 else lambda trial: trial.values[number]


def _values(first: int, second: int) -> Callable[[FrozenTrial], Sequence[float]]:
    return lambda trial: (trial.values[first], trial.values[second])
