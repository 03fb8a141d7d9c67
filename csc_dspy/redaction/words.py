"""Lists of words, written as running text."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """The words of a text that spaces and line ends set apart."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a text that commas set apart."""
    return tuple(" ".join(phrase.split()) for phrase in text.split(","))
