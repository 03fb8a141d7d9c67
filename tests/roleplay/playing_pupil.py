"""A language model that plays every role: what it says follows from what it is asked, word for word."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from csc_dspy.signatures import ROLE_PLAY_CRITERIA
from csc_dspy.taxonomy import Language
from tests.support.behaviours import Behaviour

_FIELD: Final = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with )", re.DOTALL)
_OUTPUT: Final = re.compile(r"`\[\[ ## (\w+) ## \]\]`")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")

_ENGLISH: Final = (
    "river lamp ticket garden monday parcel blue window seven bicycle carpet harbour letter "
    "sugar engine cousin winter pocket silver market doctor candle bridge orange cotton violin "
    "ladder butter kettle meadow button ribbon copper saddle basket tunnel pepper walnut anchor "
    "feather "
)
_CHINESE: Final = (
    "河流 台灯 车票 花园 周一 包裹 蓝色 窗户 七月 单车 地毯 港口 信件 白糖 发动机 "
    "表姐 冬天 口袋 银色 集市 医生 蜡烛 石桥 橙子 棉布 提琴 梯子 黄油 水壶 草地 "
    "纽扣 丝带 铜器 马鞍 篮子 隧道 胡椒 核桃 船锚 羽毛 "
)
_WORDS: Final[dict[Language, list[str]]] = {"en": _ENGLISH.split(), "zh": _CHINESE.split()}

Choose = Callable[[Sequence[str], int], str]
"""A strategy, from those allowed and how many turns there are."""


def any_allowed(allowed: Sequence[str], turns: int) -> str:
    """One after the other."""
    return allowed[turns // 2 % len(allowed)]


@dataclass
class PlayingPupil:
    """Plays every role and judges."""

    choose: Choose = any_allowed
    leaves_after: int = 14
    """The customer is done once there are so many turns."""
    over: Mapping[bool, str] | None = None
    """How it says whether the customer is done."""
    unmet: Callable[[str], bool] = lambda _question: False
    """Whether the judge finds a fault."""
    asked: Counter[str] = field(default_factory=Counter)
    """How often it was asked for what, by the first output."""
    seen: Counter[str] = field(default_factory=Counter)
    """How often every question came, word for word and by its seed."""

    def behaviour(self, **more: Any) -> Behaviour:  # noqa: ANN401  what a behaviour takes
        """For the server."""
        return Behaviour(reply=self.reply, **more)

    def reply(self, body: Mapping[str, Any]) -> str:
        """The answer to a chat-completions request."""
        # Before it may be demonstrations, behind it an answer that could not be read.
        users = [each["content"] for each in body["messages"] if each["role"] == "user"]
        question = next(each for each in reversed(users) if _OUTPUT.search(each))
        outputs = [
            name for name in _OUTPUT.findall(question.rpartition("Respond with")[2]) if name != "completed"
        ]
        inputs = dict(_FIELD.findall(question))
        self.asked[outputs[0]] += 1
        self.seen[f"{body.get('seed')} {question} {len(body['messages'])}"] += 1
        answer = _Answer(self, inputs, f"{body.get('seed')} {question}")
        return (
            "".join(f"[[ ## {name} ## ]]\n{answer.of(name)}\n\n" for name in outputs)
            + "[[ ## completed ## ]]"
        )


class _Answer:
    def __init__(self, pupil: PlayingPupil, inputs: Mapping[str, str], content: str) -> None:
        self._pupil = pupil
        self._inputs = inputs
        self._content = content
        told = " ".join(inputs.values())
        self._language: Language = "zh" if _HAN.search(told) else "en"

    @property
    def _turns(self) -> int:
        said = self._inputs.get("conversation", "").strip()
        return len(said.splitlines())

    def of(self, name: str) -> str:
        if name == "strategy":
            return self._pupil.choose(allowed_in(self._inputs["allowed"]), self._turns)
        if name == "over":
            spelled = self._pupil.over or self._yes_or_no
            return spelled[self._turns >= self._pupil.leaves_after]
        if name in {each.id for each in ROLE_PLAY_CRITERIA}:
            return self._yes_or_no[not self._pupil.unmet(self._content)]
        return self._sentence(name)

    @property
    def _yes_or_no(self) -> Mapping[bool, str]:
        return {True: "是", False: "否"} if self._language == "zh" else {True: "yes", False: "no"}

    def _sentence(self, name: str) -> str:
        digest = hashlib.sha256(f"{name} {self._content}".encode()).digest()
        words = [_WORDS[self._language][byte % 40] for byte in digest[:8]]
        if self._language == "zh":
            return f"{''.join(words)}。"
        return f"{' '.join(words).capitalize()}."


def allowed_in(text: str) -> list[str]:
    """The strategies that a question allows."""
    names = text.rpartition("从下列策略中选：" if "从下列策略中选：" in text else "Choose one of: ")[2]
    return [name.strip() for name in re.split(r"、|, ", names)]
