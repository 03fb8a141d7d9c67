"""A language model that rewrites calls: what it says follows from what it is asked.

A call says in its second turn what is to happen to it, as ``matter: abuse``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from csc_dspy.signatures import OUTCOME_CRITERIA, PREFILTER_CRITERIA, QUALITY_CRITERIA, Criterion
from csc_dspy.taxonomy import Language, Strategy, Taxonomy, load_taxonomy
from tests.support.behaviours import Behaviour

_FIELD: Final = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with )", re.DOTALL)
_OUTPUT: Final = re.compile(r"`\[\[ ## (\w+) ## \]\]`")
_SAID: Final = re.compile(r"(?:\d+\. )?(客服|客户|Supporter|Customer)(?:【[^】]*】| \[[^\]]*\])?[：:] ?(.*)")
_MATTER: Final = re.compile(r"matter: ([a-z-]+)")
_AGREED: Final = "好的 / well"

UNMET: Final = {
    "abuse": "no_abuse",
    "impatience": "patient",
    "indifference": "caring",
    "unfinished": "complete",
    "untrue": "strategy_true",
    "noise": "no_third_party",
    "mixed": "one_strategy",
}
"""Which criterion a call does not meet, by its matter."""

_TURNS: Final[dict[Language, tuple[str, ...]]] = {
    "zh": (
        "客服：您好，请问有什么可以帮您？",
        "客户：你好，我想问一下 matter: {matter}，第{n}单被多扣了{amount}块。",
        "客服：麻烦报一下您登记的手机号码。",
        "客户：号码是1380013{n:04}，你看一下。",
        "客服：查到了，{amount}元是三月十五号扣的。",
        "客户：对，就是那天下午三点半扣的。",
        "客服：这笔是百分之五的手续费。",
        "客户：可是没有人跟我说过这个手续费。",
        "客服：我帮您申请退回，3到5天到账。",
        "客户：好的，那就麻烦你帮我申请。",
        "客服：已经申请好了，感谢您的来电，再见。",
        "客户：谢谢你，再见，辛苦了。",
    ),
    "en": (
        "Agent: Good morning, how can I help?",
        "Customer: Hi, it is about matter: {matter}, order {n} was charged {amount} dollars too much.",
        "Agent: May I have the phone number on the account?",
        "Customer: It is 415-555-{n:04}, have a look.",
        "Agent: I see it, ${amount} were charged on March 15 at 3:30 PM.",
        "Customer: Right, that was when I noticed it.",
        "Agent: It is the five percent service fee.",
        "Customer: But nobody has ever told me about a fee.",
        "Agent: I will ask for a refund, it takes 3 to 5 days.",
        "Customer: All right, please do that for me.",
        "Agent: It is done, thank you for calling, goodbye.",
        "Customer: Thank you very much, goodbye then.",
    ),
}


def call(matter: str, number: int, language: Language = "zh") -> str:
    """A raw call of twelve turns."""
    return "".join(
        f"{turn.format(matter=matter, n=2000 + number, amount=300 + number)}\n" for turn in _TURNS[language]
    )


def calls(matters: Iterable[str], languages: tuple[Language, ...] = ("zh", "en")) -> str:
    """Raw calls, one after the other, in turns of the languages."""
    return "\n".join(
        call(matter, number, languages[number % len(languages)]) for number, matter in enumerate(matters)
    )


@dataclass
class RewritingPupil:
    """Answers every question of the construction; ``asked`` counts them by their first output."""

    taxonomy: Taxonomy = field(default_factory=load_taxonomy)
    asked: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    """How often each question was asked, word for word."""

    def behaviour(self, **more: Any) -> Behaviour:  # noqa: ANN401  fields of a behaviour, each with its own type
        """For the server."""
        return Behaviour(reply=self.reply, **more)

    def reply(self, asked: Mapping[str, Any]) -> str:
        """The answer to a chat-completions request."""
        messages = [each["content"] for each in asked["messages"] if each["role"] == "user"]
        self.seen[json.dumps(asked["messages"])] += 1
        # Where an answer could not be read, the question stands before the request for another.
        question = messages[0]
        inputs = dict(_FIELD.findall(question))
        outputs = _OUTPUT.findall(question.rpartition("Respond with ")[2])
        self.asked[outputs[0]] += 1
        return _written(self._values(outputs, inputs))

    def _values(self, outputs: list[str], inputs: Mapping[str, str]) -> dict[str, str]:
        if "rewriting" in outputs:
            return {"rewriting": self._rewriting(inputs)}
        if "stage" in outputs:
            turns = inputs["conversation"].count("\n") // 4
            return {"stage": self.taxonomy.stages[min(turns, len(self.taxonomy.stages) - 1)].id}
        text = inputs.get("conversation") or inputs["rewriting"]
        unmet = UNMET.get(_matter(text))
        if _matter(text) == "other-outcome" or (_matter(text) == "mend-outcome" and _AGREED not in text):
            unmet = "same_outcome"
        criteria = [*PREFILTER_CRITERIA, *QUALITY_CRITERIA, *OUTCOME_CRITERIA]
        return _verdicts([each for each in criteria if each.id in outputs], unmet, text)

    def _rewriting(self, inputs: Mapping[str, str]) -> str:
        said = _SAID.findall(inputs["conversation"])
        matter, again = _matter(inputs["conversation"]), "draft" in inputs
        if matter == "garbled" or (matter, again) in {("mend-form", False), ("changed-then-garbled", True)}:
            return "I would rather not.\nReally."
        if matter.startswith("changed") or (matter == "mend-meaning" and not again):
            said = [(who, text.replace("15", "16").replace("十五", "十六")) for who, text in said]
        if matter == "lost-placeholder":
            said = [(who, re.sub(r"\[(?:电话|PHONE_)1\]", "…", text)) for who, text in said]
        if matter == "brief":
            said = [(who, " ".join(t for w, t in said if w == who)) for who in (said[0][0], said[1][0])]
        if matter == "lengthy":
            said = [*said[:-2], *(said[-2:] * 25)]
        lines = list(self._lines(said, greets=matter != "abrupt", prefix=_AGREED if again else ""))
        notice = ["系统：通话已结束"] if matter == "notice" else []
        return "\n".join([*lines, *notice])

    def _lines(self, said: list[tuple[str, str]], *, greets: bool, prefix: str) -> Iterable[str]:
        supporters = [place for place, (who, _) in enumerate(said) if who in {"客服", "Supporter"}]
        for place, (who, text) in enumerate(said):
            if place not in supporters:
                yield f"{who}: {prefix}{text}"
                continue
            label = self._strategy(supporters.index(place), len(supporters), greets=greets)
            name = label.name["zh" if who == "客服" else "en"]
            yield f"{who}【{name}】：{prefix}{text}"

    def _strategy(self, place: int, count: int, *, greets: bool) -> Strategy:
        """Greeting, identity check, …, closure in COPC."""
        strategies = self.taxonomy.strategies
        if place == count - 1:
            return strategies[-2]
        if place == 0 and not greets:
            return strategies[1]
        return strategies[place % len(strategies)]


def _matter(text: str) -> str:
    found = _MATTER.search(text)
    return found[1] if found else "fine"


def _verdicts(criteria: Iterable[Criterion], unmet: str | None, text: str) -> dict[str, str]:
    yes, no = ("是", "否") if "客服" in text else ("yes", "no")
    values: dict[str, str] = {}
    for each in criteria:
        values[each.reason] = f"turn 2 says so of {each.id}"
        values[each.id] = no if each.id == unmet else yes
    return values


def _written(fields: Mapping[str, str]) -> str:
    body = "".join(f"[[ ## {name} ## ]]\n{text}\n\n" for name, text in fields.items())
    return f"{body}[[ ## completed ## ]]"
