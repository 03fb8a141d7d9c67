"""Role play on a cluster comes to the same as here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="needs the extra ray")

from csc_dspy.exceptions import BudgetError, ConfigError, LMError
from csc_dspy.lm import Budget, connect
from csc_dspy.roleplay import Models
from csc_dspy.roleplay.spreading import Cluster
from tests.roleplay.playing_pupil import PlayingPupil
from tests.roleplay.ray import spreading_play as play
from tests.roleplay.ray.conftest import Nodes
from tests.support.behaviours import says
from tests.support.openai_server import LLMServer


@pytest.fixture
def cluster(nodes: Nodes) -> Cluster:
    return Cluster(address=nodes.address, workers=1)


def test_a_corpus_is_the_same(llm_server: LLMServer, nodes: Nodes, tmp_path: Path) -> None:
    llm_server.usually(PlayingPupil().behaviour())
    tasks, players, budget = play.tasks(8), play.troupe(llm_server.url), Budget()
    with play.journal(tmp_path / "here") as journal, play.here(players, journal) as settler:
        expected = play.rows(settler, tasks)
    asked = len(llm_server.requests)
    with (
        play.journal(tmp_path / "there") as journal,
        play.there(
            players,
            journal,
            Cluster(address=nodes.address, workers=2, dialogues=4),
            budget=budget,
        ) as settler,
    ):
        found = play.rows(settler, tasks)
        assert nodes.at_work() == 2
        assert sorted(journal) == sorted(task.key for task in tasks)
    assert found == expected
    assert {row["language"] for row in found} == {"zh", "en"}
    assert budget.usage.calls == sum(row["calls"] for row in found) == len(llm_server.requests) - asked


def test_nothing_that_is_done_is_done_again(llm_server: LLMServer, cluster: Cluster, tmp_path: Path) -> None:
    llm_server.usually(PlayingPupil().behaviour())
    tasks, players = play.tasks(4), play.troupe(llm_server.url)
    with play.journal(tmp_path / "journal") as journal, play.here(players, journal) as settler:
        expected = play.rows(settler, tasks)
    asked = len(llm_server.requests)
    with (
        play.journal(tmp_path / "journal", resume=True) as journal,
        play.there(players, journal, cluster) as settler,
    ):
        assert play.rows(settler, tasks) == expected
    assert len(llm_server.requests) == asked


def test_what_a_dialogue_fails_by_is_the_same(
    llm_server: LLMServer, cluster: Cluster, tmp_path: Path
) -> None:
    llm_server.usually(says("nothing of use"))
    tasks, players = play.tasks(2), play.troupe(llm_server.url)
    with play.journal(tmp_path / "here") as journal, play.here(players, journal) as settler:
        expected = play.rows(settler, tasks)
    with play.journal(tmp_path / "there") as journal, play.there(players, journal, cluster) as settler:
        assert play.rows(settler, tasks) == expected
    assert {row["failed"] for row in expected} == {"unreadable"}


def test_a_budget_ends_the_run(llm_server: LLMServer, cluster: Cluster, tmp_path: Path) -> None:
    # Slow enough for the driver to hear of a call before the next one.
    llm_server.usually(PlayingPupil().behaviour(latency=0.1))
    budget = Budget(max_calls=20)
    with (
        play.journal(tmp_path / "journal") as journal,
        play.there(play.troupe(llm_server.url), journal, cluster, budget=budget) as settler,
        pytest.raises(BudgetError, match="the limit of 20 calls is reached"),
    ):
        play.rows(settler, play.tasks(8), concurrency=4)
    # Of each dialogue the calls of the turn that is under way, and those of the next until it is dropped.
    assert 20 <= len(llm_server.requests) <= 20 + 4 * 6
    with play.journal(tmp_path / "journal", resume=True) as journal:
        assert len(journal) >= 8


def test_a_wrong_key_ends_the_run_as_it_does_here(
    llm_server: LLMServer, cluster: Cluster, tmp_path: Path
) -> None:
    llm_server.key = "the right one"
    key = tmp_path / "key"
    key.write_text("sk-wrong", encoding="utf-8")
    players = play.troupe(llm_server.url, api_key_file=key)
    with (
        play.journal(tmp_path / "here") as journal,
        play.here(players, journal) as settler,
        pytest.raises(LMError) as here,
    ):
        play.rows(settler, play.tasks(2))
    with (
        play.journal(tmp_path / "there") as journal,
        play.there(players, journal, cluster) as settler,
        pytest.raises(LMError) as there,
    ):
        play.rows(settler, play.tasks(20))
    assert str(there.value) == str(here.value)
    assert (type(there.value), there.value.exit_code) == (type(here.value), here.value.exit_code)
    assert "sk-wrong" not in str(there.value)


def test_a_key_that_the_workers_lack_ends_the_run(
    llm_server: LLMServer, cluster: Cluster, tmp_path: Path
) -> None:
    players = play.troupe(llm_server.url, api_key_file=tmp_path / "none")
    with (
        play.journal(tmp_path / "journal") as journal,
        play.there(players, journal, cluster) as settler,
        pytest.raises(ConfigError, match="the API key cannot be read"),
    ):
        play.rows(settler, play.tasks(2))


def test_neither_keys_nor_what_is_said_get_into_logs(
    llm_server: LLMServer, nodes: Nodes, cluster: Cluster, tmp_path: Path
) -> None:
    llm_server.usually(PlayingPupil().behaviour())
    key = tmp_path / "key"
    key.write_text("sk-not-to-be-seen", encoding="utf-8")
    players = play.troupe(llm_server.url, api_key_file=key)
    with play.journal(tmp_path / "journal") as journal, play.there(players, journal, cluster) as settler:
        rows = play.rows(settler, play.tasks(2))
        assert len(nodes.workers()) == 1
    said = [turn["text"] for row in rows for turn in row["dialogue"]]
    logs = [path for path in nodes.folder.rglob("logs/**/*") if path.is_file()]
    content = b"\n".join(path.read_bytes() for path in logs)
    assert b"csc_dspy" in content or len(logs) > 5
    for secret in ("sk-not-to-be-seen", *said):
        assert secret.encode() not in content


def test_a_language_model_that_is_connected_here_is_refused(tmp_path: Path, cluster: Cluster) -> None:
    players = replace(play.troupe("http://127.0.0.1:9/v1"), models=Models(lm=connect("embedded")))
    with (
        play.journal(tmp_path / "journal") as journal,
        pytest.raises(ConfigError, match="cannot play on a cluster"),
        play.there(players, journal, cluster),
    ):
        pass
