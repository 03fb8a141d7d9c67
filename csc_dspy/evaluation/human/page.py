"""A form as one HTML file: it needs no server and no network, and sends nothing anywhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from csc_dspy.conversations import TurnExample, speaker_name
from csc_dspy.evaluation.human.aspects import Aspect
from csc_dspy.evaluation.human.choosing import Chosen
from csc_dspy.evaluation.human.words import TITLE, WORDS
from csc_dspy.taxonomy import Language, Taxonomy


def content_of(
    chosen: Sequence[Chosen], language: Language, taxonomy: Taxonomy, aspects: Sequence[Aspect]
) -> dict[str, Any]:
    """All that the page shows, without a word of whose it is. Its hash names the form."""
    content = {
        "words": {name: word[language] for name, word in WORDS.items()},
        "aspects": [
            {"id": each.id, "name": each.name[language], "question": each.question[language]}
            for each in aspects
        ],
        "guide": [
            {"name": each.name[language], "text": each.definition[language]} for each in taxonomy.strategies
        ],
        "items": [_item(each) for each in chosen],
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return {"form": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16], **content}


def _item(chosen: Chosen) -> dict[str, Any]:
    left, right = chosen.texts
    return {"history": _history(chosen.pair.example), "left": left, "right": right}


def _history(example: TurnExample) -> list[dict[str, str]]:
    return [
        {"speaker": turn.speaker, "name": speaker_name(turn.speaker, example.language), "text": turn.text}
        for turn in example.history
    ]


def page_of(content: Mapping[str, Any], language: Language) -> str:
    """The page as HTML, all in one file."""
    parts = {name: _part(f"page.{name}") for name in ("html", "css", "js")}
    # A "<" inside the data could end the element that holds it, whatever comes behind.
    data = json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
    filled = {
        "language": "zh-CN" if language == "zh" else "en",
        "title": html.escape(TITLE[language]),
        "policy": _policy(parts["css"], parts["js"]),
        "css": parts["css"],
        "js": parts["js"],
        "data": data.encode("utf-8", "replace").decode(),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: filled[match[1]], parts["html"])


def _part(name: str) -> str:
    return files("csc_dspy.evaluation.human").joinpath(name).read_text(encoding="utf-8")


def _policy(css: str, js: str) -> str:
    """Nothing runs, and nothing is styled, but what we wrote; nothing is loaded or sent."""
    own = f"style-src {_hash(css)}; script-src {_hash(js)}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
