"""Tables and the frames around figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from csc_dspy.evaluation.report.elements import Html, element, joined


def table(
    caption: str, columns: Sequence[object], rows: Iterable[Sequence[object]], *, texts: int = 1
) -> Html:
    """A table whose first column names the rows; behind the first ``texts`` columns are numbers.

    It scrolls by itself if it must.
    """
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = (
        element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))
        for first, *rest in rows
    )
    return scrolling(
        caption,
        element(
            "table",
            element("caption", caption),
            element("thead", head),
            element("tbody", *body),
            class_=f"texts-{texts}" if texts > 1 else None,
        ),
    )


def scrolling(name: str, content: Html) -> Html:
    """A region that scrolls sideways where the page is narrow, by keyboard too."""
    return element("div", content, class_="scroll", role="region", aria_label=name, tabindex="0")


def card(title: str, *content: object, remark: object = None, wide: bool = False) -> Html:
    """A titled part of a section."""
    return element(
        "div",
        element("h3", title),
        element("p", remark, class_="remark") if remark is not None else None,
        *content,
        class_="card wide" if wide else "card",
    )


def chart(picture: Html, data: Html) -> Html:
    """A chart, with its numbers for those who would rather read them."""
    return joined((element("figure", picture), disclosure("Show as a table", data)))


def disclosure(summary: object, *content: object) -> Html:
    """Content that opens on demand."""
    return element("details", element("summary", summary), *content, class_="more")


def section(anchor: str, title: str, *content: object) -> Html:
    """A part of the page that can be linked to."""
    return element("section", element("h2", title), *content, id=anchor)
