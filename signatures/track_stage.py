"""Which stage does the supporter's coming turn belong to?"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dspy

from csc_dspy.taxonomy import Language, Localized, Taxonomy

from . import _fields
from ._shown import DEFAULT, Shown, stage_guide

_INSTRUCTIONS: Final = Localized(
    en="""\
You supervise a customer support desk. Read the conversation so far and say which stage the supporter's coming \
turn belongs to.

The stages, in order:
{stages}

How to decide:
- Go by what the conversation has reached, not by how many turns it has had.
- A conversation moves forward. Go back one stage only if the customer raises something new or what was \
understood turns out to be wrong; a late identity check or a word of comfort does not change the stage.
- Before anybody has spoken the conversation is in the first stage.""",
    zh="""\
你是客服中心的质检主管。请阅读到目前为止的对话，判断客服下一轮发言所处的阶段。

各阶段按先后顺序如下：
{stages}

判断方法：
- 看对话实际进展到哪一步，不看已经说了多少轮。
- 对话总体向前推进。只有客户提出新问题，或者发现之前理解有误，才退回一个阶段；中途补核身份、安慰客户，阶段不变。
- 还没有人开口时，处于第一个阶段。""",
)


@lru_cache(maxsize=64)
def track_stage(taxonomy: Taxonomy, language: Language, shown: Shown = DEFAULT) -> type[dspy.Signature]:
    """Conversation [, stage so far] → stage."""
    return dspy.Signature(
        {
            "conversation": _fields.conversation(language),
            **({"stage_so_far": _fields.stage_so_far(language)} if shown.stage_so_far else {}),
            "stage": _fields.stage(taxonomy, language),
        },
        _INSTRUCTIONS[language].format(stages=stage_guide(taxonomy.stages, language, shown)),
        signature_name="TrackStage",
    )
