"""Rules for the twelve strategies after COPC, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from csc_dspy.auditing.rules._base import Place, Rule
from csc_dspy.auditing.rules.cues import shows, strategies_of_sentences
from csc_dspy.taxonomy import Localized

_Holds = Callable[[Place], bool]
_ENDING: Final = ("appreciation_closure", "relationship_continuation", "feedback_request", "others")
_HANDLING: Final = ("resolution_implementation", "providing_suggestions", "information_delivery")


def late_greeting(place: Place) -> bool:
    """A greeting after the opening."""
    return place.labelled("greeting") and len(place.earlier) > 1


def unlabelled_opening(place: Place) -> bool:
    """The first words are those of a greeting, and nothing else is in them."""
    first = not place.earlier and not place.labelled("greeting")
    only = strategies_of_sentences(place.turn.text, place.language) <= {"greeting"}
    return first and only and shows("hello", place.turn.text, place.language)


def early_closing(place: Place) -> bool:
    """A farewell, and then the talk goes on about the matter."""
    goes_on = sum(each is not None and each.id not in _ENDING for each in place.later)
    return place.labelled("appreciation_closure") and goes_on > 0


def unlabelled_closing(place: Place) -> bool:
    """The last words say goodbye."""
    named = place.labelled("appreciation_closure", "relationship_continuation")
    return not place.later and not named and shows("farewell", place.turn.text, place.language)


def early_feedback(place: Place) -> bool:
    """A result is asked for before anything has been done."""
    done = any(each is not None and each.id in _HANDLING for each in place.earlier)
    return place.labelled("feedback_request") and not done


def two_strategies(place: Place) -> bool:
    """Sentences of one turn do different things."""
    return len(strategies_of_sentences(place.turn.text, place.language)) > 1


def _lacks(strategy: str, *acts: str) -> _Holds:
    """A turn of this strategy without a word of any of the acts."""

    def holds(place: Place) -> bool:
        if not place.labelled(strategy):
            return False
        return not any(shows(act, place.turn.text, place.language) for act in acts)

    return holds


# By rolecs-sample: the log of how much more often a rule holds for labels changed at random than for those
# given, the lower of the two languages, and 3 at most. Chance does not make two strategies of one turn, so
# that weight could not be measured; it only keeps such turns from the end of the ranking.
COPC: Final = (
    Rule("late_greeting", 3.0, Localized(en="a greeting in the middle", zh="对话中途才问候"), late_greeting),
    Rule(
        "unlabelled_opening",
        3.0,
        Localized(en="the first words only greet", zh="开场白只是问候"),
        unlabelled_opening,
    ),
    Rule(
        "early_closing",
        3.0,
        Localized(en="a farewell after which the matter goes on", zh="告别之后又继续谈正事"),
        early_closing,
    ),
    Rule(
        "unlabelled_closing",
        3.0,
        Localized(en="the last words take leave", zh="最后一句是道别"),
        unlabelled_closing,
    ),
    Rule(
        "early_feedback",
        2.5,
        Localized(en="asks about a result before anything was done", zh="事情还没办就请客户反馈"),
        early_feedback,
    ),
    Rule(
        "no_greeting",
        1.0,
        Localized(en="a greeting without any words of welcome", zh="标为问候，却没有问候的话"),
        _lacks("greeting", "hello"),
    ),
    Rule(
        "no_personal_data",
        2.5,
        Localized(en="an identity check that asks for no personal data", zh="标为确认身份，却没有问个人信息"),
        _lacks("identity_verification", "personal_data"),
    ),
    Rule(
        "no_question",
        3.0,
        Localized(en="a question is meant, and none is asked", zh="标为提问，却没有问句"),
        _lacks("problem_refinement", "question"),
    ),
    Rule(
        "no_feeling",
        0.8,
        Localized(en="comfort without a word about a feeling", zh="标为情感管理，却没有安抚的话"),
        _lacks("emotional_management", "feeling"),
    ),
    Rule(
        "no_advice",
        0.7,
        Localized(en="advice without anything to do in it", zh="标为提供建议，却没有可做的事"),
        _lacks("providing_suggestions", "advice"),
    ),
    Rule(
        "nothing_done",
        0.6,
        Localized(en="nothing in it is done or under way", zh="标为解决实施，却没有在办的事"),
        _lacks("resolution_implementation", "under_way"),
    ),
    Rule(
        "no_feedback_asked",
        2.0,
        Localized(en="feedback is meant, and nothing is asked", zh="标为反馈请求，却什么也没问"),
        _lacks("feedback_request", "question"),
    ),
    Rule(
        "no_future",
        2.0,
        Localized(en="nothing in it is about later", zh="标为关系延续，却没有提到以后"),
        _lacks("relationship_continuation", "future", "farewell"),
    ),
    Rule(
        "no_farewell",
        2.5,
        Localized(en="a closing without thanks or farewell", zh="标为感谢与告别，却没有致谢或道别"),
        _lacks("appreciation_closure", "farewell"),
    ),
    Rule(
        "two_strategies",
        0.3,
        Localized(en="one turn does the work of two strategies", zh="一轮里用了不止一种策略"),
        two_strategies,
    ),
)
