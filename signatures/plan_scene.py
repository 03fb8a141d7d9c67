"""Role play, the planner: what has happened to this customer, and what do they want?"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import dspy

from csc_dspy.taxonomy import Language, Localized

_PROFILE: Final = Localized(en="who the customer is", zh="客户是谁")
_INDUSTRY: Final = Localized(en="the line of business of the company", zh="公司所属的行业")
_TOPIC: Final = Localized(en="what the call is about", zh="来电的主题")
_DIFFICULTY: Final = Localized(en="how hard the case is to be", zh="这件事的难度")
_EVENTS: Final = Localized(
    en="what will happen during the call; usually nothing", zh="通话中将会发生的事；通常没有"
)
_OCCASIONS: Final = Localized(
    en="what the supporter should find occasion to do; often nothing", zh="要让客服有机会做到的事；常常没有"
)
_SCENE: Final = Localized(
    en="what has happened until now, told to the customer as 'you', in two to four sentences",
    zh="到来电为止发生的事，以“你”称呼客户，两到四句话",
)
_GOAL: Final = Localized(
    en="what you want from this call, in one sentence", zh="你打这个电话想达到的目的，一句话"
)
_INSTRUCTIONS: Final = Localized(
    en="""\
You invent cases for practising customer support. For the customer described, think up a case from the topic as it could \
have happened to exactly this person at such a company, and what they want when they get in touch.

- Concrete and everyday: what was bought, booked, paid, seen or said, when, and what is wrong or unknown. Nothing that a \
hundred others would tell in the same words.
- It fits the person: means, habits, skill, mood, and what they have had to do with the company.
- easy: one clear question. medium: facts are missing or there is a snag. hard: the customer is upset, the wish is partly \
unreasonable, or rules stand against it.
- If something will happen during the call, the case must allow for it. If there is something that the supporter should \
find occasion to do, the case must call for it; never say so in words.
- Tell what the customer knows. Nothing of how the call will go, and nothing of how a supporter works.
- Placeholders in square brackets, such as [NAME], for names, numbers and addresses.""",
    zh="""\
你为客服培训设计案例。请针对所给的客户，围绕主题想出一件可能正好发生在他身上、与这类公司有关的事，以及他联系客服想要什么。

- 具体、日常：买了、订了、付了、看到或听到了什么，什么时候，哪里不对或不清楚。不要人人都说得出的泛泛之事。
- 符合人物：经济条件、习惯、能力、情绪，以及与公司以往的来往。
- 简单：一个明确的问题；中等：缺少信息或有点麻烦；困难：客户情绪激动，要求有一部分不合理，或规定不允许。
- 通话中将会发生的事，案例要留出余地；要让客服有机会做到的事，案例要引得出来，但不要明说。
- 只写客户知道的，不写通话会怎样进行，也不写客服怎么工作。
- 姓名、号码、地址用方括号占位，如[姓名]。""",
)


@lru_cache(maxsize=8)
def plan_scene(language: Language) -> type[dspy.Signature]:
    """Profile, industry, topic, difficulty, events, occasions → scene, goal."""
    inputs = {
        "industry": _INDUSTRY,
        "topic": _TOPIC,
        "difficulty": _DIFFICULTY,
        "profile": _PROFILE,
        "events": _EVENTS,
        "occasions": _OCCASIONS,
    }
    fields: dict[str, tuple[Any, Any]] = {
        name: (str, dspy.InputField(desc=text[language])) for name, text in inputs.items()
    }
    for name, text in (("scene", _SCENE), ("goal", _GOAL)):
        fields[name] = (str, dspy.OutputField(desc=text[language]))
    return dspy.Signature(fields, _INSTRUCTIONS[language], signature_name="PlanScene")
