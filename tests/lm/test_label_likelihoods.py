"""From the likelihoods of tokens to those of labels: worked out by hand, and what always holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from dspy.lm15 import TokenLogprob, TopLogprob
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.lm.label_likelihoods import followed, label_fields, label_likelihoods
from csc_dspy.lm.parsing import read_answer
from csc_dspy.signatures import Labels, classify_strategy, write_response
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy

COPC = load_taxonomy("copc")
ESCONV = load_taxonomy("esconv")
Likelihoods = dict[Any, float]
"""Of a token and its alternatives, by their text or bytes."""
Tree = Sequence[tuple[str | bytes, Likelihoods]]
"""The tokens that were chosen, each with what it was chosen from."""


def token(chosen: str | bytes, likelihoods: Likelihoods) -> TokenLogprob:
    top = tuple(TopLogprob(*said(each, likelihood)) for each, likelihood in likelihoods.items())
    return TokenLogprob(*said(chosen, likelihoods.get(chosen, 1.0)), top=top)


def said(text: str | bytes, likelihood: float) -> tuple[str, float, tuple[int, ...]]:
    written = text if isinstance(text, bytes) else text.encode()
    return written.decode(errors="replace"), math.log(likelihood), tuple(written)


def distribution(tree: Tree, labels: Labels, text: str | None = None) -> dict[str, float] | None:
    """That of the field ``strategy``, without what is impossible."""
    tokens = [token(*each) for each in tree]
    whole = b"".join(bytes(each.bytes or ()) for each in tokens).decode() if text is None else text
    read = labels.normalise(whole.partition("## ]]")[2].partition("[[")[0].strip())
    found = label_likelihoods({"strategy": labels}, {"strategy": read}, whole, tokens).get("strategy")
    if found is None:
        return None
    assert list(found) == list(labels.names)
    assert sum(found.values()) == pytest.approx(1)
    return {label: share for label, share in found.items() if share}


def near(expected: dict[str, float]) -> object:
    return pytest.approx(expected)


ENGLISH = Labels("strategy", COPC, "en")
CHINESE = Labels("strategy", COPC, "zh")
HEADER: Tree = [("[[ ##", {}), (" strategy", {}), (" ##", {}), (" ]]", {}), ("\n", {"\n": 0.9, "\n\n": 0.1})]
END: Tree = [("\n\n", {"\n\n": 0.8, ".": 0.2}), ("[[ ## completed ## ]]", {"[[ ## completed ## ]]": 1.0})]


def test_alternatives_belong_to_the_labels_that_they_begin() -> None:
    # Three strategies begin with Re, none with Sorry.
    likelihoods = {"Greet": 0.5, "Re": 0.3, "Oth": 0.1, " Others": 0.04, "Sorry": 0.06}
    tree = [*HEADER, ("Greet", likelihoods), ("ing", {"ing": 0.9, "s": 0.1}), *END]
    whole = 0.5 + 0.3 + 0.1 + 0.04
    assert distribution(tree, ENGLISH) == near(
        {
            "Greeting": 0.5 / whole,
            "Restatement or Paraphrasing": 0.1 / whole,
            "Resolution Implementation": 0.1 / whole,
            "Relationship Continuation": 0.1 / whole,
            "Others": 0.14 / whole,
        }
    )


def test_the_likelihoods_of_shared_beginnings_are_multiplied() -> None:
    tree = [
        *HEADER,
        ("Re", {"Re": 0.6, "Feed": 0.4}),
        ("s", {"s": 0.5, "lation": 0.5}),
        ("olution", {"olution": 0.75, "tatement": 0.25}),
        (" Implementation", {" Implementation": 0.5, " of": 0.5}),
        *END,
    ]
    # The last token decides nothing: no other strategy begins with Resolution.
    assert distribution(tree, ENGLISH) == near(
        {
            "Resolution Implementation": 0.6 * 0.5 * 0.75,
            "Restatement or Paraphrasing": 0.6 * 0.5 * 0.25,
            "Relationship Continuation": 0.6 * 0.5,
            "Feedback Request": 0.4,
        }
    )


def test_chinese_characters_in_several_tokens() -> None:
    first, rest = "确".encode()[:2], "确".encode()[2:]
    tree = [
        *HEADER,
        (first, {first: 0.6, "礼貌": 0.2, b"\xe8": 0.2}),
        (rest, {rest: 1.0}),
        ("认身份", {"认身份": 1.0}),
        *END,
    ]
    assert [name for name in CHINESE.names if name.encode().startswith(b"\xe8")] == ["解决实施"]
    assert [name for name in CHINESE.names if name.encode().startswith(first)] == ["确认身份"]
    assert distribution(tree, CHINESE) == near({"确认身份": 0.6, "礼貌问候": 0.2, "解决实施": 0.2})


def test_chinese_labels_that_begin_alike() -> None:
    labels = Labels("strategy", ESCONV, "zh")
    tree = [
        *HEADER,
        ("提", {"提": 0.8, "其他": 0.2}),
        ("供", {"供": 0.5, "问": 0.5}),
        ("信息", {"信息": 0.25, "建议": 0.75}),
        *END,
    ]
    assert distribution(tree, labels) == near({"提供信息": 0.1, "提供建议": 0.3, "提问": 0.4, "其他": 0.2})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[[ ## strategy ## ]]\n", ""),
        ("[[ ## strategy ## ]]", "\n"),
        ("[[ ## strategy ## ", "]]\n"),
        ("[[ ## strategy ## ]]\n", " "),
        ("[[ ## strategy ## ]]\n", '"'),
        ("[[ ## strategy ## ]]\n", "“"),
    ],
)
def test_what_stands_before_a_label_may_be_in_its_token(before: str, after: str) -> None:
    first = {f"{after}Greet": 0.5, f"{after}Oth": 0.25, "Feed": 0.125, after or "\n": 0.125}
    tree = [(before, {}), (f"{after}Greet", first), ("ing\n", {})]
    expected = near({"Greeting": 4 / 7, "Others": 2 / 7, "Feedback Request": 1 / 7})
    assert distribution(tree, ENGLISH) == expected


def test_a_label_ends_where_another_word_begins() -> None:
    labels = Labels("strategy", ESCONV, "en")
    likelihoods = {"Quest": 0.5, "Information\n": 0.25, "Information: ": 0.125, "Informations": 0.125}
    tree = [*HEADER, ("Quest", likelihoods), ("ion", {}), *END]
    assert distribution(tree, labels) == near({"Question": 4 / 7, "Information": 3 / 7})


def test_a_label_may_begin_with_another() -> None:
    names = {b"card": "Card", b"card lost": "Lost", b"other": "Other"}
    first = token("card", {"card": 0.5, "card lost\n": 0.25, "card\n": 0.125, "ca": 0.125})
    second = token("\n", {"\n": 0.75, " lo": 0.25})
    found = followed([first, second], 0, names, "Card")
    # What ends inside of the shorter name may become either.
    assert found == near(
        {"Card": 0.5 * 0.75 + 0.125 + 0.0625, "Lost": 0.5 * 0.25 + 0.25 + 0.0625, "Other": 0.0}
    )


@pytest.mark.parametrize("spelled", ["greeting", "GREETING", "Greeting.", "**Greeting**", "礼貌问候"])
def test_other_spellings(spelled: str) -> None:
    tree = [*HEADER, (spelled, {spelled: 0.75, "others": 0.125, "其它": 0.125}), *END]
    assert distribution(tree, ENGLISH) == near({"Greeting": 0.75, "Others": 0.25})


def test_the_tokens_of_a_reasoning_before_are_passed_over() -> None:
    draft = [*HEADER, ("Greeting", {"Greeting": 1.0}), ("\n\n", {}), ("</think>", {})]
    answer = [*HEADER, ("Greeting", {"Greeting": 0.5, "Others": 0.5}), ("\n\n", {}), ("<|end|>", {})]
    tree = [*draft, *answer]
    assert distribution(tree, ENGLISH, "[[ ## strategy ## ]]\nGreeting\n\n") == near(
        {"Greeting": 0.5, "Others": 0.5}
    )


def test_tokens_without_bytes_are_their_text() -> None:
    tokens = [
        TokenLogprob("[[ ## strategy ## ]]\n", 0.0),
        TokenLogprob("礼貌", math.log(0.75), top=(TopLogprob("其它", math.log(0.25)),)),
        TokenLogprob("问候", 0.0, bytes=(999,)),
    ]
    found = label_likelihoods(
        {"strategy": CHINESE}, {"strategy": "礼貌问候"}, "[[ ## strategy ## ]]\n礼貌问候", tokens
    )
    assert {label: share for label, share in found["strategy"].items() if share} == near(
        {"礼貌问候": 0.75, "其它": 0.25}
    )


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ([*HEADER, ("Greeting", {}), *END], None),
        ([("[[ ## strategy ## ]]\nOthers", {"Greeting": 0.5})], "[[ ## strategy ## ]]\nGreeting"),
        ([*HEADER, ("1", {"1": 0.5, "2": 0.5}), *END], None),
    ],
    ids=["no alternatives", "tokens of another text", "a number for the name"],
)
def test_where_nothing_is_told_nothing_is_known(tree: Tree, text: str | None) -> None:
    assert distribution(tree, ENGLISH, text) is None


@pytest.mark.parametrize("logprob", [math.nan, -math.inf, -9999.0])
def test_likelihoods_that_are_none(logprob: float) -> None:
    tokens = [TokenLogprob("Greeting", logprob, top=(TopLogprob("Greeting", logprob),))]
    assert label_likelihoods({"strategy": ENGLISH}, {"strategy": "Greeting"}, "Greeting", tokens) == {}


def test_more_than_certainty_is_certainty() -> None:
    tokens = [TokenLogprob("Greeting", 1e6, top=(TopLogprob("Others", 0.001),))]
    found = label_likelihoods({"strategy": ENGLISH}, {"strategy": "Greeting"}, "Greeting", tokens)
    assert (found["strategy"]["Greeting"], found["strategy"]["Others"]) == (0.5, 0.5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_label_fields_of_signatures(language: Language) -> None:
    assert label_fields(classify_strategy(COPC, language)) == {"strategy": Labels("strategy", COPC, language)}
    assert label_fields(write_response(COPC, language)) == {}


def test_an_answer_without_markers() -> None:
    text = "I think it is Greeting."
    signature = classify_strategy(COPC, "en")
    values = read_answer(signature, text)
    first = {" is Greet": 0.5, " is Oth": 0.25, "Feed": 0.125, " was Oth": 0.125}
    tree: Tree = [("I think it", {"Others": 0.9}), (" is Greet", first), ("ing.", {})]
    found = label_likelihoods(label_fields(signature), values, text, [token(*each) for each in tree])
    assert {label: share for label, share in found["strategy"].items() if share} == near(
        {"Greeting": 4 / 7, "Others": 2 / 7, "Feedback Request": 1 / 7}
    )


LIKELIHOOD = st.floats(1e-6, 1.0)
PIECE = st.one_of(
    st.sampled_from([*ENGLISH.names, *CHINESE.names]).flatmap(
        lambda name: st.integers(1, len(name.encode())).map(lambda end: name.encode()[:end])
    ),
    st.binary(max_size=4),
)


@given(data=st.data(), labels=st.sampled_from([ENGLISH, CHINESE]))
def test_wherever_tokens_are_cut_it_is_a_distribution(data: st.DataObject, labels: Labels) -> None:
    """Every label has its place, the answered one is possible, and all of them sum to 1."""
    answered = data.draw(st.sampled_from(labels.names))
    text = f"[[ ## reasoning ## ]]\n好 well\n\n[[ ## strategy ## ]]\n{answered}\n\n[[ ## completed ## ]]"
    written = text.encode()
    cuts = data.draw(st.sets(st.integers(1, len(written) - 1)))
    tokens = [
        token(written[start:end], data.draw(st.dictionaries(PIECE, LIKELIHOOD, min_size=1, max_size=5)))
        for start, end in pairwise(sorted({0, len(written), *cuts}))
    ]
    found = label_likelihoods({"strategy": labels}, {"strategy": answered}, text, tokens)["strategy"]
    assert tuple(found) == labels.names
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) >= 0
    assert found[answered] > 0


@given(
    chosen=st.sampled_from(ENGLISH.names),
    shares=st.lists(st.floats(0.001, 1.0), min_size=12, max_size=12),
)
def test_whole_labels_as_tokens_keep_their_shares(chosen: str, shares: list[float]) -> None:
    likelihoods = {name: share / sum(shares) for name, share in zip(ENGLISH.names, shares, strict=True)}
    found = distribution([*HEADER, (chosen, likelihoods), *END], ENGLISH)
    assert found == near(likelihoods)
