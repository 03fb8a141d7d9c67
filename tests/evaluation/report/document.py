"""A page as its elements and texts, read by the parser of the standard library."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from csc_dspy.evaluation.report import write_report
from tests.evaluation.report.evaluated import Evaluated

VOID = frozenset({"meta", "input", "br", "img", "link"})


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str, **attributes: str) -> list[Node]:
        """Every element below of this tag that has these attributes."""
        below = [child for child in self.children if isinstance(child, Node)]
        return [
            found
            for child in below
            for found in (
                [child] if child.tag == tag and attributes.items() <= child.attributes.items() else []
            )
            + child.all(tag, **attributes)
        ]

    def one(self, tag: str, **attributes: str) -> Node:
        (found,) = self.all(tag, **attributes)
        return found


class _Reader(HTMLParser):
    """Refuses what is not closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in <{tag}>"
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(page: str) -> Node:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    (root,) = reader.open
    return root


def written(path: Path, evaluation: Evaluated) -> Node:
    """The page about an evaluation."""
    write_report(path, evaluation.scores, evaluation.stream())
    return parsed(path.read_text("utf-8"))


def anchors(page: Node) -> list[str | None]:
    """Its sections."""
    return [section.attributes["id"] for section in page.all("section")]


SECTIONS = ["scores", "strategies", "stages", "calibration", "cost", "conversations"]
