"""The locale lock: what is proposed for a Chinese program stays Chinese, and for an English one English.

Proposers of instructions are told the language, and drift all the same: they mix languages, rename labels,
quote the customers they were shown, or answer with nothing. Such a proposal does not get into a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from csc_dspy.exceptions import LabelError
from csc_dspy.taxonomy import Language, Localized, Taxonomy

if TYPE_CHECKING:
    import dspy

    from csc_dspy.programs import Program

Flaw = Literal["empty", "too long", "form", "language", "labels", "leak"]
"""Why a text cannot be an instruction."""

_SHARE: Final = 0.75
"""The least share of a text, a Chinese character weighing as much as an English word, in its language."""
_PARAGRAPH: Final = 8
"""A paragraph of so many characters or words has to be in the language for the most part."""
_LONGEST: Final = 12_000
_QUOTED: Final[dict[Language, int]] = {"zh": 16, "en": 48}
"""So many characters in a row, blanks aside, are a quotation."""

_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'’-]+")
# Placeholders, names in code, and names of fields have no language.
_NEUTRAL: Final = re.compile(r"\[[^\[\]\n]+\]|`[^`\n]*`|\{\w+\}|\b\w+_\w+\b")
_MARKER: Final = re.compile(r"\[\[\s*##")
_ITEM: Final = re.compile(r"^\s*(?:[-*•]|\d+[.、)）])\s*(.+)$")
_NAMED: Final = re.compile(r"^[*_“\"'「【]*(.{1,60}?)[*_”\"'」】]*\s*[:：]")

TOLD: Final = Localized(
    en="The instruction is for prompts in English: write it in English only. Keep the names of labels "
    "exactly as they are, and quote nothing that a customer or supporter said.",
    zh="这段指令用于中文提示词：请只用中文写。标签名称必须一字不改，也不要引用客户或客服说过的原话。",
)
"""What proposers are told up front."""
_RESTATE: Final = Localized(
    en="The text below instructs a language model. Say it in English, completely and with the same meaning. "
    "Keep these names exactly as they are: {names}.",
    zh="下面这段文字是给语言模型的指令。请用中文完整地重新表述，意思不变。以下名称必须一字不改：{names}。",
)


def in_language(text: str, language: Language) -> bool:
    """Whether a text is written in a language, as a whole and in every longer paragraph."""
    plain = _NEUTRAL.sub(" ", text)
    own, other = _counts(plain, language)
    if own == 0 or own < _SHARE * (own + other):
        return False
    for paragraph in filter(str.strip, plain.splitlines()):
        own, other = _counts(paragraph, language)
        if other >= _PARAGRAPH and other > own:
            return False
    return True


def _counts(text: str, language: Language) -> tuple[int, int]:
    chinese, english = len(_HAN.findall(text)), len(_WORD.findall(text))
    return (chinese, english) if language == "zh" else (english, chinese)


@dataclass(frozen=True, slots=True)
class LocaleLock:
    """Says which proposed instructions may get into a program."""

    language: Language
    taxonomy: Taxonomy
    spoken: str = field(default="", repr=False)
    """All that was said in the examples that proposers were shown, without blanks."""

    @classmethod
    def of(cls, program: Program, examples: Iterable[dspy.Example] = ()) -> LocaleLock:
        """The lock of a program, whose proposers are shown ``examples``."""
        options = program.options
        return cls(options.language, options.taxonomy, "\n".join(dict.fromkeys(_said(examples))))

    def flaw(self, text: str, instead_of: str = "") -> Flaw | None:
        """What is wrong with an instruction proposed ``instead_of`` another, if anything."""
        if not text.strip():
            return "empty"
        if len(text) > max(_LONGEST, 2 * len(instead_of)):
            return "too long"
        if _MARKER.search(text):
            return "form"
        if not in_language(text, self.language):
            return "language"
        if self._renames(text):
            return "labels"
        return "leak" if self._quotes(text, instead_of) else None

    @property
    def names(self) -> tuple[str, ...]:
        """The labels, as they have to be spelled."""
        return tuple(name[self.language] for name in self._labels)

    @property
    def _labels(self) -> tuple[Localized, ...]:
        strategies = (strategy.name for strategy in self.taxonomy.strategies)
        return (*strategies, *(stage.name for stage in self.taxonomy.stages))

    def _renames(self, text: str) -> bool:
        """Whether labels have other names in it: those of the other language, or some in a list of them."""
        other: Language = "en" if self.language == "zh" else "zh"
        foreign = any(_names(text, name[other]) and name[self.language] not in text for name in self._labels)
        return foreign or any(self._mixed(items) for items in _lists(text))

    def _mixed(self, items: Sequence[str]) -> bool:
        known = sum(map(self._is_label, items))
        return 0 < len(items) - known <= known

    def _is_label(self, name: str) -> bool:
        with suppress(LabelError):
            return bool(self.taxonomy.strategy(name))
        with suppress(LabelError):
            return bool(self.taxonomy.stage(name))
        return False

    def _quotes(self, text: str, instead_of: str) -> bool:
        """Whether it quotes the examples, unless the instruction before did too."""
        width = _QUOTED[self.language]
        new, old = _squeezed(text), _squeezed(instead_of)
        pieces = (new[start : start + width] for start in range(len(new) - width + 1))
        return any(piece in self.spoken and piece not in old for piece in pieces)


def restatement(lock: LocaleLock) -> type[dspy.Signature]:
    """The task of saying an instruction in the language of the lock: instruction → restated."""
    import dspy

    names = ("、" if lock.language == "zh" else ", ").join(lock.names)
    return dspy.Signature(
        {"instruction": (str, dspy.InputField()), "restated": (str, dspy.OutputField())},
        _RESTATE[lock.language].format(names=names),
        signature_name="RestateInstruction",
    )


def _said(examples: Iterable[dspy.Example]) -> Iterator[str]:
    for example in examples:
        yield from (_squeezed(turn.text) for turn in example.history.dialogue)
        yield _squeezed(example.response)


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def _names(text: str, name: str) -> bool:
    """Whether a name occurs in a text, in its own spelling and not within another word."""
    return re.search(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", text) is not None


def _lists(text: str) -> Iterator[list[str]]:
    """The names that begin the items of each list, as in ``1. Name: what it is``."""
    items: list[str] = []
    for line in [*text.splitlines(), ""]:
        item = _ITEM.match(line)
        named = item and _NAMED.match(item[1])
        if named:
            items.append(named[1])
        elif not item and items:
            yield items
            items = []
