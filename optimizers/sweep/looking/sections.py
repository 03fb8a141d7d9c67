"""The parts of the page: what was found, how it was searched, what mattered, and the winner's prompts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element, joined
from csc_dspy.evaluation.report.tables import card, disclosure, section, table

from . import charts

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from csc_dspy.evaluation import Score

    from ..result import Finalist, Swept

_ROOM: Final = 20
"""Trials in the table; the study has all of them."""
_POINTS: Final = "Trials that were not pruned."
_BEST: Final = f"{_POINTS} The line is the best so far."
_FRONT: Final = "In the second colour, trials that nothing is better than in every objective."
_SHADE: Final = "The stronger the colour, the later the trial."


def result_section(swept: Swept) -> Html:
    """The winner beside the baseline, and what else was scored again."""
    return section(
        "result",
        "Result",
        element("p", swept.statement),
        card(
            "On the whole dev split", _finalists(swept), remark="With 95 % confidence intervals.", wide=True
        ),
        _test(swept),
        card("The winner's parameters", _parameters(swept.best.parameters)),
    )


def _finalists(swept: Swept) -> Html:
    once = {each.number: each for each in (*swept.finalists, swept.baseline)}
    rows = [
        (_roles(each, swept), each.note, *(_score(each.scores.get(name)) for name in swept.objectives))
        for each in once.values()
    ]
    return table("The best trials, scored again", ("Trial", "What", *swept.objectives), rows, texts=2)


def _roles(finalist: Finalist, swept: Swept) -> str:
    """The number of a trial, and what it is."""
    number = finalist.number
    roles = {
        "winner": number == swept.best.number,
        "front": number in swept.front and len(swept.objectives) > 1,
        "baseline": number == swept.baseline.number,
    }
    return ", ".join([str(number), *(role for role, held in roles.items() if held)])


def _test(swept: Swept) -> Html | None:
    if not swept.test:
        return None
    rows = [
        (side, *(_score(scores.get(name)) for name in swept.objectives))
        for side, scores in swept.test.items()
    ]
    remark = "Scored once, after everything was decided. With 95 % confidence intervals."
    return card(
        "On the test split", table("Test", ("Program", *swept.objectives), rows), remark=remark, wide=True
    )


def _parameters(parameters: Mapping[str, Any]) -> Html:
    rows = [(name, shown(value)) for name, value in parameters.items()]
    return table("The winner's parameters", ("Parameter", "Value"), rows, texts=2)


def search_section(study: optuna.Study, swept: Swept) -> Html | None:
    """How values came about."""
    if not charts.enough(study):
        return None
    remark = _BEST if len(swept.objectives) == 1 else _POINTS
    drawn = [
        card(f"{name}, trial by trial", element("figure", charts.history(study, number, name)), remark=remark)
        for number, name in enumerate(swept.objectives)
    ]
    for words, picture in charts.front(study, swept.objectives):
        drawn.append(card(f"Pareto front: {words}", element("figure", picture), remark=_FRONT))
    return section("search", "Search", element("div", *drawn, class_="grid"))


def parameters_section(study: optuna.Study, swept: Swept) -> Html | None:
    """What the first objective hangs on."""
    if not charts.enough(study) or not charts.parameters(study):
        return None
    objective = swept.objectives[0]
    sliced = [card(name, element("figure", picture)) for name, picture in charts.slices(study, objective)]
    return section(
        "parameters",
        "Parameters",
        card("Importance", element("figure", charts.importances(swept.importance)))
        if swept.importance
        else None,
        element("p", f"{objective} over each parameter. {_SHADE}", class_="remark"),
        element("div", *sliced, class_="grid thirds"),
        card(
            "All together",
            element("div", charts.parallel(study, objective), class_="scroll wide-picture"),
            remark=f"A line for each trial that was not pruned; the stronger, the better its {objective}.",
            wide=True,
        ),
    )


def trials_section(study: optuna.Study, swept: Swept) -> Html:
    """The best trials as they were scored in the search."""
    upwards = study.directions[0].name == "MAXIMIZE"
    ranked = sorted(charts.complete(study), key=lambda trial: trial.values[0], reverse=upwards)
    return section(
        "trials",
        "Trials",
        element("p", _counts(swept)),
        card(
            f"The best {_ROOM}" if len(ranked) > _ROOM else "All that were not pruned",
            table("Trials", ("Trial", "What", *swept.objectives, "Turns"), _trials(ranked[:_ROOM]), texts=2),
            wide=True,
        ),
    )


def _counts(swept: Swept) -> str:
    known = values.count(swept.saved_turns)
    return (
        f"{values.counted(swept.trials, 'trial')}: {values.count(swept.complete)} complete, "
        f"{values.count(swept.pruned)} pruned, {values.count(swept.failed)} failed. "
        f"{values.counted(swept.evaluated_turns, 'turn')} evaluated, {known} saved."
    )


def _trials(ranked: Iterable[FrozenTrial]) -> Iterator[Sequence[object]]:
    for trial in ranked:
        scores = (values.decimal(value) for value in trial.values)
        turns = values.count(trial.user_attrs.get("evaluated_turns"))
        yield (trial.number, trial.user_attrs.get("note", ""), *scores, turns)


def prompts_section(artifact: Path | None) -> Html | None:
    """The exact messages of the winner, as its artifact has them."""
    if artifact is None:
        return None
    prompts = [
        disclosure(path.stem, element("pre", path.read_text("utf-8")))
        for path in sorted((artifact / "prompts").glob("*.md"))
    ]
    return (
        section("prompts", "Prompts", card("The winner's prompts", *prompts, wide=True)) if prompts else None
    )


def shown(value: object) -> str:
    """A parameter's value as the page writes it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _score(score: Score | None) -> Html | str:
    if score is None:
        return values.UNKNOWN
    value, low, high = (values.decimal(each) for each in (score.value, score.low, score.high))
    return value if score.low is None else joined((value, element("small", f"{low} to {high}")))
