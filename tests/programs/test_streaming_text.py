"""However an answer looks and is cut, the streamed text is the text that is read in the end."""

from __future__ import annotations

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.exceptions import AnswerError
from csc_dspy.lm.parsing import read_answer
from csc_dspy.lm.streaming import FieldText


class Answered(dspy.Signature):
    """A response among other fields, none of which has to be there."""

    question: str = dspy.InputField()
    mood: str = dspy.OutputField(default="calm")
    response: str = dspy.OutputField(default="")


FRAGMENTS = [
    *(
        "[[ ## response ## ]]",
        "[[ ## mood ## ]]",
        "[[ ## completed ## ]]",
        "[[##Response##]]",
        "[[ ## COMPLETED ## ]]",
    ),
    *("\n", "\n\n", " ", "\u3000", "\t", "\r\n", "**", "> ", "`", "*", "_"),
    *("[", "[[", "]]", "##", "[[ ## ", " ## ]]", "Hello.", "好的，", "[NAME]", "[[客户]]"),
]
answers = st.lists(st.sampled_from(FRAGMENTS), max_size=16).map("".join)


def read(answer: str) -> str:
    """The response as it is read in the end; nothing where that is an error."""
    try:
        return str(read_answer(Answered, answer)["response"])
    except AnswerError:
        return ""


def streamed(answer: str, places: set[int]) -> str:
    ends = sorted(place % (len(answer) + 1) for place in places)
    text = FieldText("response")
    pieces = [answer[a:b] for a, b in zip([0, *ends], [*ends, len(answer)], strict=True)]
    return "".join([*(text.feed(piece) for piece in pieces), text.rest()])


@given(answers, st.sets(st.integers(0, 1000), max_size=30))
def test_the_streamed_text_is_the_text(answer: str, places: set[int]) -> None:
    assert streamed(answer, places) == read(answer)


@given(answers)
def test_letter_by_letter(answer: str) -> None:
    assert streamed(answer, set(range(len(answer)))) == read(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "**[[ ## response ## ]]**\nHello.\n\n**[[ ## completed ## ]]**",
        "> [[ ## response ## ]]\n> Hello.\n\n> [[ ## completed ## ]]",
        "[[ ## response ## ]]\nHello. [[ ## completed ## ]]",
        "[[ ## response ## ]] Hello.\n[[ ## response ## ]]\nNever mind.",
    ],
)
def test_layout_is_never_shown(answer: str) -> None:
    assert streamed(answer, set(range(len(answer)))).lstrip("> ") == "Hello."


def test_whether_anything_was_shown_is_known() -> None:
    text = FieldText("response")
    assert text.feed("[[ ## response ## ]]\n") == ""
    assert not text.shown
    assert text.feed("Hi") == "Hi"
    assert text.shown


def test_an_endless_run_of_blanks_is_no_trouble() -> None:
    text = FieldText("response")
    text.feed("[[ ## response ## ]]\n")
    assert text.feed(" " * 200_000 + "x" + "[" * 20_000 + " " * 200_000) == "x" + "[" * 19_998
