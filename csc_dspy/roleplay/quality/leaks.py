"""Whether something is said aloud that belongs to the machinery: prompts, the model itself, directions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.quality._base import Checked

_THE_MODEL: Final = (
    r"\bas an? (?:ai|artificial|(?:large )?language model)\b|\bmy (?:system )?prompt\b"
    r"|\b(?:i'?m|i am) (?:just |only )?an? (?:ai|artificial intelligence|(?:large )?language model)\b"
    r"|作为(?:一个|一名|一款)?\s*(?:ai|人工智能|大?语言模型)|我(?:只?是)(?:一个|一名|一款)?\s*(?:ai|人工智能|大?语言模型)"
    r"|系统提示词|我的提示词"
)
_THE_ANSWER: Final = (
    r"^\s*(?:sure[,!. ]+)?here(?: is|'s) (?:the|my|a) (?:response|reply|next (?:turn|line)|sentence)\b"
    r"|^\s*(?:好的[，,]\s*)?(?:以下|下面)是.{0,12}(?:回复|回答|台词|对话)"
    r"|```|</?think>|\[\[\s*##|##\s*\]\]|\{\s*\"|\"\w+\"\s*:\s*[\"\[{\dtf]"
    r"|^\s*(?:response|reasoning|utterance|strategy|direction|stage|output|over|scene|goal|happening)\s*[:：]"
    r"|^\s*(?:supporter|customer|agent|assistant|user)\s*[:：]"
    r"|^\s*(?:回复|回应|策略|阶段|方向|台词|输出|推理|客服|客户|顾客|用户)\s*[:：]"
    r"|\b(?:customer_goal|(?:supporter|customer)_assistant|stage_so_far|next_strategy)\b"
)
_PROMPT: Final = re.compile(f"{_THE_MODEL}|{_THE_ANSWER}", re.IGNORECASE | re.MULTILINE)
_ACTED: Final = (
    r"\b(?:sigh|laugh|chuckl|giggl|paus(?:e|ing)|silen|nods?\b|nodding|smil|frown|whisper|shout|yell|angr|calmly"
    r"|hang(?:s|ing)? up|tone\b|typing|cough|grumbl|mutter|sob|cry|hesitat|thinking)"
    r"|叹|笑|沉默|停顿|语气|愤怒|生气|无奈|点头|摇头|挂断|皱眉|哽咽|咳嗽|迟疑|犹豫|小声|大声|不耐烦|思考|打字"
)
_INSIDE: Final = r"[^()（）\[\]【】*\n]{0,30}"
_DIRECTION: Final = re.compile(
    rf"[(（\[【*]{{1,2}}{_INSIDE}(?:{_ACTED}){_INSIDE}[)）\]】*]{{1,2}}", re.IGNORECASE
)


def leaks(checked: Checked) -> Iterator[Flaw]:
    """Nothing of a prompt, of the model or of the stage is said aloud."""
    for number, turn in enumerate(checked.conversation.dialogue, 1):
        if found := _PROMPT.search(turn.text):
            yield Flaw("leaked_prompt", f"the {turn.speaker} says {found[0].strip()[:40]!r}", number)
        # In capitals it is a placeholder.
        directions = (each[0] for each in _DIRECTION.finditer(turn.text) if not each[0].isupper())
        if direction := next(directions, None):
            yield Flaw("stage_direction", f"the {turn.speaker} says {direction[:40]!r}", number)
