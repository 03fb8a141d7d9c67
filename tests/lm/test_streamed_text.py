"""The streamed text of a field is the text of the field, however the answer is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.lm.streaming import FieldText

ANSWER = (
    "Well.\n[[ ## stage ## ]]\nIdentifying\n\n[[ ## response ## ]]\n"
    "  请报一下[手机号码]，[[好]]吗？ [[ ## no\n## 第二行 \n\n[[ ## completed ## ]]\n"
)
RESPONSE = "请报一下[手机号码]，[[好]]吗？ [[ ## no\n## 第二行"


def streamed(pieces: list[str], field: str = "response") -> list[str]:
    text = FieldText(field)
    return [*(text.feed(piece) for piece in pieces), text.rest()]


def cut(text: str, places: set[int]) -> list[str]:
    ends = sorted(place % (len(text) + 1) for place in places)
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


@given(st.sets(st.integers(0, 10_000), max_size=40))
def test_any_cutting_gives_the_same_text(places: set[int]) -> None:
    assert "".join(streamed(cut(ANSWER, places))) == RESPONSE


def test_text_comes_as_soon_as_it_is_certain() -> None:
    pieces = streamed(["[[ ## response ## ]]\nHello", " there, [", "NAME]. How", " are you?"])
    assert pieces == ["Hello", " there,", " [NAME]. How", " are you?", ""]


@pytest.mark.parametrize(
    "end", ["", "\n", "\n\n[[ ## comp", "[[ ## completed ## ]]", "\n\n[[ ## stage ## ]]\nx"]
)
def test_what_follows_the_text_is_not_part_of_it(end: str) -> None:
    text = "".join(streamed(["[[ ## response ## ]]\nHello.", end]))
    assert text.startswith("Hello.")
    assert "completed ##" not in text
    assert "stage" not in text


def test_other_fields_are_not_shown() -> None:
    assert "".join(streamed([ANSWER], field="strategy")) == ""
