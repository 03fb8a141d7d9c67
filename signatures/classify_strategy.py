"""Which strategy does a given supporter turn follow?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from . import _fields
from ._shown import DEFAULT, Shown, strategy_guide

_INSTRUCTIONS: Final = Localized(
    en="""\
You annotate customer support conversations. Read the conversation so far and the supporter's turn that follows \
it, and name the one strategy that turn follows.

The strategies:
{strategies}

How to decide:
- Judge what the turn does at this point of the conversation, not single words in it.
- Where a turn does two things, choose the one that carries it: a polite phrase before the substance does not count.
- Choose the catch-all only if none of the others fits.""",
    zh="""\
你负责给客服对话做标注。请阅读到目前为止的对话和客服接下来说的这句话，指出这句话采用的一个策略。

各策略如下：
{strategies}

判断方法：
- 看这句话在此刻起什么作用，不要只看个别字眼。
- 一句话里做了两件事时，选起主要作用的那一个；正题前面的客套不算。
- 只有其他策略都不合适时，才选兜底的那一类。""",
)


@lru_cache(maxsize=64)
def classify_strategy(taxonomy: Taxonomy, language: Language, shown: Shown = DEFAULT) -> type[dspy.Signature]:
    """Conversation, turn → strategy."""
    return dspy.Signature(
        {
            "conversation": _fields.conversation(language),
            "turn": _fields.turn(language),
            "strategy": _fields.strategy(taxonomy, language),
        },
        _INSTRUCTIONS[language].format(strategies=strategy_guide(taxonomy.strategies, language, shown)),
        signature_name="ClassifyStrategy",
    )
