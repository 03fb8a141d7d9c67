"""Drawing with matplotlib into a page.

What is drawn is named by its role, as a colour that nobody would choose, and the page says by a variable
what a role looks like. One unit of a figure is one pixel of the page.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from csc_dspy.evaluation.report.elements import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH: Final = 440
"""Narrow enough to be read on a telephone; wider pages show it larger."""

SMALL: Final = 10.0
"""The size of most texts."""


class Role(str, Enum):
    """What a colour is for. The value stands for it until the page is there."""

    INK = "#0a0b01"
    MUTED = "#0a0b02"
    LINE = "#0a0b03"
    AGREE = "#0a0b04"
    DIFFER = "#0a0b05"
    PAPER = "#0a0b06"


_SVG = "{http://www.w3.org/2000/svg}"
_NOT_WANTED = {f"{_SVG}metadata", f"{_SVG}defs"}
_DEFAULTS = re.compile(
    rf"font-family:.*?(;|$)|font-size: {SMALL:.0f}px;?|stroke-linecap: square;?|fill: {Role.MUTED.value}$"
)
_DECIMALS = re.compile(r"(\.[1-9])\d+|\.0\d*")


@contextmanager
def _plain_settings() -> Iterator[None]:
    """The settings that matplotlib comes with, whatever the user's are, and texts as texts."""
    import matplotlib as mpl

    # Widths are measured in a font without Chinese, but shown in those of the page.
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "csc-dspy", "font.size": SMALL})
        # A dollar in the name of a strategy begins no formula.
        mpl.rcParams["text.parse_math"] = False
        yield


@contextmanager
def figure(height: float) -> Iterator[Figure]:
    """A figure of `WIDTH` to ``height`` pixels, to be drawn on and turned into `svg` in the block."""
    with _plain_settings():
        from matplotlib.figure import Figure

        drawn = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        drawn.patch.set_visible(False)
        yield drawn


def axes(drawn: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """A part of the figure, placed in pixels from the top left, with no frame and no marks at its ticks."""
    whole = drawn.get_figheight() * 72
    part = drawn.add_axes((left / WIDTH, 1 - (top + height) / whole, width / WIDTH, height / whole))
    part.patch.set_visible(False)
    part.spines[:].set_visible(False)
    part.tick_params(length=0, labelcolor=Role.MUTED.value, labelsize=SMALL)
    part.set_axisbelow(True)
    return part


def svg(drawn: Figure, description: str) -> Html:
    """The figure as an element of a page, with words for those who do not see it."""
    stream = io.BytesIO()
    drawn.savefig(stream, format="svg", metadata={"Date": None})
    # Parsed, and not searched, as names of strategies are among its texts. It was written a line ago by us.
    root = ET.fromstring(stream.getvalue())  # noqa: S314
    _strip(root)
    size = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib |= {"viewBox": size, "role": "img", "aria-label": description}
    for each in root.iter():
        each.tag = each.tag.removeprefix(_SVG)
    written = ET.tostring(root, encoding="unicode")
    return Html(written.replace(" />", "/>"))


def _strip(node: ET.Element) -> None:
    """Leave away what only fills the page: groups, identifiers, fonts, digits that nobody sees."""
    children: list[ET.Element] = []
    for child in node:
        if child.tag not in _NOT_WANTED:
            _strip(child)
            children.extend(child if child.tag == f"{_SVG}g" and not child.attrib else [child])
    node[:] = children
    node.text, node.tail = (text if text and text.strip() else None for text in (node.text, node.tail))
    # Nothing that is drawn leaves its axes by accident, so there is nothing to be clipped.
    for name in ("id", "clip-path"):
        node.attrib.pop(name, None)
    if node.get("transform", "").startswith("rotate(-0 "):
        del node.attrib["transform"]
    if "style" in node.attrib:
        node.attrib["style"] = _style(node.attrib["style"])
    for name in {"d", "x", "y", "transform"}.intersection(node.attrib):
        node.attrib[name] = _short(node.attrib[name])


def _short(numbers: str) -> str:
    """Coordinates with one digit behind the point, and no more space than they need."""
    return re.sub(r" ?([MLCz]) ?", r"\1", _DECIMALS.sub(r"\1", " ".join(numbers.split())))


def _style(style: str) -> str:
    """A style without what holds for all, and with the colours of the page."""
    style = _DEFAULTS.sub("", style)
    for role in Role:
        style = style.replace(role.value, f"var(--{role.name.lower()})")
    return re.sub(r"\s*([:;])\s*", r"\1", style.strip("; "))
