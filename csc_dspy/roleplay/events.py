"""What happens during a talk besides talking: the events of a task, and the whims of its customer.

All of it follows from the task and the turns so far: a talk that is taken up again goes on as it would have.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from csc_dspy.conversations import Turn
from csc_dspy.roleplay._base import Difficulty, Event, Task
from csc_dspy.roleplay.rules import Parts
from csc_dspy.taxonomy import Localized, Taxonomy

NOTHING: Final = Localized(en="nothing", zh="无")
_OUTAGE_LASTS: Final = 2
"""Supporter turns."""
_WHIMSICAL: Final[dict[Difficulty, float]] = {"easy": 0.0, "medium": 0.06, "hard": 0.14}
"""How likely a customer's turn is to be out of the ordinary."""

TOLD: Final[dict[Event, Localized]] = {
    "identity_refused": Localized(
        en="asked for personal data, the customer refuses to give it", zh="被要求提供个人信息时，客户拒绝提供"
    ),
    "transfer": Localized(
        en="the supporter has to hand over to a colleague from another desk",
        zh="客服需要把通话转给另一部门的同事",
    ),
    "outage": Localized(en="the supporter's system fails for a while", zh="客服的系统会出故障一段时间"),
    "second_issue": Localized(
        en="once the first matter is nearly settled, the customer raises another",
        zh="第一件事快办完时，客户又提出另一件事",
    ),
}
"""What the planner hears of each."""

_REFUSED: Final = Localized(
    en="You give no personal data to someone on the line: refuse, and say why.",
    zh="你不愿意把个人信息告诉电话里的人：拒绝，并说明为什么。",
)
_REFUSED_TO_SUPPORTER: Final = Localized(
    en="The customer has not proved who they are. Look into and change nothing of theirs; say what is "
    "possible without.",
    zh="客户没有证明自己的身份。不要查看或更改客户的任何资料，说明在这种情况下能做什么。",
)
_TRANSFER: Final = Localized(
    en="This is not for your desk: tell the customer that you are handing over to a colleague who can deal "
    "with it.",
    zh="这件事不归你的部门：告诉客户，你要转给能办理的同事。",
)
_TRANSFERRED: Final = Localized(
    en="You are the colleague who has just taken over, and have been told what was said so far.",
    zh="你是刚接过来的同事，已经了解前面谈过的内容。",
)
_OUTAGE: Final = Localized(
    en="Your system has gone down: nothing can be looked up or changed until it is back.",
    zh="你的系统出了故障，恢复之前什么都查不了、改不了。",
)
_BACK: Final = Localized(en="Your system works again.", zh="你的系统恢复了。")
_SECOND: Final = Localized(
    en="Before you let the supporter go, raise a second matter of your own, something else than the first.",
    zh="先别让客服结束，再提一件你自己的事，与第一件事不同。",
)
_WHIMS: Final = (
    Localized(en="Say nothing: answer …… only.", zh="不说话，只写……。"),
    Localized(en="Demand something that no support desk can do.", zh="提一个任何客服都做不到的要求。"),
    Localized(en="Wander off to something that has nothing to do with it.", zh="扯到一件不相干的事上。"),
    Localized(
        en="You are losing patience; you may well break off the talk.",
        zh="你快没耐心了，很可能不想再说下去。",
    ),
)


@dataclass(frozen=True)
class Happenings:
    """What happens at each point of a task's talk."""

    task: Task
    taxonomy: Taxonomy

    def to_supporter(self, turns: Sequence[Turn]) -> str:
        """What the supporter has to cope with in the coming turn."""
        return self._told(self._at_the_desk(turns))

    def to_customer(self, turns: Sequence[Turn]) -> str:
        """What is special about the customer's coming turn."""
        return self._told(self._on_the_line(turns))

    def reopened(self, turns: Sequence[Turn]) -> bool:
        """Whether the customer has just raised a second matter."""
        return bool(turns) and turns[-1].speaker == "customer" and self._raises(turns[:-1])

    def _at_the_desk(self, turns: Sequence[Turn]) -> Iterator[Localized]:
        place = sum(turn.speaker == "supporter" for turn in turns)
        if "identity_refused" in self.task.events and self._asked_for_identity(turns):
            yield _REFUSED_TO_SUPPORTER
        if "transfer" in self.task.events:
            since = place - self._moment("transfer")
            yield from [_TRANSFER] * (since == 0) + [_TRANSFERRED] * (since == 1)
        if "outage" in self.task.events:
            since = place - self._moment("outage")
            yield from [_OUTAGE] * (0 <= since < _OUTAGE_LASTS) + [_BACK] * (since == _OUTAGE_LASTS)

    def _on_the_line(self, turns: Sequence[Turn]) -> Iterator[Localized]:
        if "identity_refused" in self.task.events and self._asked_for_identity(turns[-1:]):
            yield _REFUSED
        elif self._raises(turns):
            yield _SECOND
        elif (whim := self._whim(len(turns))) is not None:
            yield whim

    def _asked_for_identity(self, turns: Sequence[Turn]) -> bool:
        identity = Parts.of(self.taxonomy).identity
        return identity is not None and any(turn.strategy == identity for turn in turns)

    def _raises(self, turns: Sequence[Turn]) -> bool:
        """Once: when the talk first comes near its end, or has gone on long enough."""
        if "second_issue" not in self.task.events or not turns:
            return False
        return self._near_the_end(turns) and not self._near_the_end(turns[:-2])

    def _near_the_end(self, turns: Sequence[Turn]) -> bool:
        stages = [turn.stage.number for turn in turns if turn.stage is not None]
        late = len(self.taxonomy.stages) - 1
        return max(stages, default=1) >= late or len(stages) >= self._moment("second_issue") + 4

    def _moment(self, event: Event) -> int:
        """The supporter's turn, from 0, at which an event begins."""
        return random.Random(f"{self.task.key}/{event}").randint(3, 6)

    def _whim(self, place: int) -> Localized | None:
        rng = random.Random(f"{self.task.key}/{place}")
        return rng.choice(_WHIMS) if rng.random() < _WHIMSICAL[self.task.difficulty] else None

    def _told(self, happenings: Iterator[Localized]) -> str:
        language = self.task.language
        separator = "" if language == "zh" else " "
        return separator.join(each[language] for each in happenings) or NOTHING[language]
