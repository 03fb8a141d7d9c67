"""Whether one side says the same thing, or speaks by the same pattern, again and again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from csc_dspy.conversations import Speaker
from csc_dspy.metrics.text.ngrams import ngrams
from csc_dspy.metrics.text.tokens import words
from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.quality._base import Checked
from csc_dspy.roleplay.quality.texts import without_placeholders
from csc_dspy.taxonomy import Language

_SENTENCE_ENDS: Final = re.compile(r"[。.!！?？;；\n]+")
_SPEAKERS: Final[tuple[Speaker, ...]] = ("supporter", "customer")
# In words, or Chinese characters. A shorter sentence is a yes or a thank you; a shorter run may be the name
# of what the call is about.
_SENTENCE: Final[Mapping[Language, int]] = {"en": 4, "zh": 6}
_RUN: Final[Mapping[Language, int]] = {"en": 6, "zh": 9}
_OPENING: Final[Mapping[Language, int]] = {"en": 3, "zh": 4}


def repetition(checked: Checked) -> Iterator[Flaw]:
    """No sentence, no run of words and no way to begin a turn that one side uses too often."""
    for speaker in _SPEAKERS:
        turns = [
            without_placeholders(turn.text)
            for turn in checked.conversation.dialogue
            if turn.speaker == speaker
        ]
        yield from _set_phrases(speaker, turns, checked)
        yield from _patterns(speaker, [words(text) for text in turns], checked)


def _set_phrases(speaker: Speaker, turns: Iterable[str], checked: Checked) -> Iterator[Flaw]:
    said = (words(sentence) for text in turns for sentence in _SENTENCE_ENDS.split(text))
    sentences = Counter(tuple(each) for each in said if len(each) >= _SENTENCE[checked.language])
    for sentence, count in sentences.items():
        if count >= checked.limits.same_sentence:
            shown = _shown(sentence, checked.language)
            yield Flaw("set_phrase", f"the {speaker} says {shown!r} {count} times")


def _patterns(speaker: Speaker, turns: Sequence[Sequence[str]], checked: Checked) -> Iterator[Flaw]:
    run, opening = _RUN[checked.language], _OPENING[checked.language]
    runs = Counter(each for turn in turns for each in set(ngrams(turn, run)))
    openings = Counter(tuple(turn[:opening]) for turn in turns if len(turn) > opening)
    for counts, does in ((openings, "begins with"), (runs, "repeats")):
        # Of the runs that overlap one is enough.
        for words_of_it, count in counts.most_common(1):
            if count >= checked.limits.same_pattern:
                shown = _shown(words_of_it, checked.language)
                yield Flaw("pattern", f"the {speaker} {does} {shown!r} in {count} turns")


def _shown(sentence: object, language: Language) -> str:
    assert isinstance(sentence, tuple)
    return ("" if language == "zh" else " ").join(sentence)
