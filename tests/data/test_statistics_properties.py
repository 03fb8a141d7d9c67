"""What holds for the statistics of any corpus."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.conversations import Conversation
from csc_dspy.data import stats
from csc_dspy.taxonomy import LANGUAGES, load_taxonomy

COPC = load_taxonomy()
LABELS = st.sampled_from([None, *COPC.strategies])
STAGES = st.sampled_from([None, None, *COPC.stages])
TEXTS = st.sampled_from(["好的", "请稍等", "Thank you.", "Thank  you.", "And then?"])

supporter = st.fixed_dictionaries(
    {"speaker": st.just("supporter"), "text": TEXTS, "strategy": LABELS, "stage": STAGES}
)
customer = st.fixed_dictionaries({"speaker": st.just("customer"), "text": TEXTS})
conversations = st.builds(
    lambda turns, **fields: Conversation.model_validate({"dialogue": turns, **fields}),
    st.lists(supporter | customer, min_size=1, max_size=12),
    topic=st.none() | TEXTS,
    language=st.none() | st.sampled_from(LANGUAGES),
)
corpora = st.lists(conversations, min_size=1, max_size=8)


@given(corpora)
def test_counts_add_up(corpus: list[Conversation]) -> None:
    found = stats(corpus)
    counted = found.to_dict()
    turns = [turn for conversation in corpus for turn in conversation.dialogue]
    supporters = [turn for turn in turns if turn.speaker == "supporter"]
    assert counted["turns"] == len(turns) == counted["supporter_turns"] + counted["customer_turns"]
    assert counted["supporter_turns"] == len(supporters)
    assert sum(counted["languages"].values()) == len(corpus)
    labelled = sum(found.labels.strategies.values())
    assert labelled == sum(turn.strategy is not None for turn in supporters)
    assert labelled + counted["unlabelled_supporter_turns"] == len(supporters)
    assert {id_: sum(fifths) for id_, fifths in found.labels.positions.items()} == found.labels.strategies
    stages = counted["stage_labels"]
    assert stages["given"] + stages["derived"] + stages["unknown"] == len(supporters)
    assert sum(row["count"] for row in counted["stages"].values()) == stages["given"] + stages["derived"]
    for kind in ("supporter_turns", "customer_turns", "dialogues"):
        assert counted["duplicates"][kind]["count"] == counted[kind]


@given(corpora)
def test_stages_are_those_that_conversations_tell(corpus: list[Conversation]) -> None:
    expected = dict.fromkeys((stage.id for stage in COPC.stages), 0)
    for conversation in corpus:
        stages = conversation.stages()
        for index, turn in conversation.supporter_turns():
            if turn.stage or turn.strategy:
                expected[stages[index].id] += 1
    assert stats(corpus).labels.stages == expected


@given(corpora)
def test_every_step_between_labelled_turns_is_a_transition(corpus: list[Conversation]) -> None:
    transitions = stats(corpus).transitions
    sequences = [[turn.strategy for _, turn in each.supporter_turns()] for each in corpus]
    steps = sum(bool(a and b) for each in sequences for a, b in pairwise(each))
    assert sum(sum(row.values()) for row in transitions.between.values()) == steps
    assert sum(transitions.start.values()) == sum(bool(each and each[0]) for each in sequences)
    assert sum(transitions.end.values()) == sum(bool(each and each[-1]) for each in sequences)


@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_dialogues_does_not_matter(corpus: list[Conversation], draw: random.Random) -> None:
    shuffled: list[Any] = draw.sample(corpus, len(corpus))
    assert stats(shuffled) == stats(corpus)
