"""The rules of the play: whatever a supporter's assistant answers, the dialogue keeps to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.conversations import Turn, next_stage
from csc_dspy.exceptions import ConfigError
from csc_dspy.lm import using
from csc_dspy.roleplay import Failed, Played, Rules, play
from csc_dspy.roleplay.cast import FastCast, FullCast
from csc_dspy.roleplay.rules import Parts, Position
from csc_dspy.taxonomy import LANGUAGES, Language, Taxonomy, load_taxonomy
from tests.roleplay.playing_pupil import Choose, PlayingPupil
from tests.roleplay.tasks import task
from tests.support.openai_server import LLMServer, running

COPC, ESCONV = load_taxonomy("copc"), load_taxonomy("esconv")


def played(choices: Sequence[int], rules: Rules) -> list[Turn]:
    """A talk in which the supporter takes what is allowed, by these numbers."""
    turns: list[Turn] = []
    for choice in choices:
        position = Position(tuple(turns), closing_time=rules.is_last(len(turns)))
        allowed = rules.allowed(position)
        strategy = allowed[choice % len(allowed)]
        stage = rules.stage_of(strategy, position)
        turns.append(Turn(speaker="supporter", text="x", strategy=strategy, stage=stage))
        if strategy == rules.parts.closing or position.closing_time:
            break
        turns.append(Turn(speaker="customer", text="y"))
    return turns


@given(st.lists(st.integers(0, 11), min_size=25, max_size=25), st.sampled_from([COPC, ESCONV]))
def test_whatever_is_chosen_among_the_allowed(choices: list[int], taxonomy: Taxonomy) -> None:
    rules = Rules(taxonomy)
    turns = played(choices, rules)
    strategies = [turn.strategy for turn in turns if turn.strategy]
    stages = [turn.stage for turn in turns if turn.stage]
    assert len(turns) <= rules.most_turns
    assert all(
        len(list(run)) <= 2 or (taxonomy is ESCONV and each in strategies[-1:])
        for each, run in groupby(strategies)
    )
    running = taxonomy.stages[0]
    for strategy, stage in zip(strategies, stages, strict=True):
        running = next_stage(running, strategy, taxonomy)
        assert stage == running
    falls = [before.number - after.number for before, after in pairwise(stages)]
    assert max(falls, default=0) <= taxonomy.fall_back


@given(st.lists(st.integers(0, 11), min_size=25, max_size=25))
def test_the_parts_of_copc(choices: list[int]) -> None:
    rules = Rules(COPC)
    turns = played(choices, rules)
    ids = [turn.strategy.id for turn in turns if turn.strategy]
    assert (ids[0], ids.count("greeting")) == ("greeting", 1)
    assert (ids[-1], ids.count("appreciation_closure")) == ("appreciation_closure", 1)
    beyond = [n for n, turn in enumerate(turns) if turn.stage and turn.stage.number > 2]
    verified = [
        n for n, turn in enumerate(turns) if turn.strategy and turn.strategy.id == "identity_verification"
    ]
    assert not beyond or (verified and min(verified) < min(beyond)) or turns[min(beyond)] is turns[-1]
    assert len(turns) >= rules.fewest_turns


def test_a_second_matter_may_be_understood_however_late() -> None:
    rules = Rules(COPC)
    refinement = COPC.strategy("problem_refinement")
    turns = [
        Turn(speaker="supporter", text="x", strategy=COPC.strategy(label), stage=COPC.stage(stage))
        for label, stage in (("GT", "connecting"), ("IV", "connecting"), ("RC", "maintaining"))
    ]
    late = Position(tuple(turns))
    assert refinement not in rules.allowed(late)
    assert refinement in rules.allowed(Position(tuple(turns), reopened=True))
    objection = rules.objection(refinement, late)
    assert objection is not None
    assert "long done" in objection.en


def test_what_is_nearest() -> None:
    rules = Rules(COPC)
    position = Position((Turn(speaker="supporter", text="x", strategy=COPC.strategy("GT")),))
    allowed = rules.allowed(position)
    ids = {each.id for each in allowed}
    assert not ids & {"greeting", "information_delivery", "resolution_implementation", "appreciation_closure"}
    nearest = rules.nearest(COPC.strategy("resolution_implementation"), allowed, position)
    assert nearest.id == "identity_verification"
    verified = Position((*position.turns, Turn(speaker="supporter", text="x", strategy=nearest)))
    nearest = rules.nearest(COPC.strategy("resolution_implementation"), rules.allowed(verified), verified)
    # Still in the first stage, it may go no further than to the third, where this has the next number.
    assert nearest.id == "information_delivery"


def test_limits_that_leave_no_room_are_refused() -> None:
    with pytest.raises(ConfigError, match="leave no room"):
        Rules(COPC, 20, 10)


def test_taxonomies_without_these_parts_go_by_their_stages() -> None:
    rules = Rules(ESCONV)
    assert rules.parts == Parts(None, None, None)
    first = {each.stage for each in rules.allowed(Position())}
    last = {each.stage for each in rules.allowed(Position(closing_time=True))}
    assert (first, last) == ({None, ESCONV.stages[0]}, {None, ESCONV.stages[-1]})


def always(name: Callable[[Sequence[str]], str]) -> Choose:
    return lambda allowed, _turns: name(allowed)


STUBBORN: dict[str, Choose] = {
    **{each.id: always(lambda _, name=each.name.en: name) for each in COPC.strategies},  # type: ignore[misc]
    "the first allowed": always(lambda allowed: allowed[0]),
    "the last allowed": always(lambda allowed: allowed[-1]),
}


@pytest.fixture(scope="module")
def pupil() -> PlayingPupil:
    return PlayingPupil()


@pytest.fixture(scope="module")
def server(pupil: PlayingPupil) -> Iterator[LLMServer]:
    with running(LLMServer()) as server:
        server.usually(pupil.behaviour())
        yield server


@pytest.mark.parametrize("cast", [FullCast, FastCast])
@pytest.mark.parametrize("stubborn", STUBBORN)
def test_a_stubborn_assistant(
    server: LLMServer, pupil: PlayingPupil, stubborn: str, cast: type[FullCast]
) -> None:
    pupil.choose, pupil.leaves_after = STUBBORN[stubborn], 99
    rules = Rules(COPC, most_turns=20)
    with using("openai/test", api_base=server.url, cache=False):
        result, _ = asyncio.run(play(task(), cast(COPC, "en", {}), rules))
    assert isinstance(result, Played)
    ids = [turn.strategy.id for turn in result.turns if turn.strategy]
    assert (ids[0], ids[-1]) == ("greeting", "appreciation_closure")
    assert max(len(list(run)) for _, run in groupby(ids)) <= 2
    assert all(turn.stage for turn in result.turns if turn.strategy)
    assert result.ended == ("closure" if stubborn == "appreciation_closure" else "length")
    assert 10 <= len(result.turns) <= 20
    # One that is always the same is allowed at most twice running.
    assert (result.overruled > 0) == (not stubborn.startswith("the "))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_strategy_is_never_taken_for_another(
    server: LLMServer, pupil: PlayingPupil, language: Language
) -> None:
    pupil.choose = always(lambda _: "chit-chat")
    server.requests.clear()
    with using("openai/test", api_base=server.url, cache=False):
        result, script = asyncio.run(play(task(language), FullCast(COPC, language, {}), Rules(COPC)))
    assert isinstance(result, Failed)
    assert result.reason == "unreadable"
    assert "names no label" in result.detail
    # The plan, the greeting and the customer's answer; then three times, each asked again once.
    assert (script.calls, len(server.requests)) == (4, 4 + 3 * 2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_choice_that_is_not_allowed_is_asked_for_again_with_the_reason(
    server: LLMServer, pupil: PlayingPupil, language: Language
) -> None:
    closure = COPC.strategy("AC").name[language]
    pupil.choose, pupil.leaves_after = always(lambda _: closure), 99
    server.requests.clear()
    with using("openai/test", api_base=server.url, cache=False):
        asyncio.run(play(task(language), FullCast(COPC, language, {}), Rules(COPC, 10, 20)))
    questions = [each.json["messages"][-1]["content"] for each in server.requests]
    unverified = {"en": "the customer's identity has not been verified yet", "zh": "还没有核实客户的身份"}
    early = {"en": "it is too early to take leave", "zh": "现在道别还太早"}
    for reason in (unverified, early):
        assert any(reason[language] in question for question in questions)
