"""Optuna's plots as pictures of our page: drawn off screen, without a frame, in the colours of the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from csc_dspy.evaluation.report.elements import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

_SVG: Final = "{http://www.w3.org/2000/svg}"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_STEPS: Final = 12
_SHADES: Final = [f"#0b0c{step:02x}" for step in range(_STEPS)]
"""From little to much, as colours that nobody would choose; the page says what they look like."""
_COLOURS: Final = {
    # Those of the style that Optuna's plots are drawn in, and what they mean on our page.
    "#e5e5e5": "none",
    "#ffffff": "var(--line)",
    "#555555": "var(--muted)",
    "#1f77b4": "var(--agree)",
    "#3182bd": "var(--agree)",
    "#d62728": "var(--differ)",
    "#808080": "none",
    "#cccccc": "var(--muted)",
    "#000000": "var(--muted)",
    **{
        shade: f"color-mix(in srgb,var(--agree) {round(100 * (step + 1) / _STEPS)}%,var(--line))"
        for step, shade in enumerate(_SHADES)
    },
}
_COLOUR: Final = re.compile("|".join(_COLOURS))


@contextmanager
def drawing(name: str, width: float = 6.0, height: float = 3.6) -> Iterator[None]:
    """Everything that is drawn in the block is drawn off screen, in inches, and gone afterwards.

    ``name`` tells the picture from others on the page. The same plot makes the same bytes.
    """
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    before = mpl.get_backend(auto_select=False)
    with mpl.rc_context(), warnings.catch_warnings():
        # Optuna's plots are marked as an experiment; fonts without Chinese measure it only.
        warnings.simplefilter("ignore")
        plt.switch_backend("agg")
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 10})
        mpl.rcParams["figure.figsize"] = (width, height)
        # A dollar in the name of a model begins no formula.
        mpl.rcParams["text.parse_math"] = False
        try:
            yield
        finally:
            plt.close("all")
    if before is not None:
        plt.switch_backend(before)


def shades(*, downwards: bool = False) -> Colormap:
    """From little to much, in the page's colour; ``downwards``, little is what is strong."""
    from matplotlib.colors import ListedColormap

    return ListedColormap(_SHADES[::-1] if downwards else _SHADES)


def picture(part: Axes, name: str, description: str) -> Html:
    """The figure that ``part`` is of, as an element with words for those who do not see it."""
    figure: Any = part.figure
    part.set_title("")
    part.legend_ = None
    # The bars of a scale: what more colour means is said beside the picture.
    for each in [each for each in figure.axes if each.get_label() == "<colorbar>"]:
        each.remove()
    figure.patch.set_visible(False)
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None}, bbox_inches="tight", pad_inches=0.05)
    # It was written a line ago by us.
    root = ET.fromstring(stream.getvalue())  # noqa: S314
    for each in root.iter():
        _plain(each, name)
    for described in root.findall(f"{_SVG}metadata"):
        root.remove(described)
    size = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib |= {"viewBox": size, "role": "img", "aria-label": description}
    for each in root.iter():
        each.tag = each.tag.removeprefix(_SVG)
    return Html(ET.tostring(root, encoding="unicode"))


def _plain(node: ET.Element, name: str) -> None:
    """An element in the colours of the page, whose names are no other picture's."""
    if "id" in node.attrib:
        node.set("id", f"{name}-{node.attrib['id']}")
    if _LINK in node.attrib:
        node.set("href", node.attrib.pop(_LINK).replace("#", f"#{name}-"))
    if "clip-path" in node.attrib:
        node.set("clip-path", node.attrib["clip-path"].replace("#", f"#{name}-"))
    if "style" in node.attrib:
        style = re.sub(r"font-family:[^;]*;?|font: (\d+)px [^;]*", _sized, node.attrib["style"])
        node.set("style", _COLOUR.sub(lambda found: _COLOURS[found[0]], style))
    if node.tag == f"{_SVG}text" and "fill" not in node.get("style", ""):
        node.set("fill", "var(--muted)")


def _sized(found: re.Match[str]) -> str:
    """The size of a text, without its font, which is that of the page."""
    return f"font-size: {found[1]}px" if found[1] else ""
