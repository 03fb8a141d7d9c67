"""Roles as DSPy modules: compiled by optimizers, saved and loaded, with language models of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import dspy
import pytest

from csc_dspy.exceptions import ArtifactError, ConfigError
from csc_dspy.lm import using
from csc_dspy.roleplay import ROLES, Models, Played, Rules, play
from csc_dspy.roleplay.cast import FastCast, FullCast
from csc_dspy.roleplay.making import read_states
from csc_dspy.roleplay.roles import (
    Customer,
    CustomerAssistant,
    CustomerSide,
    Planner,
    RoleModule,
    Supporter,
    SupporterAssistant,
    SupporterSide,
)
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.roleplay.playing_pupil import PlayingPupil
from tests.roleplay.tasks import task
from tests.support.openai_server import LLMServer

COPC = load_taxonomy()
KINDS = [
    Planner,
    SupporterAssistant,
    Supporter,
    CustomerAssistant,
    Customer,
    SupporterSide,
    CustomerSide,
]


@pytest.fixture
def server(llm_server: LLMServer) -> LLMServer:
    llm_server.usually(PlayingPupil().behaviour())
    return llm_server


def example(role: RoleModule) -> dspy.Example:
    """A right answer to some question of a role."""
    values = dict.fromkeys(role.act.signature.fields, "something")
    language = role.language
    strategy = COPC.strategy("PR").name[language]
    known = {"strategy": strategy, "allowed": strategy, "over": {"en": "no", "zh": "否"}[language]}
    values |= {name: value for name, value in known.items() if name in values}
    return dspy.Example(**values).with_inputs(*role.act.signature.input_fields)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_optimizers_compile_every_role(
    server: LLMServer, tmp_path: Path, kind: type[RoleModule], language: Language
) -> None:
    role = kind(COPC, language)
    trainset = [example(role), example(role)]
    outputs = list(role.act.signature.output_fields)

    def answered(gold: dspy.Example, found: dspy.Prediction, _trace: object = None) -> bool:
        return all(found[name] for name in outputs) and bool(gold)

    optimizer = dspy.BootstrapFewShot(metric=answered, max_bootstrapped_demos=1, max_labeled_demos=1)
    with using("openai/test", api_base=server.url, cache=False, trace=True):
        compiled = optimizer.compile(role, trainset=trainset)
    assert len(compiled.act.demos) >= 1
    compiled.save(tmp_path / f"{role.name}.json")
    state = read_states(tmp_path)[role.name]
    cast = FastCast if role.name.endswith("_side") else FullCast
    acting = cast(COPC, language, {}, states={role.name: state})
    plain = cast(COPC, language, {})
    assert acting.identity != plain.identity
    server.requests.clear()
    with using("openai/test", api_base=server.url, cache=False):
        asyncio.run(play(task(language), acting, Rules(COPC)))
    shown = [each.json["messages"] for each in server.requests]
    assert any(len(messages) > 2 and messages[-2]["role"] == "assistant" for messages in shown)


def test_what_was_saved_from_another_role_is_refused(tmp_path: Path) -> None:
    customer = Customer(COPC, "en")
    customer.act.demos = [example(customer)]
    customer.save(tmp_path / "planner.json")
    with pytest.raises(ArtifactError, match="does not fit the role planner"):
        FullCast(COPC, "en", {}, states=read_states(tmp_path))
    with pytest.raises(ArtifactError, match="does not fit the role supporter"):
        FullCast(COPC, "en", {}, states={"supporter": {"act": 3}})


def test_a_folder_of_roles_holds_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no compiled roles"):
        read_states(tmp_path)
    (tmp_path / "narrator.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"has no role 'narrator'.*supporter_side\.json"):
        read_states(tmp_path)
    (tmp_path / "narrator.json").unlink()
    (tmp_path / "planner.json").write_text("{")
    with pytest.raises(ConfigError, match="not JSON"):
        read_states(tmp_path)


def test_every_role_has_its_language_model(server: LLMServer) -> None:
    roles: Any = {role: f"openai/{role}" for role in ROLES if role != "customer"}
    models = Models(lm="openai/for-all", roles=roles, options={"api_base": server.url, "cache": False})
    assert models.names == {**roles, "customer": "openai/for-all"}
    with models.open() as lms:
        result, _ = asyncio.run(play(task(), FullCast(COPC, "en", models.names, lms), Rules(COPC)))
    assert isinstance(result, Played)
    assert result.models == models.names
    fields = {
        "planner": "scene",
        "supporter_assistant": "strategy",
        "supporter": "response",
        "customer_assistant": "direction",
        "for-all": "utterance",
    }
    for request in server.requests:
        wanted = f"starting with the field `[[ ## {fields[request.json['model']]} ## ]]`"
        assert wanted in request.json["messages"][-1]["content"]
        assert request.json["temperature"] == 0.8
    assert {request.json["model"] for request in server.requests} == set(fields)


def test_a_temperature_that_is_given_holds(server: LLMServer) -> None:
    models = Models(lm="openai/test", options={"api_base": server.url, "cache": False, "temperature": 0.3})
    with models.open() as lms:
        asyncio.run(play(task(), FastCast(COPC, "en", models.names, lms), Rules(COPC)))
    assert {request.json["temperature"] for request in server.requests} == {0.3}


def test_a_server_of_its_own(server: LLMServer) -> None:
    models = Models(lm="openai/test", roles={"customer": f"hosted_vllm/other@{server.url}"}, options={})
    assert models.names["customer"] == "hosted_vllm/other"
    with using("openai/test", api_base="http://127.0.0.1:9/v1", cache=False) as elsewhere:
        apart = Models(lm=elsewhere, roles=models.roles, options={"cache": False})
        with apart.open() as lms:
            cast = FastCast(COPC, "en", apart.names, lms)
            inputs = dict.fromkeys(("profile", "scene", "goal", "conversation", "happening"), "x")
            asyncio.run(cast.role(CustomerSide).ask(inputs, "rollout"))
    assert [request.json["model"] for request in server.requests] == ["other"]


def test_models_that_do_not_go_together() -> None:
    with pytest.raises(ConfigError, match="no role 'narrator'"):
        Models(roles={"narrator": "openai/x"})  # type: ignore[dict-item]
    with pytest.raises(ConfigError, match="cannot play planner, supporter_assistant, supporter, customer_a"):
        Models(roles={"customer": "openai/x"})
    assert Models().retrieved
    assert not Models(lm="openai/x").retrieved
    assert not Models(judge=None).can_judge
    assert Models(judge="openai/x").can_judge


def test_the_shortest_way_to_the_language_model_is_taken(server: LLMServer) -> None:
    """Without DSPy's layer every call costs a fraction; the seed goes with it all the same."""
    with using("openai/test", api_base=server.url, cache=False) as lm:
        role = Planner(COPC, "en")
        inputs = dict.fromkeys(role.act.signature.input_fields, "x")
        values = asyncio.run(role.ask(inputs, "a"))
        called = asyncio.run(role.acall(**inputs))
        assert lm is not None
    assert type(values) is dict
    assert isinstance(called, dspy.Prediction)
    seeds = [request.json.get("seed") for request in server.requests]
    assert seeds[0] is not None
    assert seeds[1] is None


def test_roles_are_named_for_what_they_play() -> None:
    assert {kind.role for kind in KINDS} == set(ROLES)
    assert len({kind.name for kind in KINDS}) == len(KINDS)
