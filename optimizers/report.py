"""The page about a compiled program: what it has gained, what it says, and what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element, joined
from csc_dspy.evaluation.report.tables import card, disclosure, section, table
from csc_dspy.evaluation.report.wording import METRICS

if TYPE_CHECKING:
    import dspy

    from csc_dspy.programs import Program

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_EXAMPLES: Final = 1
"""Demonstrations of each label that are shown; all are in the program."""
_LINES: Final = 4
"""Of a conversation, what is shown of it."""
_LABELS: Final = ("strategy", "stage")
_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
.kind { margin: 0; opacity: 0.7 }
h1 { margin: 0; font-size: 1.5rem }
table { border-collapse: collapse; margin: 1rem 0 }
caption { text-align: left; opacity: 0.7 }
th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #8884 }
th:first-child, .texts-2 td:nth-child(2) { text-align: left; font-weight: inherit }
.scroll { overflow-x: auto }
.card, .demonstration { border: 1px solid #8884; border-radius: 0.5rem; padding: 0 1rem 1rem; margin: 1rem 0 }
pre, dd { white-space: pre-wrap; overflow-wrap: anywhere }
summary { cursor: pointer; padding: 0.3rem 0 }
dt { opacity: 0.7; margin-top: 0.6rem }
"""


def report_page(program: Program, statement: str, scores: Mapping[str, Any], lm: str) -> str:
    """The document. The same input makes the same bytes."""
    title = f"{program.name}, compiled in {program.options.language!r} for {lm}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(_STYLE)),
    )
    body = element(
        "body",
        element("header", element("p", "Compiled program", class_="kind"), element("h1", title)),
        element(
            "main",
            section("scores", "Scores", element("p", statement), _score_table(scores), _strategies(scores)),
            section("prompts", "Prompts", *(_predictor(*each) for each in program.named_predictors())),
            section("trials", "Trials", _trials(scores["trials"])),
        ),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _score_table(scores: Mapping[str, Any]) -> Html:
    data = scores["data"]
    before, after = scores["before"], scores["after"]
    rows = [
        (METRICS[name].title if name in METRICS else name, _score(before.get(name)), _score(after[name]))
        for name in after
    ]
    size = values.counted(data["dialogues"], "dialogue")
    caption = f"On dev, {size} of {data['source']}, with 95 % confidence intervals"
    return table(caption, ("Metric", "Before", "After"), rows)


def _score(score: Mapping[str, Any] | None) -> str:
    if score is None:
        return values.UNKNOWN
    value, low, high = (values.decimal(score[key]) for key in ("value", "low", "high"))
    return value if score["low"] is None else f"{value} ({low} to {high})"


def _strategies(scores: Mapping[str, Any]) -> Html | None:
    before, after = scores["strategies"]["before"], scores["strategies"]["after"]
    if not before or not after:
        return None
    rows = [
        (each["id"], values.count(each["support"]), values.percent(was["f1"]), values.percent(each["f1"]))
        for was, each in zip(before, after, strict=True)
    ]
    return table("F1 of each strategy", ("Strategy", "Turns", "Before", "After"), rows)


def _predictor(name: str, predictor: dspy.Predict) -> Html:
    return card(
        name,
        disclosure("Instructions", element("pre", predictor.signature.instructions)),
        *_demonstrations(predictor),
        wide=True,
    )


def _demonstrations(predictor: dspy.Predict) -> Iterable[Html]:
    demos: Sequence[Mapping[str, Any]] = predictor.demos
    if not demos:
        return [element("p", "No demonstrations.")]
    label = next((name for name in _LABELS if name in predictor.signature.output_fields), None)
    if label is None:
        return [
            disclosure(values.counted(len(demos), "demonstration"), *map(_demonstration, demos[:_EXAMPLES]))
        ]
    counts = Counter(str(demo.get(label)) for demo in demos)
    return [
        disclosure(
            f"{name}: {values.counted(count, 'demonstration')}",
            *map(_demonstration, [demo for demo in demos if str(demo.get(label)) == name][:_EXAMPLES]),
        )
        for name, count in sorted(counts.items())
    ]


def _demonstration(demo: Mapping[str, Any]) -> Html:
    fields = (joined((element("dt", name), element("dd", _end(value)))) for name, value in demo.items())
    return element("dl", *fields, class_="demonstration")


def _end(text: object) -> str:
    """The last lines of a text, where it is long."""
    lines = str(text).split("\n")
    return "\n".join(["…", *lines[-_LINES:]] if len(lines) > _LINES else lines)


def _trials(trials: Sequence[Mapping[str, Any]]) -> Html:
    rows = [(number, each["note"], values.decimal(each["score"])) for number, each in enumerate(trials, 1)]
    return table("Programs that were scored on dev", ("Trial", "What", "Score"), rows, texts=2)
