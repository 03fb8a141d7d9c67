"""English names, by what is said around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.redaction._base import Span
from csc_dspy.redaction.folding import Folded
from csc_dspy.redaction.words import words

_LETTER: Final = "A-Za-zÀ-ÖØ-öø-ÿ"
_WORD: Final = rf"[{_LETTER}][{_LETTER}'-]*[{_LETTER}]"
_CAPITAL: Final = rf"(?-i:[A-ZÀ-ÖØ-Þ])(?:[{_LETTER}'-]*[{_LETTER}])?"
_NO_NAMES: Final = frozenset(
    words("""
    a i'm i'd i'll i've it's nobody somebody someone anybody about account actually address after again
    ahead all almost already also am an and another any anyone are around as asking at available back
    bad be because been before being billing but by calling can card certain checking confused
    contacting correct curious customer delighted different disappointed done email everything
    experiencing fine first following for from furious getting glad going gonna good got great had happy
    has have having he hello help helping her here hi his hoping how i if in is it its just know last
    late like listed literally looking lost mad maybe me misspelled mine my new next no not now of off
    ok okay on one only or order our out over paying phone please pretty problem quite ready really
    registered regarding right same saying she showing so sorry spelled speaking still sure talking
    terrible thank thanks that the their them then there these they this those though through to today
    too tomorrow totally trying unable under unhappy up upset urgent using very waiting wanting was we
    well were what when where which who why will with wondering working worried would wrong yes
    yesterday yet you your afraid aware back-up frustrated wanted support service sales team department
    manager supervisor everyone something nothing ridiculous unacceptable down blank attached below
    above god
    """)
)
"""What comes behind the same words and is no name, in lower case."""
_COMMON: Final = frozenset(
    words("""
    Will May Mark Grant Bill Hope Joy Faith Grace Rose Art Frank Rich Page Young Long Best Good Day
    Black White Green Brown Summer April June August Chase Max Price Cash Banks Case Rush Miles Van Ray
    Sky Dean Gene Jack Pat Sue Rob Drew King Hill Wood Park Lane Wells Bell Stone Fields Love English
    Street
    """)
)
"""Names that are words as well: not looked for elsewhere in the dialogue."""

_BOLD: Final = re.compile(
    rf"\b(?:my (?:full |first |last |middle |maiden )?name(?: is|'s|:)|name on (?:the|my) "
    rf"(?:account|card|order|file) (?:is|says|should be)|"
    rf"(?:first|last|full|sur|her|his|husband's|wife's|cardholder|account holder|recipient|"
    rf"customer|contact) ?name(?: is|'s|:)|"
    rf"the name is|name's|name is|names?:|you can call me|call me|i am called|they call me|"
    rf"(?:speaking|spoke|chatting|talking) (?:with|to)|i go by|under the name(?: of)?|(?:it's|"
    rf"it is|account is|order is|booking is) under|"
    rf"in the name of|attn:?)"
    rf"(?: it's| is|:)?[ ,:]*(?P<n>{_WORD}(?:,? [A-Za-z]\.)?(?: {_WORD}){{0,2}})",
    re.IGNORECASE,
)
_RELATED: Final = re.compile(
    r"\b[Mm]y (?:husband|wife|son|daughter|mother|father|brother|sister|partner|colleague|assistant|boss),?"
    rf"(?:'s name is| is called| named)? (?P<n>{_CAPITAL}(?: {_CAPITAL})?)"
)
_SHY: Final = re.compile(
    rf"\b(?:i'm|i am|this is|is this|it's|it is|here is|here's)(?: agent| advisor)? (?P<n>{_CAPITAL}"
    rf"(?: [A-Z]\.)?(?: {_CAPITAL}){{0,2}})"
    rf"(?= ?(?:[,.!?;]|$)| (?:speaking|calling|here|from|with|at|and|on behalf|your|in|again|how)\b)",
    re.IGNORECASE,
)
_SPEAKING: Final = re.compile(
    rf"\b(?:this is|it's|it is|you're speaking with|i'm|i am) (?P<n>{_WORD}(?: {_WORD}){{0,2}}?)"
    rf"(?= (?:speaking|calling|from|here)\b)",
    re.IGNORECASE,
)
_HERE: Final = re.compile(rf"(?:^|[.,!?] )(?P<n>{_CAPITAL}(?: {_CAPITAL})?) (?:here|speaking)\b")
_TITLED: Final = re.compile(
    rf"\b(?:(?:mr|mrs|ms|mx|dr|prof)\b\.?|(?:miss|mister|missus|madam|sir|doctor|professor)(?= "
    rf"(?-i:[A-Z]))) (?P<n>(?:[A-Z]\. )?{_WORD}(?:(?-i: [A-Z])(?:[{_LETTER}'-]*[{_LETTER}])?)?)",
    re.IGNORECASE,
)
_GREETED: Final = re.compile(
    rf"\b(?:hi|hello|hey|dear|thanks|thank you|bye|goodbye|welcome|okay|alright)(?: so much|"
    rf" very much| again| there)?,? (?P<n>{_CAPITAL}(?: {_CAPITAL})?)(?= ?[,.!?]|$)",
    re.IGNORECASE,
)
_STOPS: Final = re.compile(rf" (?:{'|'.join(sorted(_NO_NAMES))})\b.*$", re.IGNORECASE)
_CONTRACTED: Final = re.compile(r"'(?:re|m|ll|ve|d|s)$")
# What is greeted by such a word and is nobody.
_NO_GREETED: Final = frozenset(
    words("""
    ms mr mrs dr miss there team all everyone sir madam customer support maam ma'am folks guys agent
    service god goodness monday tuesday wednesday thursday friday saturday sunday then bye goodbye hello
    """)
)


def english_names(text: Folded) -> Iterator[Span]:
    """Names that somebody says are one, those behind a title, and those that are greeted."""
    if not text.has_latin:
        return
    plain = text.plain
    for pattern in (_BOLD, _RELATED, _SPEAKING, _SHY, _HERE, _TITLED, _GREETED):
        for found in pattern.finditer(plain):
            yield from _name(found.start("n"), found["n"], shy=pattern in (_RELATED, _SHY, _GREETED, _HERE))


def _name(start: int, said: str, *, shy: bool) -> Iterator[Span]:
    words = _STOPS.sub("", said)
    first = words.split()[0].casefold().rstrip(".,")
    if (
        first in _NO_NAMES
        or _CONTRACTED.search(first)
        or (shy and first in _NO_GREETED)
        or (shy and not words[0].isupper())
    ):
        return
    if any(char.isupper() for char in words):
        words = _capitals(words)
    if words:
        yield Span("name", start, start + len(words), " ".join(words.casefold().split()))


def _capitals(words: str) -> str:
    """Where a name is written with capitals, what follows in small letters does not belong to it."""
    kept: list[str] = []
    for word in words.split(" "):
        if not word[:1].isupper() and kept:
            break
        kept.append(word)
    return " ".join(kept).rstrip(".,")


def parts_to_find(name: str) -> tuple[str, ...]:
    """What to look for elsewhere once a name is known: all of it, and each part that is no word as well."""
    parts = [part for part in name.split() if len(part) >= 3 and part[0].isupper() and part not in _COMMON]
    whole = [name] if len(name.split()) > 1 else []
    return tuple(dict.fromkeys([*whole, *parts]))
