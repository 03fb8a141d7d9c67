"""The transition prior, and how it joins a language model's opinion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy import read
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.programs import Fusion, TransitionPrior
from csc_dspy.taxonomy import Taxonomy, load_taxonomy

COPC = load_taxonomy("copc")
ESCONV = load_taxonomy("esconv")


def talk(*labels: str, taxonomy: Taxonomy = COPC) -> Conversation:
    turns = [{"speaker": "supporter", "strategy": label, "text": "…"} for label in labels]
    return Conversation.model_validate({"dialogue": turns}, context=taxonomy)


@pytest.fixture(scope="module")
def prior() -> TransitionPrior:
    return TransitionPrior.fit(read("rolecs-sample"), COPC)


def test_what_always_follows_is_expected() -> None:
    prior = TransitionPrior.fit([talk("GT", "PR", "PS", "AC")] * 50, COPC)
    so_far = [COPC.strategy("GT"), COPC.strategy("PR")]
    expected = prior.probabilities(so_far)
    assert max(expected, key=lambda strategy: expected[strategy]) == "providing_suggestions"
    assert expected["providing_suggestions"] > 0.8


def test_another_taxonomy() -> None:
    prior = TransitionPrior.fit([talk("Question", "Information", taxonomy=ESCONV)] * 50, ESCONV)
    expected = prior.probabilities([ESCONV.strategy("Question")])
    assert list(expected) == [strategy.id for strategy in ESCONV.strategies]
    assert max(expected, key=lambda strategy: expected[strategy]) == ESCONV.strategy("Information").id


@given(st.lists(st.sampled_from([None, *COPC.strategies]), max_size=40))
def test_probabilities_cover_every_strategy_and_sum_to_one(
    prior: TransitionPrior, so_far: list[None]
) -> None:
    expected = prior.probabilities(so_far)
    assert list(expected) == [strategy.id for strategy in COPC.strategies]
    assert sum(expected.values()) == pytest.approx(1)
    assert min(expected.values()) > 0


def test_a_talk_begins_with_a_greeting(prior: TransitionPrior) -> None:
    assert prior.probabilities([])["greeting"] > 0.8


def test_plain_json_of_a_few_kilobytes(prior: TransitionPrior) -> None:
    written = json.dumps(prior.to_dict())
    assert len(written) < 12_000
    assert TransitionPrior.from_dict(json.loads(written)) == prior


FIT = """
import json
from csc_dspy import read
from csc_dspy.programs import TransitionPrior
from csc_dspy.taxonomy import load_taxonomy
print(json.dumps(TransitionPrior.fit(read("rolecs-sample"), load_taxonomy()).to_dict()))
"""


def test_the_same_data_give_the_same_prior_in_any_process(prior: TransitionPrior, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", FIT], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    assert TransitionPrior.from_dict(json.loads(done.stdout)) == prior


def test_nothing_to_fit_on_is_an_error() -> None:
    with pytest.raises(DataError, match="no labelled supporter turn"):
        TransitionPrior.fit([talk("", "")], COPC)


def test_unlabelled_turns_count_as_turns_only(prior: TransitionPrior) -> None:
    assert prior.probabilities([None]) != prior.probabilities([])


MEASURED = {strategy.id: 1 / 12 for strategy in COPC.strategies}


def test_without_prior_or_weight_the_language_model_decides(prior: TransitionPrior) -> None:
    assert Fusion().fuse(MEASURED, []) == MEASURED
    assert Fusion(prior, 0.0).fuse(MEASURED, []) == MEASURED


def test_a_flat_opinion_takes_on_the_prior(prior: TransitionPrior) -> None:
    assert Fusion(prior, 1.0).fuse(MEASURED, []) == pytest.approx(prior.probabilities([]), abs=1e-4)


def test_the_weight_says_how_far(prior: TransitionPrior) -> None:
    shares = [Fusion(prior, weight).fuse(MEASURED, [])["greeting"] for weight in (0, 0.3, 0.6, 1, 2)]
    assert shares == sorted(shares)
    assert all(sum(Fusion(prior, w).fuse(MEASURED, []).values()) == pytest.approx(1) for w in (0.3, 2))


def test_the_hint_names_the_most_likely(prior: TransitionPrior) -> None:
    assert Fusion(prior).hint([], COPC, "en").startswith("Greeting 89%, ")
    assert Fusion(prior).hint([], COPC, "zh").startswith("礼貌问候 89%，")
    with pytest.raises(ConfigError, match="no transition prior"):
        Fusion().hint([], COPC, "en")


def test_state_round_trips_as_json(prior: TransitionPrior) -> None:
    state = json.loads(json.dumps(Fusion(prior, 0.4).dump_state(json_mode=True)))
    loaded = Fusion().load_state(state, allow_unsafe_lm_state=False)
    assert (loaded.prior, loaded.weight) == (prior, 0.4)
