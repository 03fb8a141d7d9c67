"""Sentences for when there is no demonstration to take one from: generic on purpose, and canned."""

from __future__ import annotations

from typing import Final

from csc_dspy.taxonomy import Language

# By the English and Chinese names of strategies; other taxonomies get the last resort unless names agree.
_SENTENCES: Final[dict[str, str]] = {
    "Greeting": "Hello, thank you for contacting us. How can I help you?",
    "Identity Verification": "Before I look into this, may I have your name and your account number?",
    "Restatement or Paraphrasing": "Let me make sure that I understand you: that is what happened?",
    "Problem Refinement": "Could you tell me a little more about it: when did it begin, and what do you see?",
    "Question": "Could you tell me a little more about what happened?",
    "Emotional Management": "I am sorry about this, and I understand that it is upsetting.",
    "Reflection of Feelings": "It sounds as if this has been hard on you.",
    "Self-disclosure": "I have been in a situation like that myself.",
    "Affirmation and Reassurance": "You have already done a lot, and you do not have to solve it alone.",
    "Providing Suggestions": "I would suggest that we go through it step by step.",
    "Information Delivery": "This is how it works in a case like yours.",
    "Information": "It may help to know that many people go through this.",
    "Resolution Implementation": "I am doing that for you now; one moment, please.",
    "Feedback Request": "Could you check whether it works for you now?",
    "Relationship Continuation": "If anything comes up later, please get in touch with us again.",
    "Appreciation and Closure": "Thank you for contacting us, and goodbye.",
    "Others": "One moment, please.",
    "礼貌问候": "您好，感谢您的来电，请问有什么可以帮您？",
    "确认身份": "为了帮您查询，请先提供一下您的姓名和账号，好吗？",
    "重述或转述": "我确认一下您的意思，您说的是这个情况，对吗？",
    "复述或转述": "我确认一下您的意思，您说的是这个情况，对吗？",
    "细化问题": "麻烦您再说得具体一些：是什么时候开始的，看到了什么提示？",
    "提问": "可以再多说一些当时的情况吗？",
    "情感管理": "非常抱歉给您带来了困扰，您的心情我理解。",
    "情感反映": "听得出来，这件事让您很难受。",
    "自我表露": "我也遇到过类似的情况。",
    "肯定与安抚": "您已经做得很好了，这件事不用一个人扛。",
    "提供建议": "建议我们一步一步来处理。",
    "信息传达": "像您这样的情况，规定是这样的。",
    "提供信息": "很多人都有过类似的经历。",
    "解决实施": "我现在就为您办理，请稍等。",
    "反馈请求": "麻烦您看一下，现在可以了吗？",
    "关系延续": "以后有任何问题，欢迎随时联系我们。",
    "感谢与告别": "感谢您的来电，祝您生活愉快，再见。",
    "其它": "好的，请您稍等。",
    "其他": "好的，请您稍等。",
}
_LAST_RESORT: Final[dict[Language, str]] = {"en": "One moment, please.", "zh": "好的，请您稍等。"}


def generic_reply(strategy: str, language: Language) -> str:
    """A sentence for a strategy by its name."""
    return _SENTENCES.get(strategy, _LAST_RESORT[language])
