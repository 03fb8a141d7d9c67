"""The page on which people go through suspects, as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from csc_dspy.auditing.result import Audit
from csc_dspy.auditing.suspects import Doubt, Suspect
from csc_dspy.auditing.words import TITLE, WORDS
from csc_dspy.conversations import Conversation, speaker_name
from csc_dspy.evaluation.human.self_contained import self_contained
from csc_dspy.taxonomy import Language, Stage, Strategy


def content_of(found: Audit, language: Language) -> dict[str, Any]:
    """All that the page shows."""
    return {
        "audit": found.fingerprint,
        "words": {name: word[language] for name, word in WORDS.items()},
        "strategies": [
            {"id": each.id, "name": each.name[language], "text": each.distinction[language]}
            for each in found.taxonomy.strategies
        ],
        "stages": [{"id": each.id, "name": each.name[language]} for each in found.taxonomy.stages],
        "dialogues": {name: _turns(each) for name, each in found.conversations.items()},
        "items": [_item(each, language) for each in found.suspects],
    }


def _turns(conversation: Conversation) -> list[dict[str, str]]:
    language = conversation.spoken_language
    return [
        {
            "speaker": turn.speaker,
            "name": speaker_name(turn.speaker, language),
            "label": turn.strategy.name[language] if turn.strategy else "",
            "text": turn.text,
        }
        for turn in conversation.dialogue
    ]


def _item(suspect: Suspect, language: Language) -> dict[str, Any]:
    return {
        "dialogue": suspect.dialogue,
        "turn": suspect.turn,
        "score": suspect.score,
        "why": suspect.why,
        # What speaks against the other label of the turn.
        "evidence": [each.says for each in suspect.evidence if each.says not in suspect.why],
        "strategy": _label(suspect.strategy.given, language),
        "proposed": _proposed(suspect.strategy, language),
        "stage": _label(suspect.stage.given, language) if suspect.stage else None,
        "proposed_stages": _proposed(suspect.stage, language) if suspect.stage else [],
    }


def _label(member: Strategy | Stage, language: Language) -> dict[str, str]:
    return {"id": member.id, "name": member.name[language]}


def _proposed(doubt: Doubt, language: Language) -> list[dict[str, Any]]:
    return [{**_label(label, language), "share": share} for label, share in doubt.others()]


def page_of(content: Mapping[str, Any], language: Language) -> str:
    """The page as HTML, all in one file."""
    # The house has one form of page; what is said here in addition is the highlighted turn.
    css = _part("csc_dspy.evaluation.human", "page.css") + _part(__package__, "review.css")
    template, js = _part(__package__, "review.html"), _part(__package__, "review.js")
    return self_contained(template, css, js, title=TITLE[language], content=content, language=language)


def _part(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
