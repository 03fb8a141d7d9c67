"""What was evaluated, above all figures."""

from __future__ import annotations

from collections.abc import Iterator

from csc_dspy.evaluation.report import values
from csc_dspy.evaluation.report.elements import Html, element, joined
from csc_dspy.evaluation.report.results import LANGUAGES, Results
from csc_dspy.evaluation.report.tables import disclosure, table


def title(results: Results) -> str:
    """The title of the page."""
    return f"{results.about['program']} on {results.about['data']}"


def header(results: Results) -> Html:
    """The title, the facts that everyone asks for, and those needed to do it again."""
    facts = element("dl", *(_fact(*fact) for fact in _facts(results)))
    versions = results.about.get("versions") or {}
    listed = table("Versions", ("Of", "Version"), versions.items())
    return joined(
        (
            element("p", "Evaluation report", class_="kind"),
            element("h1", title(results)),
            facts,
            disclosure("Versions", listed) if versions else None,
        )
    )


def _fact(name: str, value: object) -> Html:
    return element("div", element("dt", name), element("dd", value))


def _facts(results: Results) -> Iterator[tuple[str, object]]:
    about = results.about
    one = next(iter(results.contexts.values()), None)
    if one:
        yield (
            "Size",
            f"{values.counted(one['dialogues'], 'dialogue')}, {values.counted(one['turns'], 'turn')}",
        )
    for name, key in (("Language model", "lm"), ("Seed", "seed"), ("Data fingerprint", "data_fingerprint")):
        if about.get(key) is not None:
            yield name, about[key]
    if about.get("languages"):
        yield "Languages", ", ".join(LANGUAGES.get(each, each) for each in about["languages"])
    yield "Taxonomy", about["taxonomy"]["name"]["en"]
