"""What a name that is not known may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """What may have been meant, or what there is, in words."""
    known = list(known)
    folded = {each.lower(): each for each in known}
    asked = name.lower().replace("_", "-")
    close = get_close_matches(asked, folded, n=1) or [each for each in folded if each.startswith(asked)]
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    return f"there is {', '.join(known)}" if known else "it has none"
