"""The two speakers, and the names under which data files know them."""

from __future__ import annotations

from typing import Final, Literal

from csc_dspy.taxonomy import Language, Localized

Speaker = Literal["supporter", "customer"]

_NAMES: Final[dict[Speaker, Localized]] = {
    "supporter": Localized(en="Supporter", zh="客服"),
    "customer": Localized(en="Customer", zh="客户"),
}
_SPELLINGS: Final[dict[str, Speaker]] = {
    "客服": "supporter",
    "supporter": "supporter",
    "agent": "supporter",
    "assistant": "supporter",
    "客户": "customer",
    "顾客": "customer",
    "用户": "customer",
    "customer": "customer",
    "user": "customer",
    "client": "customer",
    "seeker": "customer",
}


def speaker_name(speaker: Speaker, language: Language) -> str:
    """What a prompt calls the speaker; the Chinese name is also the one in data files."""
    return _NAMES[speaker][language]


def parse_speaker(name: object) -> Speaker | None:
    """The speaker a data file means by ``name``, or None if it is nobody's name."""
    if not isinstance(name, str):
        return None
    return _SPELLINGS.get(name) or _SPELLINGS.get(name.strip().casefold())


def known_speakers() -> str:
    """Every accepted name, for messages."""
    return ", ".join(_SPELLINGS)
