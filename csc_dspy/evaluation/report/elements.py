"""HTML that cannot be broken by the texts in it: what is not `Html` already is escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

_VOID: Final = frozenset({"input", "meta", "br"})
# Not allowed in a document, whatever stands around them; half of a surrogate pair cannot even be encoded.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Html(str):
    """Markup, as opposed to text."""

    __slots__ = ()


def escaped(text: object) -> Html:
    """``text`` as markup that shows it; `Html` stays as it is."""
    return text if isinstance(text, Html) else Html(html.escape(clean(text), quote=False))


def joined(parts: Iterable[object], between: str = "") -> Html:
    """All parts one after the other, without those that are None."""
    return Html(between.join(escaped(part) for part in parts if part is not None))


def element(name: str, /, *content: object, **attributes: object) -> Html:
    """``<name attributes>content</name>``.

    ``class_`` is written ``class`` and ``data_x`` is written ``data-x``. Attributes that are None or False
    are left out, True stands without a value; content that is None is left out.
    """
    opening = f"<{name}{''.join(map(_attribute, attributes, attributes.values()))}>"
    return Html(opening if name in _VOID else f"{opening}{joined(content)}</{name}>")


def _attribute(name: str, value: object) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    # Markup is no exception here: quotes may stand in it.
    return f" {name}" if value is True else f' {name}="{html.escape(clean(value))}"'


def clean(text: object) -> str:
    """``text`` without what no document may contain."""
    return _FORBIDDEN.sub("\ufffd", str(text))
