"""A page and its data as one HTML file: it needs no server and no network, and sends nothing anywhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from typing import Any

from csc_dspy.taxonomy import Language


def self_contained(
    template: str, css: str, js: str, *, title: str, content: Mapping[str, Any], language: Language
) -> str:
    """The template with everything in its places: ``{{language}}``, ``{{title}}``, ``{{data}}`` and so on."""
    # A "<" inside the data could end the element that holds it, whatever comes behind.
    data = json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
    filled = {
        "language": "zh-CN" if language == "zh" else "en",
        "title": html.escape(title),
        "policy": _policy(css, js),
        "css": css,
        "js": js,
        "data": data.encode("utf-8", "replace").decode(),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: filled[match[1]], template)


def _policy(css: str, js: str) -> str:
    """Nothing runs, and nothing is styled, but what we wrote; nothing is loaded or sent."""
    own = f"style-src {_hash(css)}; script-src {_hash(js)}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
