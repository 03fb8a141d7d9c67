"""Turns without what stands for personal data in them."""

from __future__ import annotations

import re
from typing import Final

_PLACEHOLDER: Final = re.compile(r"[\[【][^\[\]【】\n]{1,40}[\]】]")


def without_placeholders(text: str) -> str:
    """The text with a gap in place of everything in square brackets."""
    return _PLACEHOLDER.sub(" ", text)
