"""``csc.evaluate``: what systems are asked in each context, and what comes of their answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import csc_dspy as csc
from csc_dspy.conversations import Conversation
from csc_dspy.evaluation import Evaluation, evaluate
from csc_dspy.exceptions import BudgetError, ConfigError, CSCError, DataError
from csc_dspy.lm import Budget, CallError
from csc_dspy.programs import Options, SupportAgentJoint, create
from csc_dspy.taxonomy import load_taxonomy
from tests.evaluation.dialogues import STRATEGIES, TURNS, conversations, read_rows
from tests.support.behaviours import Behaviour, fails, says, slow
from tests.support.openai_server import LLMServer


def asked(server: LLMServer, program: Any = "support-agent-joint", **options: Any) -> Evaluation:  # noqa: ANN401
    """An evaluation at the server."""
    given: Iterable[Conversation] = options.pop("given", None) or conversations(2)
    return evaluate(program, given, lm="openai/test", api_base=server.url, cache=False, **options)


def prompts(server: LLMServer) -> list[str]:
    return [request.json["messages"][-1]["content"] for request in server.requests]


def joint(response: str, strategy: str = "Others") -> Behaviour:
    """An answer of support-agent-joint in English."""
    stage = "Exploring"
    fields = {"stage": stage, "strategy": strategy, "response": response}
    text = "\n\n".join(f"[[ ## {name} ## ]]\n{value}" for name, value in fields.items())
    return says(f"{text}\n\n[[ ## completed ## ]]")


def test_in_the_reference_context_the_history_is_gold(llm_server: LLMServer) -> None:
    llm_server.usually(joint("MY OWN WORDS"))
    asked(llm_server, contexts=["reference"], given=conversations(1), concurrency=1)
    last = prompts(llm_server)[-1]
    assert len(llm_server.requests) == TURNS
    assert "MY OWN WORDS" not in last
    assert "Supporter [Emotional Management]: I am sorry to hear that." in last
    assert "Customer: My parcel 0 never came!" in last
    # The turn itself is not given away.
    assert "goodbye" not in last


def test_in_the_generated_context_the_own_turns_take_the_place(llm_server: LLMServer) -> None:
    llm_server.script(*(joint(f"WORDS {turn}", "Feedback Request") for turn in range(TURNS)))
    asked(llm_server, contexts=["generated"], given=conversations(1))
    seen = prompts(llm_server)
    for turn in range(TURNS):
        own = [f"Supporter [Feedback Request]: WORDS {earlier}" for earlier in range(turn)]
        assert [line in seen[turn] for line in own] == [True] * turn
        assert f"WORDS {turn}" not in seen[turn]
    assert "Good morning" not in seen[-1]
    assert "Customer: My parcel 0 never came!" in seen[-1]
    assert "Customer: On the third." in seen[-1]


def test_programs_that_do_not_write_keep_the_gold_text(llm_server: LLMServer) -> None:
    strategy = says("[[ ## strategy ## ]]\nFeedback Request\n\n[[ ## completed ## ]]")
    llm_server.usually(strategy)
    asked(llm_server, "strategy-predictor", contexts=["generated"], given=conversations(1))
    assert "Supporter [Feedback Request]: Good morning, how can I help?" in prompts(llm_server)[-1]


def test_a_failed_turn_keeps_the_gold_turn(llm_server: LLMServer) -> None:
    llm_server.script(joint("FIRST"), fails(400, "no"), joint("THIRD"), joint("FOURTH"))
    found = asked(llm_server, contexts=["generated"], given=conversations(1))
    last = prompts(llm_server)[-1]
    assert "Supporter [Others]: FIRST" in last
    assert "Supporter [Emotional Management]: I am sorry to hear that." in last
    assert "Supporter [Others]: THIRD" in last
    assert found.failures == found.content["generated"]["failures"] == 1


def test_the_classifier_is_given_the_turn_and_only_gold_histories(llm_server: LLMServer) -> None:
    asked(llm_server, "strategy-classifier", given=conversations(1), concurrency=1)
    assert "[[ ## turn ## ]]\nThank you for calling, goodbye.\n" in prompts(llm_server)[-1]
    llm_server.requests.clear()
    with pytest.raises(ConfigError, match=r"generated context: it labels turns .*--contexts reference"):
        asked(llm_server, "strategy-classifier", contexts=["generated"])
    assert llm_server.requests == []


def test_the_writer_is_given_the_strategy_and_not_scored_by_it(llm_server: LLMServer) -> None:
    found = asked(llm_server, "response-writer", given=conversations(1), concurrency=1)
    first = prompts(llm_server)[0]
    assert "[[ ## strategy ## ]]\nGreeting\n" in first
    assert "ACC" not in found.scores["reference"]
    assert "stage_acc" not in found.scores["reference"]
    assert "B-2" in found.scores["generated"]
    assert found.content["reference"]["strategies"] is None


def test_scores_by_hand(llm_server: LLMServer) -> None:
    # Of four English and four Chinese turns the second and the fourth, in English, are right.
    emotional, closing = joint("I am sorry to hear that.", "EM"), joint("Thank you.", "AC")
    llm_server.script(joint("a"), emotional, joint("b"), closing, *[joint("c")] * 4)
    found = asked(llm_server, contexts=["reference"], concurrency=1)
    content = found.content["reference"]
    assert found.scores["reference"]["ACC"].value == 25.0
    assert content["languages"]["en"]["ACC"]["value"] == 50.0
    assert content["languages"]["zh"]["ACC"]["value"] == 0.0
    assert (content["turns"], content["dialogues"], content["failures"]) == (8, 2, 0)
    # A draw has no, one or two English dialogues.
    accuracy = found.scores["reference"]["ACC"]
    assert (accuracy.low, accuracy.high) == (0.0, 50.0)
    # Of one dialogue alone nobody knows how sure its score is.
    assert content["languages"]["en"]["ACC"] == {"value": 50.0, "low": None, "high": None}
    scored = {each["id"]: each for each in content["strategies"]}
    assert scored["emotional_management"] == {
        "id": "emotional_management",
        "support": 2,
        "precision": 100.0,
        "recall": 50.0,
        "f1": 66.6667,
    }
    assert content["cost"]["calls"] == 8
    assert found.content["about"]["languages"] == ["en", "zh"]


def test_failures_count_as_wrong_and_are_told(llm_server: LLMServer, tmp_path: Path) -> None:
    llm_server.script(joint("a", "GT"), fails(400, "no such option"), joint("b", "PR"), joint("c", "AC"))
    out = tmp_path / "out"
    found = asked(llm_server, contexts=["reference"], given=conversations(1), concurrency=1, out=out)
    content = found.content["reference"]
    assert content["failures"] == 1
    ((reason, count),) = content["failure_reasons"].items()
    assert "no such option" in reason
    assert count == 1
    assert found.scores["reference"]["ACC"].value == 75.0
    failed = read_rows(out / "predictions.jsonl")[1]
    assert "no such option" in failed["error"]
    assert "strategy" not in failed
    # The journal stays for another try, which asks for the failed turn alone.
    llm_server.requests.clear()
    llm_server.script(joint("d", "EM"))
    again = asked(
        llm_server, contexts=["reference"], given=conversations(1), concurrency=1, out=out, resume=True
    )
    assert len(llm_server.requests) == 1
    assert again.scores["reference"]["ACC"].value == 100.0
    assert sorted(path.name for path in out.iterdir()) == ["predictions.jsonl", "report.html", "scores.json"]


def test_when_everything_fails_everything_is_wrong(llm_server: LLMServer) -> None:
    llm_server.usually(fails(400, "no"))
    found = asked(llm_server, "support-agent")
    assert found.scores["reference"]["ACC"].value == 0.0
    assert found.scores["generated"]["B-2"].value == 0.0
    assert found.content["generated"]["failures"] == 2 * TURNS
    # Probabilities were never given, so nobody is wrong about them.
    assert "brier" not in found.scores["reference"]


def test_results_are_in_the_order_of_the_data(llm_server: LLMServer, tmp_path: Path) -> None:
    waits = iter([0.05, 0, 0.02, 0.001] * 100)
    llm_server.usually(lambda: slow(next(waits)))
    given = conversations(5)
    asked(llm_server, given=given, out=tmp_path, concurrency=7)
    places = [
        (row["dialogue"], row["context"], row["turn"]) for row in read_rows(tmp_path / "predictions.jsonl")
    ]
    assert places == [
        (each.id, context, turn)
        for each in given
        for context in ("reference", "generated")
        for turn in range(0, 2 * TURNS, 2)
    ]
    keys = ["context", "dialogue", "turn", "stage", "strategy", "strategy_number", "response", "error"]
    effort = ["calls", "input_tokens", "output_tokens", "cached_tokens", "seconds"]
    assert list(read_rows(tmp_path / "predictions.jsonl")[0]) == keys + effort


def test_equal_runs_write_equal_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        evaluate("support-agent", conversations(4), out=tmp_path / name, seed=7)

    def predictions(name: str) -> list[dict[str, Any]]:
        rows = read_rows(tmp_path / name / "predictions.jsonl")
        return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]

    def scores(name: str) -> dict[str, Any]:
        content = json.loads((tmp_path / name / "scores.json").read_bytes())
        for context in ("reference", "generated"):
            assert content[context].pop("seconds") >= 0
            assert content[context].pop("latency")["max"] >= 0
        return content

    assert predictions("one") == predictions("two")
    assert scores("one") == scores("two")


def test_a_run_is_scored_again_from_its_predictions(llm_server: LLMServer, tmp_path: Path) -> None:
    llm_server.script(fails(400, "no"))
    first = asked(llm_server, "support-agent", given=conversations(3), out=tmp_path)
    again = evaluate(tmp_path, conversations(3))
    for context in ("reference", "generated"):
        assert again.scores[context] == first.scores[context]
        for key in ("failures", "failure_reasons", "confusion", "stages", "cost", "latency"):
            assert again.content[context][key] == first.content[context][key]


@pytest.mark.parametrize("taxonomy", ["copc", "esconv"])
def test_both_taxonomies_and_languages(llm_server: LLMServer, taxonomy: str) -> None:
    given = conversations(2, taxonomy)
    found = asked(llm_server, "support-agent", given=given)
    about = found.content["about"]["taxonomy"]
    assert about["id"] == taxonomy
    strategies = [each.id for each in load_taxonomy(taxonomy).strategies]
    assert [each["id"] for each in found.content["generated"]["strategies"]] == strategies
    support = {each["id"]: each["support"] for each in found.content["reference"]["strategies"]}
    assert {name for name, times in support.items() if times} == {*STRATEGIES[taxonomy]}
    assert {"en", "zh"} == found.content["reference"]["languages"].keys()
    chinese = ["客服" in request.json["messages"][0]["content"] for request in llm_server.requests]
    assert chinese.count(True) == chinese.count(False) > 0


def test_a_taxonomy_that_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match=r"dialogue d0: is labelled by .*'esconv', and what .* by 'copc'"):
        evaluate(create("support-agent"), conversations(1, "esconv"))


def test_a_program_may_be_given_itself(llm_server: LLMServer) -> None:
    program = SupportAgentJoint(Options(language="zh"))
    found = asked(llm_server, program)
    assert all("请阅读" in request.json["messages"][0]["content"] for request in llm_server.requests)
    assert found.content["about"]["program"] == "support-agent-joint"


def test_a_packaged_sample(tmp_path: Path) -> None:
    found = csc.evaluate("strategy-predictor", csc.read("csconv-sample:test", use="evaluate"), limit=3)
    assert found.content["about"]["data"] == "csconv-sample:test"
    assert found.content["reference"]["dialogues"] == 3
    assert found.contexts == ("reference", "generated")
    assert "reference" in str(found.table())
    assert found.to_dict() == found.content
    assert not list(tmp_path.iterdir())


def test_an_iterator_will_do(llm_server: LLMServer, tmp_path: Path) -> None:
    asked(llm_server, given=iter(conversations(3)), limit=2, out=tmp_path, contexts=["reference"])
    assert {row["dialogue"] for row in read_rows(tmp_path / "predictions.jsonl")} == {"d0", "d1"}


def test_dialogues_without_an_id_are_called_by_their_content(llm_server: LLMServer, tmp_path: Path) -> None:
    (one,) = conversations(1)
    nameless = one.model_copy(update={"id": None})
    asked(llm_server, given=[nameless, nameless], out=tmp_path, contexts=["reference"])
    names = [row["dialogue"] for row in read_rows(tmp_path / "predictions.jsonl")]
    name = one.content_hash[:16]
    assert names == [name] * TURNS + [f"{name}~2"] * TURNS


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (fails(401, "Incorrect API key provided", "invalid_api_key"), "auth"),
        (fails(429, "You exceeded your current quota", "insufficient_quota"), "billing"),
        (fails(404, "no such model", "model_not_found"), "unsupported_model"),
    ],
    ids=["key", "money", "model"],
)
def test_what_the_next_would_meet_too_ends_the_run(
    llm_server: LLMServer, fault: Behaviour, code: str
) -> None:
    llm_server.usually(fault)
    with pytest.raises(CallError) as caught:
        asked(llm_server, given=conversations(20), concurrency=4)
    assert caught.value.code == code
    assert len(llm_server.requests) <= 4


def test_a_spent_budget_ends_the_run_and_what_is_done_is_kept(llm_server: LLMServer, tmp_path: Path) -> None:
    given = conversations(4)
    whole = asked(llm_server, given=given, out=tmp_path / "whole")
    calls = len(llm_server.requests)
    llm_server.requests.clear()
    with pytest.raises(BudgetError, match="limit of 11 calls"):
        asked(llm_server, given=given, out=tmp_path / "out", budget=Budget(max_calls=11), concurrency=3)
    assert not (tmp_path / "out" / "predictions.jsonl").exists()
    found = asked(llm_server, given=given, out=tmp_path / "out", resume=True)
    assert len(llm_server.requests) == calls
    assert found.scores == whole.scores


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"contexts": ["dreamt"]}, r"'dreamt' is no context \(contexts are reference and generated\)"),
    ({"contexts": []}, "no context is given"),
    ({"resume": True}, "resume=True needs out="),
    ({"program": "support-agant"}, "did you mean 'support-agent'"),
    ({"compare": "nowhere/at/all"}, "manifest.json: cannot be read"),
    ({"compare": "response-writer", "program": "stage-tracker"}, "response-writer answers response, stage"),
    ({"given": [Conversation(dialogue=())]}, "has no turn of the supporter"),
    ({"given": iter(())}, "there is no dialogue to evaluate on"),
]


@pytest.mark.parametrize(("options", "problem"), WRONG, ids=[problem for _, problem in WRONG])
def test_what_does_not_fit_is_said_before_anything_is_asked(
    llm_server: LLMServer, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CSCError, match=problem):
        asked(llm_server, **options)
    assert llm_server.requests == []
