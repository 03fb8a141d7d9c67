"""Why a label is in doubt, in one sentence of the conversation's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from csc_dspy.auditing.suspects import Doubt, Evidence
from csc_dspy.taxonomy import Language, Localized, Strategy, Taxonomy

_CLAUSE: Final = re.compile(r"(?<=[.;。；])\s*")
_SENTENCE: Final = re.compile(r"(?<=[.。])\s*")
_CLASSIFIER: Final = Localized(
    en="a classifier of the other dialogues gives {likely} {more:.0%} and {given} {less:.0%}",
    zh="由其它对话训练的分类器认为{likely}的概率为{more:.0%}，{given}为{less:.0%}",
)
_NEAR: Final = Localized(
    en="{other} of {all} turns that say nearly the same are labelled {label}",
    zh="{all}句几乎相同的话里，有{other}句标为{label}",
)
_LIKELY: Final = Localized(
    en="{likely} rather than {given}: {because}", zh="更像{likely}而不是{given}：{because}"
)
_DOUBTFUL: Final = Localized(en="{given} is in doubt: {because}", zh="{given}存疑：{because}")
_APART: Final = Localized(en="; what tells them apart: {distinction}", zh="；区别在于：{distinction}")
_BETWEEN: Final = Localized(en="; ", zh="；")
_END: Final = Localized(en=".", zh="。")
_QUOTED: Final = Localized(en="{}", zh="“{}”")


def quoted(name: Localized, language: Language) -> str:
    """The name of a label inside a sentence."""
    return _QUOTED[language].format(name[language])


def of_classifier(doubt: Doubt, language: Language) -> str:
    """What the classifier says."""
    return _CLASSIFIER[language].format(
        likely=quoted(doubt.likely.name, language),
        given=quoted(doubt.given.name, language),
        more=doubt.probabilities[doubt.likely],
        less=doubt.probabilities[doubt.given],
    )


def of_near_duplicates(others: int, all_: int, label: Strategy, language: Language) -> str:
    """What turns say that say nearly the same."""
    return _NEAR[language].format(other=others, all=all_, label=quoted(label.name, language))


def sentence(doubt: Doubt, evidence: Sequence[Evidence], taxonomy: Taxonomy, language: Language) -> str:
    """Which label is more likely, by what evidence, and what tells the two apart."""
    given, likely = doubt.given, doubt.likely
    whole = (_LIKELY if doubt.is_outdone else _DOUBTFUL)[language].format(
        likely=quoted(likely.name, language),
        given=quoted(given.name, language),
        because=_BETWEEN[language].join(each.says for each in evidence),
    )
    if isinstance(given, Strategy) and isinstance(likely, Strategy):
        whole += _APART[language].format(distinction=distinction(given, likely, taxonomy, language))
    return f"{whole}{_END[language]}"


def distinction(given: Strategy, likely: Strategy, taxonomy: Taxonomy, language: Language) -> str:
    """The part of the taxonomy's distinctions that is about both, or what sets the likelier one apart."""
    for one, other in ((given, likely), (likely, given)):
        for clause in _CLAUSE.split(one.distinction[language]):
            if other in taxonomy.strategies_named_in(clause):
                return _bare(clause)
    return _bare(_SENTENCE.split(likely.distinction[language])[0])


def _bare(clause: str) -> str:
    return clause.strip().rstrip(".;。；")
