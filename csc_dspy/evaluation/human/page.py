"""The form that people fill in, as one HTML file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from csc_dspy.conversations import TurnExample, speaker_name
from csc_dspy.evaluation.human.aspects import Aspect
from csc_dspy.evaluation.human.choosing import Chosen
from csc_dspy.evaluation.human.self_contained import self_contained
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
    template, css, js = (_part(f"page.{name}") for name in ("html", "css", "js"))
    return self_contained(template, css, js, title=TITLE[language], content=content, language=language)


def _part(name: str) -> str:
    return files("csc_dspy.evaluation.human").joinpath(name).read_text(encoding="utf-8")
