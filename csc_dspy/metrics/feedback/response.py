"""What is to say of a response."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from csc_dspy.metrics.feedback._sentences import joined
from csc_dspy.metrics.reading import PLACEHOLDER, Answer, Gold, in_language
from csc_dspy.metrics.text import words
from csc_dspy.taxonomy import Language, Localized

_EMPTY: Final = Localized(en="The response is empty.", zh="回复是空的。")
_LANGUAGE: Final = Localized(
    en="The response is not in English, the language of the conversation.",
    zh="回复没有使用中文，而对话是用中文进行的。",
)
_REPEATS: Final = Localized(
    en="The response repeats an earlier turn of the supporter word for word.",
    zh="回复与客服之前说过的一句话完全相同。",
)
_PLACEHOLDERS: Final = Localized(
    en="The response lacks the placeholders of the reference: {missing}.",
    zh="回复缺少参考中的占位符{missing}。",
)
_NUMBERS: Final = Localized(
    en="The response lacks the numbers of the reference: {missing}.", zh="回复缺少参考中的数字{missing}。"
)
_ASKS: Final = Localized(
    en="The response asks a question, the reference does not.", zh="回复提了问题，而参考没有提问。"
)
_DOES_NOT_ASK: Final = Localized(
    en="The reference asks a question, the response does not.", zh="参考提了问题，而回复没有提问。"
)
_LONG: Final = Localized(
    en="The response is too long: {count} words, the reference has {expected}.",
    zh="回复过长：有{count}字，参考只有{expected}字。",
)
_SHORT: Final = Localized(
    en="The response is too short: {count} words, the reference has {expected}.",
    zh="回复过短：只有{count}字，参考有{expected}字。",
)
_FIT: Final = Localized(
    en="In language, length, concrete details and asking or not, the response is like the reference.",
    zh="回复的语言、长度、具体内容以及是否提问，都与参考一致。",
)
_OTHER_STRATEGY: Final = Localized(
    en='It was written by the strategy "{given}", the reference follows "{gold}".',
    zh="回复是按策略“{given}”写的，而参考采用的是“{gold}”。",
)
_REFERENCE: Final = Localized(
    en='The reference, to which it is similar by {similarity:.0f} of 100: "{reference}"',
    zh="参考回复（相似度{similarity:.0f}，满分100）：「{reference}」",
)
_COMMA: Final = Localized(en=", ", zh="、")

_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*%?")
_QUESTION: Final = re.compile(r"[?？]")
_GROUPING: Final = re.compile(r",(?=\d{3})")
# Too long is more than so many times the words of the reference, too short the other way round; and as short
# responses are soon twice as long as others, only from so many words of difference.
_TIMES: Final = 2
_SLACK: Final = 8


def on_response(gold: Gold, answer: Answer, similarity: float) -> str:
    """What is missing from the response, or that nothing is, and the reference.

    Nothing where either is not known. ``similarity`` is that of the two, from 0 to 100.
    """
    if gold.response is None or answer.response is None:
        return ""
    language = gold.language
    return joined(
        (
            _flaws(answer.response, gold.response, gold) or _FIT[language],
            _on_strategy(gold, answer),
            _REFERENCE[language].format(similarity=similarity, reference=gold.response),
        ),
        language,
    )


def _flaws(response: str, reference: str, gold: Gold) -> str:
    language = gold.language
    if not response.strip():
        return _EMPTY[language]
    return joined(
        (
            "" if in_language(response, language) else _LANGUAGE[language],
            _REPEATS[language] if _repeats(response, gold) else "",
            _missing(_PLACEHOLDERS[language], _placeholders(response), _placeholders(reference), language),
            _missing(_NUMBERS[language], _numbers(response), _numbers(reference), language),
            _on_question(response, reference, language),
            _on_length(len(words(response)), len(words(reference)), language),
        ),
        language,
    )


def _repeats(response: str, gold: Gold) -> bool:
    return any(turn.speaker == "supporter" and words(turn.text) == words(response) for turn in gold.history)


def _missing(sentence: str, given: Iterable[str], expected: Iterable[str], language: Language) -> str:
    missing = [each for each in dict.fromkeys(expected) if each not in {*given}]
    return sentence.format(missing=_COMMA[language].join(missing)) if missing else ""


def _placeholders(text: str) -> list[str]:
    return PLACEHOLDER.findall(text)


def _numbers(text: str) -> list[str]:
    """The numbers in digits, however wide these are and grouped or not."""
    plain = unicodedata.normalize("NFKC", PLACEHOLDER.sub(" ", text))
    return [_GROUPING.sub("", number) for number in _NUMBER.findall(plain)]


def _on_question(response: str, reference: str, language: Language) -> str:
    asks, asked = bool(_QUESTION.search(response)), bool(_QUESTION.search(reference))
    if asks == asked:
        return ""
    return (_ASKS if asks else _DOES_NOT_ASK)[language]


def _on_length(count: int, expected: int, language: Language) -> str:
    if abs(count - expected) < _SLACK or max(count, expected) <= _TIMES * min(count, expected):
        return ""
    sentence = _LONG if count > expected else _SHORT
    return sentence[language].format(count=count, expected=expected)


def _on_strategy(gold: Gold, answer: Answer) -> str:
    if gold.strategy is None or answer.strategy is None or answer.strategy == gold.strategy:
        return ""
    given, expected = answer.strategy.name[gold.language], gold.strategy.name[gold.language]
    return _OTHER_STRATEGY[gold.language].format(given=given, gold=expected)
