"""Dialogues from their first word to their last: turns, endings, events, and what each role is shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from csc_dspy.exceptions import CSCError
from csc_dspy.journal import Journal
from csc_dspy.lm import using
from csc_dspy.lm.failures import CallError
from csc_dspy.roleplay import EVENTS, Failed, Played, Rules, Task, play
from csc_dspy.roleplay.cast import Cast, FastCast, FullCast
from csc_dspy.roleplay.events import Happenings
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.roleplay.playing_pupil import PlayingPupil
from tests.roleplay.tasks import task
from tests.support.behaviours import fails, hangs, stops_short
from tests.support.openai_server import LLMServer

COPC = load_taxonomy()
CASTS = [FullCast, FastCast]


@pytest.fixture
def pupil() -> PlayingPupil:
    return PlayingPupil()


@pytest.fixture
def server(llm_server: LLMServer, pupil: PlayingPupil) -> LLMServer:
    llm_server.usually(pupil.behaviour())
    return llm_server


def act(
    server: LLMServer,
    asked: Task,
    cast: type[Cast] = FullCast,
    rules: Rules | None = None,
    journal: Journal | None = None,
    timeout: float = 10,
) -> Played | Failed:
    rules = rules or Rules(COPC)
    with using("openai/test", api_base=server.url, cache=False, timeout=timeout):
        result, _ = asyncio.run(play(asked, cast(rules.taxonomy, asked.language, {}), rules, journal))
    return result


def finished(result: Played | Failed) -> Played:
    assert isinstance(result, Played)
    return result


def questions(server: LLMServer) -> Iterator[str]:
    """Everything asked, instructions and all."""
    return ("\n".join(each["content"] for each in got.json["messages"]) for got in server.requests)


@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_supporter_and_customer_take_turns(server: LLMServer, language: Language, cast: type[Cast]) -> None:
    result = finished(act(server, task(language), cast))
    assert [turn.speaker for turn in result.turns] == ["supporter", "customer"] * 8 + ["supporter"]
    assert all((turn.strategy is None) == (turn.speaker == "customer") for turn in result.turns)
    # The plan, then two for each turn, or one; first and last the supporter has nothing to choose.
    calls = 1 + 1 + 7 * 2 + 1 + 8 * 2 if cast is FullCast else 1 + 9 + 8
    assert (result.calls, len(server.requests)) == (calls, calls)
    assert result.tokens > 0


@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_customers_see_no_labels_and_nothing_of_the_other_side(
    server: LLMServer, language: Language, cast: type[Cast]
) -> None:
    act(server, task(language, events=EVENTS, favoured=["feedback_request"], difficulty="hard"), cast)
    labels = [each.name[language] for each in COPC.strategies if each.id != "others"]
    labels += [each.name[language] for each in COPC.stages]
    asked = [text for text in questions(server) if "`[[ ## response ## ]]`" not in text]
    asked = [text for text in asked if "`[[ ## strategy ## ]]`" not in text]
    assert len(asked) >= 8
    for text in asked:
        assert not [label for label in labels if label in text]
    told = {"en": ("gone down", "handing over"), "zh": ("系统出了故障", "转给能办理的同事")}[language]
    customers = [text for text in asked if "`[[ ## scene ## ]]`" not in text]
    assert not any(words in text for text in customers for words in told)


def test_what_is_constant_comes_first(server: LLMServer) -> None:
    act(server, task())
    fields = [
        [line[6:-6] for line in text.splitlines() if line.startswith("[[ ## ")]
        for text in (each.json["messages"][-1]["content"] for each in server.requests)
    ]
    orders = {tuple(name for name in each if name) for each in fields}
    assert ("desk", "conversation", "stage_so_far", "happening", "allowed") in orders
    assert ("profile", "scene", "goal", "conversation", "direction") in orders


def test_the_customer_leaves_and_is_taken_leave_of(server: LLMServer, pupil: PlayingPupil) -> None:
    pupil.leaves_after = 5
    result = finished(act(server, task()))
    last = result.turns[-1].strategy
    assert last is not None
    assert (len(result.turns), result.ended, last.id) == (7, "customer", "appreciation_closure")


def test_a_talk_that_grows_too_long_is_closed(server: LLMServer, pupil: PlayingPupil) -> None:
    pupil.leaves_after, pupil.choose = 99, lambda allowed, _: allowed[0]
    for most in (20, 21):
        result = finished(act(server, task(), rules=Rules(COPC, most_turns=most)))
        assert result.ended == "length"
        assert len(result.turns) in {most - 1, most}


SPELLED: list[Mapping[bool, str]] = [
    {False: "false", True: "True."},
    {False: "FALSE", True: "1"},
    {False: "否。", True: "是的，可以结束了"},
    {False: "No, not yet.", True: "**yes**"},
]


@pytest.mark.parametrize("spelled", SPELLED, ids=lambda each: each[False])
def test_false_is_false_however_it_is_spelled(
    server: LLMServer, pupil: PlayingPupil, spelled: Mapping[bool, str]
) -> None:
    pupil.over, pupil.leaves_after = spelled, 9
    assert len(finished(act(server, task(), FastCast)).turns) == 11


def test_what_is_neither_true_nor_false_is_asked_for_again(server: LLMServer, pupil: PlayingPupil) -> None:
    pupil.over = {False: "perhaps", True: "perhaps"}
    result = act(server, task(), FastCast)
    assert isinstance(result, Failed)
    assert result.reason == "unreadable"
    # The plan and the greeting; then three times, and each of them once again.
    assert len(server.requests) == 2 + 3 * 2
    assert result.calls == 2


def test_a_malformed_and_a_truncated_answer_are_asked_for_again(
    server: LLMServer, pupil: PlayingPupil
) -> None:
    well = finished(act(server, task()))
    healthy = pupil.behaviour()
    server.script(
        healthy, pupil.behaviour(edit=lambda text: text[:30], finish_reason="length"), healthy, fails(500)
    )
    again = finished(act(server, task()))
    assert [turn.text for turn in again.turns] == [turn.text for turn in well.turns]
    assert again.calls == well.calls + 1


def test_hopeless_answers_fail_the_dialogue_alone(server: LLMServer) -> None:
    server.usually(stops_short(12))
    result = act(server, task())
    assert isinstance(result, Failed)
    assert (result.reason, result.calls) == ("unreadable", 0)


def test_a_server_that_hangs_is_given_up_in_time(server: LLMServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from csc_dspy.lm.hosted import backoff

    monkeypatch.setattr(backoff.Backoff, "wait", lambda *_: 0.0)
    server.usually(hangs())
    result = act(server, task(), timeout=0.05)
    assert isinstance(result, Failed)
    assert result.reason == "timeout"


def test_a_wrong_key_ends_everything(server: LLMServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    server.key = "sk-right"
    with pytest.raises(CallError, match="Incorrect API key") as caught:
        act(server, task())
    assert isinstance(caught.value, CSCError)
    assert len(server.requests) == 1


@pytest.mark.parametrize("cast", CASTS)
def test_a_dialogue_is_gone_on_with_at_any_turn(server: LLMServer, tmp_path: Path, cast: type[Cast]) -> None:
    whole = finished(act(server, task("zh"), cast))
    count = len(server.requests)
    path = tmp_path / "journal"
    with Journal(path, {}, resume=False) as journal:
        assert finished(act(server, task("zh"), cast, journal=journal)) == whole
        steps = len(journal)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + steps == 2 + len(whole.turns)
    for kept in range(0, steps + 1, 3):
        # The last line is torn, as by a kill.
        path.write_bytes(b"".join(lines[: 1 + kept]) + lines[-1][:20])
        server.requests.clear()
        with Journal(path, {}, resume=True) as journal:
            assert finished(act(server, task("zh"), cast, journal=journal)) == whole
        done = sum(json.loads(line)["entry"]["calls"] for line in lines[1 : 1 + kept])
        assert len(server.requests) == count - done


def test_seeds_tell_dialogues_apart_and_not_the_same_one(server: LLMServer) -> None:
    first, same, other = (finished(act(server, task(seed=seed))) for seed in (1, 1, 2))
    assert first == same
    assert first.turns[0].text != other.turns[0].text
    assert len({each.json["seed"] for each in server.requests}) == 2


def test_happenings_at_their_moments(server: LLMServer, pupil: PlayingPupil) -> None:
    pupil.leaves_after = 30
    asked = task(events=EVENTS)
    result = finished(act(server, asked, rules=Rules(COPC, most_turns=40)))
    happenings = Happenings(asked, COPC)
    desk = [happenings.to_supporter(result.turns[:place]) for place in range(0, len(result.turns), 2)]
    line = [happenings.to_customer(result.turns[:place]) for place in range(1, len(result.turns), 2)]
    assert sum("gone down" in each for each in desk) == 2
    assert sum("works again" in each for each in desk) == 1
    assert [sum(words in each for each in desk) for words in ("handing over", "just taken over")] == [1, 1]
    asked_for = [turn.strategy.id for turn in result.turns if turn.strategy].count("identity_verification")
    assert sum("personal data" in each for each in line) == asked_for > 0
    assert sum("second matter" in each for each in line) == 1
    moment = next(place for place, each in enumerate(line) if "second matter" in each)
    assert happenings.reopened(result.turns[: 2 * moment + 2])
    texts = list(questions(server))
    assert any("second matter" in each and "`[[ ## direction ## ]]`" in each for each in texts)
    assert any("gone down" in each and "`[[ ## strategy ## ]]`" in each for each in texts)


def test_whims_are_for_hard_cases() -> None:
    hard = [Happenings(task(difficulty="hard", seed=seed), COPC).to_customer(()) for seed in range(400)]
    easy = [Happenings(task(seed=seed), COPC).to_customer(()) for seed in range(50)]
    assert set(easy) == {"nothing"}
    assert 0.07 < sum(each != "nothing" for each in hard) / 400 < 0.21
    assert any("……" in each for each in hard)
