"""Output fields that hold a yes or a no, spelled in the prompt's language."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from csc_dspy.exceptions import LabelError
from csc_dspy.taxonomy import Language

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

NAMES: Final[dict[Language, tuple[str, str]]] = {"en": ("yes", "no"), "zh": ("是", "否")}
"""How a field spells yes and no."""

_YES: Final = (
    *("yes", "y", "true", "1", "1.0", "1/1", "1分", "pass", "passed", "met", "satisfied"),
    *("是", "是的", "对", "真", "通过", "合格", "符合", "满足", "达标", "达到", "√", "✓", "✔", "✅"),
)
_NO: Final = (
    *(
        "no",
        "n",
        "false",
        "0",
        "0.0",
        "0/1",
        "0分",
        "fail",
        "failed",
        "not met",
        "not satisfied",
        "unsatisfied",
    ),
    *("否", "不是", "不", "错", "假", "不通过", "未通过", "不合格", "不符合", "不满足", "未满足"),
    *("不达标", "未达标", "未达到", "×", "✗", "✘", "❌"),
)
_READ: Final[dict[str, bool]] = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}

_PREFIX: Final = re.compile(r"^(?:verdict|answer|score|result|判断|结论|评分|得分|答案|结果)\s*[:=]\s*")
_DRESS: Final = " \t*_#>`'\"“”‘’「」【】[](){}.。!"
# What follows a verdict may be its explanation, but only behind a stop: "no problems" says the opposite of
# "no, problems", and "1. First" or "1/5" are no ones.
_EXPLAINED: Final = re.compile(
    r"([^\W\d]+(?: [^\W\d]+)?|[√✓✔✅×✗✘❌])[*_`'\"”’」】]*(?:\s*[,.;:!。、(\n]|\s+[-–—]).*", re.DOTALL
)
_LONGEST_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verdict field may hold. It travels in the field's metadata, like `Labels`."""

    language: Language

    @property
    def names(self) -> tuple[str, ...]:
        """The allowed spellings, yes first."""
        return NAMES[self.language]

    def normalise(self, text: str) -> str:
        """The allowed spelling of a verdict written in any usual way; LabelError if it is none."""
        yes, no = self.names
        return yes if parse_verdict(text) else no

    def named_in(self, text: str) -> tuple[str, ...]:  # noqa: ARG002  asked for by whoever reads labels
        """None: a yes or a no inside a sentence may well be denied there."""
        return ()

    def annotation(self) -> Any:  # noqa: ANN401  there is no type of types like this one
        """The type of a field that holds a verdict."""
        return Annotated[Literal.__getitem__(self.names), self]


def verdict_of(field: FieldInfo) -> Verdict | None:
    """The verdict that an output field holds, or None for any other field."""
    return next((each for each in field.metadata if isinstance(each, Verdict)), None)


def parse_verdict(text: str) -> bool:
    """``yes``, ``No.``, ``False``, ``1``, ``是的``, ``不满足：…`` as true or false; LabelError for all else."""
    plain = _PREFIX.sub("", unicodedata.normalize("NFKC", text).casefold().strip(_DRESS), count=1)
    explained = _EXPLAINED.fullmatch(plain.lstrip(_DRESS))
    found = _READ.get(plain.strip(_DRESS))
    if found is None and explained:
        found = _READ.get(explained[1])
    if found is None:
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
        raise LabelError(f"{shown!r} is neither yes nor no", remedy="answer yes or no")
    return found
