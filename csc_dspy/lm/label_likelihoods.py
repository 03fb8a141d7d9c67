"""How likely each label was, from the likelihoods that a server tells of an answer's tokens.

An answer is followed token by token along the name of its label. At each token the server tells what else
might have been written there: an alternative gives its probability to the labels whose names go on that way,
in equal parts where there are several, and to none where no name does. What is left where no other label can
be reached any more belongs to the label that was answered. All of it is in bytes, because tokens may end
inside a Chinese character.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.lm.parsing import MARKER
from csc_dspy.signatures import Labels, labels_of

if TYPE_CHECKING:
    import dspy
    from dspy.lm15 import TokenLogprob, TopLogprob

Names = Mapping[bytes, str]
"""The names of labels in lower case, in any language, and the label that each stands for."""

_DRESS: Final = " \t\r\n*_>`\"'“‘「『《【()[]#:-"
"""What may stand before a label."""
_LARGEST_BYTE: Final = 255


def label_fields(signature: type[dspy.Signature]) -> dict[str, Labels]:
    """The output fields that hold a label."""
    found = {name: labels_of(field) for name, field in signature.output_fields.items()}
    return {name: labels for name, labels in found.items() if labels is not None}


def label_likelihoods(
    fields: Mapping[str, Labels], values: Mapping[str, Any], text: str, tokens: Sequence[TokenLogprob]
) -> dict[str, dict[str, float]]:
    """For each label field of an answer the probabilities of its labels, which sum to 1.

    ``values`` are what was read out of ``text``. A field is left out where the tokens tell nothing of it:
    they have no alternatives, they are not those of the text, or the label is not called by its name.
    """
    written = b"".join(map(bytes_of, tokens))
    found = {}
    for field, labels in fields.items():
        names = names_of(labels)
        start = _start(written, *_section(text, field), names, values[field])
        likelihoods = None if start is None else followed(tokens, start, names, values[field])
        if likelihoods is not None:
            found[field] = {label: likelihoods[label] for label in labels.names}
    return found


def names_of(labels: Labels) -> Names:
    """The names of labels in both languages; each stands for the label as the prompt spells it."""
    return {
        name.encode().lower(): member.name[labels.language]
        for member in labels.members
        for name in (member.name.en, member.name.zh)
    }


def followed(
    tokens: Sequence[TokenLogprob], start: int, names: Names, answered: str
) -> dict[str, float] | None:
    """The probability of each label, where ``answered`` is named from byte ``start`` of the tokens on.

    None if no alternatives are told.
    """
    weights = dict.fromkeys(names.values(), 0.0)
    path, left, told = b"", 1.0, False
    for token, before in _from(tokens, start):
        told = told or bool(token.top)
        for longer, probability in _turnings(token, path, before):
            reached = _reached(longer, names)
            for label in reached:
                weights[label] += left * probability / len(reached)
        left *= _probability(token)
        path += bytes_of(token)[len(before) :].lower()
        if len(_reached(path, names)) <= 1:
            break
    weights[answered] += left
    total = sum(weights.values())
    # Written so that a NaN fails it too.
    return {label: weight / total for label, weight in weights.items()} if told and total > 0 else None


def bytes_of(token: TokenLogprob | TopLogprob) -> bytes:
    """What a token writes."""
    if token.bytes is None or max(token.bytes, default=0) > _LARGEST_BYTE:
        return token.token.encode("utf-8", "surrogatepass")
    return bytes(token.bytes)


def _from(tokens: Sequence[TokenLogprob], start: int) -> Iterator[tuple[TokenLogprob, bytes]]:
    """The tokens from a byte on; with each, what of it stands before that byte."""
    begin = 0
    for token in tokens:
        written = bytes_of(token)
        if begin + len(written) > start:
            yield token, written[: max(start - begin, 0)]
        begin += len(written)


def _turnings(token: TokenLogprob, path: bytes, before: bytes) -> Iterator[tuple[bytes, float]]:
    """Where the alternatives to a token lead from ``path``, and how likely each is."""
    chosen = bytes_of(token)
    for other in token.top:
        written = bytes_of(other)
        longer = path + written.lower() if path else _undressed(written.removeprefix(before)).lower()
        # One that adds nothing to the name would be followed by the same as the chosen one.
        if written != chosen and longer != path:
            yield longer, _probability(other)


def _undressed(written: bytes) -> bytes:
    text = written.decode("utf-8", "surrogateescape")
    return text.lstrip(_DRESS).encode("utf-8", "surrogateescape")


def _probability(token: TokenLogprob | TopLogprob) -> float:
    # Rounding makes some servers tell a little more than certainty.
    return math.exp(min(token.logprob, 0.0))


def _reached(path: bytes, names: Names) -> frozenset[str]:
    """The labels whose names begin with the path, or else the one whose name it has passed."""
    begun = frozenset(label for name, label in names.items() if name.startswith(path))
    if begun:
        return begun
    passed = [name for name in names if path.startswith(name) and _is_end(path[len(name) :])]
    return frozenset({names[max(passed, key=len)]}) if passed else frozenset()


def _is_end(rest: bytes) -> bool:
    """Whether no word goes on here."""
    following = rest.decode("utf-8", "ignore")[:1]
    return bool(following) and not following.isalnum()


def _section(text: str, field: str) -> tuple[bytes, bytes]:
    """The marker of a field and what stands behind it, up to the next; without it, all of the text."""
    markers = list(MARKER.finditer(text))
    ends = [*(marker.start() for marker in markers[1:]), len(text)]
    for marker, end in zip(markers, ends, strict=False):
        if (marker[1] or "").casefold() == field.casefold():
            return _encoded(marker[0]), _encoded(text[marker.end() : end])
    return b"", _encoded(text)


def _start(written: bytes, marker: bytes, value: bytes, names: Names, answered: str) -> int | None:
    """The byte in what the tokens have written where a field's value names its label; None if it does not."""
    lower = value.lower()
    named = [(lower.find(name), name) for name, label in names.items() if label == answered and name in lower]
    if not named:
        return None
    place, name = min(named)
    # The last, because servers may tell the tokens of a reasoning that went before, which drafts the answer.
    found = written.rfind(marker + value[: place + len(name)])
    return None if found < 0 else found + len(marker) + place


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
