"""Compiling from Python: what comes out, what is refused, and what never gets into an artifact."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

import csc_dspy as csc
from csc_dspy.compiled import ByLanguage, load, save
from csc_dspy.exceptions import BudgetError, ConfigError, DataError, LeakError, OutputError
from csc_dspy.lm import Budget, Price
from csc_dspy.optimizers import Bench, CompilationInterrupted, Models, compile, prepare  # noqa: A004
from csc_dspy.programs import Options, Program, StrategyPredictor, create
from csc_dspy.signatures import Shown
from csc_dspy.taxonomy import load_taxonomy
from tests.support.openai_server import LLMServer
from tests.support.optimizers import Draws

DEV = "csconv-sample:dev"
FILES = {
    "manifest.json",
    "program.json",
    "report.html",
    "scores.json",
    "prompts/predict.json",
    "prompts/predict.md",
}


def few(source: str, language: str = "en", count: int = 4) -> list[csc.Conversation]:
    return [each for each in csc.read(source) if each.spoken_language == language][:count]


def small(**options: Any) -> csc.Compiled:  # noqa: ANN401  each option has its own type
    """A compilation that takes a moment."""
    given = {"train": few("rolecs-sample"), "dev": few(DEV), "optimizer": Draws(size=8)}
    return compile(**{"program": "strategy-predictor", **given, **options})


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return content


def test_what_comes_out(tmp_path: Path) -> None:
    heard = []
    compiled = small(out=tmp_path / "out", told=lambda trial: heard.append((trial.note, trial.score)))
    assert [note for note, _ in heard] == ["as it was", "draw 1", "draw 2", "draw 3"]
    assert compiled.dev_before.value == round(heard[0][1], 4)
    assert compiled.dev_after.value == round(max(score for _, score in heard), 4)
    assert compiled.trials == 4
    turns = sum(1 for each in few(DEV) for _ in each.supporter_turns())
    assert compiled.calls == 4 * turns
    assert (compiled.partial, compiled.usd, compiled.tokens) == (False, 0.0, 0)
    # The artifact is the program that was scored best: asked again it has the same score.
    again = csc.evaluate(load(tmp_path / "out"), few(DEV), contexts=["reference"])
    assert again.scores["reference"]["ACC"] == compiled.dev_after
    scores = json.loads((tmp_path / "out" / "scores.json").read_bytes())
    assert scores["after"]["ACC"]["value"] == scores["score"]["after"]["value"] == compiled.dev_after.value
    assert set(files(tmp_path / "out")) == FILES
    assert json.loads(json.dumps(compiled.to_dict()))["statement"] == compiled.statement


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_gain_is_told_plainly(language: str) -> None:
    dialogues = {
        "train": few("rolecs-sample", language=language, count=40),
        "dev": few(DEV, language=language, count=15),
    }
    compiled = small(**dialogues, optimizer=Draws(candidates=1, size=48))
    assert compiled.significant == "better"
    assert "It has become better by" in compiled.statement
    # From so few dialogues nothing can be told.
    compiled = small(train=dialogues["train"], dev=dialogues["dev"][:2], optimizer=Draws(size=2))
    assert compiled.significant == "cannot tell"
    assert "is not significant: it may be chance." in compiled.statement


@dataclass(frozen=True)
class Idle:
    """Finds nothing."""

    name: ClassVar[str] = "idle"

    def most_calls(self, _program: Program, _train: int, _dev: int) -> int:
        return 0

    def optimize(self, program: Program, _bench: Bench) -> Program:
        return program


def test_nothing_is_found(tmp_path: Path) -> None:
    compiled = small(optimizer=Idle(), out=tmp_path / "out")
    assert compiled.dev_before == compiled.dev_after
    assert compiled.significant == "cannot tell"
    assert compiled.statement.endswith("Nothing that was tried is better.")
    assert load(tmp_path / "out").dump_state() == create("strategy-predictor").dump_state()


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        small(out=tmp_path / name, seed=3)
    small(out=tmp_path / "different", seed=4)
    one, other, different = (files(tmp_path / name) for name in ("one", "other", "different"))
    manifests = [manifest(tmp_path / name) for name in ("one", "other")]
    for each, content in zip((one, other), manifests, strict=True):
        assert content.pop("run")["versions"]["csc-dspy"] == csc.__version__
        del each["manifest.json"]
    assert manifests[0] == manifests[1]
    assert one == other
    assert different["program.json"] != one["program.json"]


def test_an_artifact_is_gone_on_with(tmp_path: Path) -> None:
    first = small(out=tmp_path / "first", optimizer=Draws(candidates=1, size=4))
    second = small(program=tmp_path / "first", optimizer=Draws(candidates=2, size=4))
    assert second.dev_before == first.dev_after
    with pytest.raises(ConfigError, match="is built already"):
        small(program=tmp_path / "first", options=Options(reasoning=True))
    with pytest.raises(ConfigError, match="the program is in 'en', not 'zh'"):
        small(program=tmp_path / "first", language="zh")


def test_how_a_registered_program_is_built(tmp_path: Path) -> None:
    options = Options(reasoning=True, history_tokens=50, shown=Shown(distinctions=False))
    small(out=tmp_path / "out", options=options, language="en")
    assert load(tmp_path / "out").options == Options(
        language="en", reasoning=True, history_tokens=50, shown=Shown(distinctions=False)
    )
    prompt = json.loads((tmp_path / "out" / "prompts" / "predict.predict.json").read_bytes())
    assert "`reasoning`" in prompt["messages"][0]["content"]


def test_one_of_several_languages() -> None:
    both = ByLanguage({each: StrategyPredictor(Options(language=each)) for each in ("zh", "en")})
    with pytest.raises(ConfigError, match="several languages"):
        small(program=both)
    compiled = small(program=both, language="en", optimizer=Idle())
    assert compiled.program.options.language == "en"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"dev": "csconv-sample"}, "test dialogues are for final results"),
        ({"dev": "csconv-sample:test"}, "test dialogues are for final results"),
        ({"dev": csc.read("csconv-sample", part="test")}, "test dialogues are for final results"),
        ({"dev": few("csconv-sample:test")}, "test dialogues are for final results"),
        (
            {"dev": [*few(DEV), *few("csconv-sample:test", count=1)]},
            "for final results",
        ),
        ({"dev": "rolecs-sample"}, "RoleCS is for training"),
        ({"dev": few("rolecs-sample")}, "RoleCS is for training"),
        ({"train": DEV}, "CSConv is for evaluation"),
        ({"train": few(DEV)}, "CSConv is for evaluation"),
    ],
)
def test_dialogues_where_they_must_not_be(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(LeakError, match=problem):
        small(**{"language": "en", **given})


def test_the_test_part_of_a_split(tmp_path: Path) -> None:
    rows = "".join(json.dumps({**each.row(), "source": "ours"}) + "\n" for each in few(DEV))
    (tmp_path / "parts").mkdir()
    for name in ("dev", "test"):
        (tmp_path / "parts" / f"{name}.jsonl").write_text(rows, encoding="utf-8")
    assert small(dev=tmp_path / "parts" / "dev.jsonl", optimizer=Idle()).trials == 1
    for refused in (tmp_path / "parts" / "test.jsonl", f"{tmp_path / 'parts'}:test"):
        with pytest.raises(LeakError, match="for final results"):
            small(dev=refused)


def test_the_same_dialogue_on_both_sides() -> None:
    train, dev = few("rolecs-sample"), few(DEV)
    copied = dev[1].model_copy(update={"source": None, "id": "copied"})
    # A turn less, and it is still the same dialogue.
    shorter = copied.with_turns(copied.dialogue[:-1])
    with pytest.raises(
        LeakError, match=rf"1 dev dialogues are .* too: {dev[1].id} \(conversations\) ~ copied"
    ):
        small(train=[*train, shorter], dev=dev)


def test_which_language_is_meant() -> None:
    both = [*few("rolecs-sample"), *few("rolecs-sample", language="zh")]
    with pytest.raises(ConfigError, match=r"in zh and en, and a program is .* \(choose it with --language"):
        small(train=both)
    assert small(train=both, language="en", optimizer=Idle()).program.options.language == "en"
    assert small(train=few("rolecs-sample"), dev=DEV, optimizer=Idle()).program.options.language == "en"
    with pytest.raises(DataError, match="no labelled turn of the supporter in 'zh'"):
        small(train=few("rolecs-sample"), language="zh")


def test_another_taxonomy(tmp_path: Path) -> None:
    taxonomy = load_taxonomy("esconv")
    labels = [each.id for each in taxonomy.strategies]

    def dialogues(word: str) -> list[csc.Conversation]:
        return [
            csc.Conversation.model_validate(
                {
                    "id": f"{word}{number}",
                    "dialogue": [
                        {"speaker": "customer", "text": f"{word} {number} is what troubles me so much"},
                        {"speaker": "supporter", "text": f"tell me about {word}", "strategy": labels[number]},
                    ],
                },
                context=taxonomy,
            )
            for number in range(4)
        ]

    small(train=dialogues("work"), dev=dialogues("family"), out=tmp_path / "out", optimizer=Draws(size=2))
    assert manifest(tmp_path / "out")["taxonomy"]["id"] == "esconv"
    assert load(tmp_path / "out").options.taxonomy == taxonomy
    with pytest.raises(csc.CSCError, match="was compiled for the taxonomy 'esconv', and this is 'copc'"):
        load(tmp_path / "out", taxonomy=load_taxonomy())
    # The sample is labelled by another one, so the prompts show what was learned from.
    assert "troubles me so much" in (tmp_path / "out" / "prompts" / "predict.md").read_text()


def test_a_limit_without_a_folder() -> None:
    turns = sum(1 for each in few(DEV) for _ in each.supporter_turns())
    compiled = small(budget=Budget(max_calls=2 * turns + 3))
    assert (compiled.partial, compiled.trials) == (True, 2)
    assert compiled.calls <= 2 * turns + 3
    with pytest.raises(BudgetError):
        small(budget=Budget(max_calls=3))


@dataclass(frozen=True)
class Interrupted(Idle):
    """Is interrupted after it has found something."""

    def optimize(self, program: Program, bench: Bench) -> Program:
        Draws(candidates=1).optimize(program, bench)
        raise KeyboardInterrupt


def test_an_interrupt_saves_the_best(tmp_path: Path) -> None:
    with pytest.raises(CompilationInterrupted) as caught:
        small(optimizer=Interrupted(), out=tmp_path / "out")
    assert isinstance(caught.value, KeyboardInterrupt)
    assert caught.value.compiled.partial
    assert manifest(tmp_path / "out")["partial"] is True
    assert (tmp_path / ".out.run").is_dir()


def test_what_is_there_is_replaced_only_if_it_is_an_artifact(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    (tmp_path / "file").write_text("")
    for place, problem in (("mine", "holds something else"), ("file", "is a file")):
        with pytest.raises(OutputError, match=problem):
            small(out=tmp_path / place, optimizer=Idle())
    save(StrategyPredictor(), tmp_path / "old")
    (tmp_path / "empty").mkdir()
    for place in ("old", "empty"):
        small(out=tmp_path / place, optimizer=Idle())
        assert set(files(tmp_path / place)) == FILES
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "file", "old", "empty"}


def test_secrets_stay_out(llm_server: LLMServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-planted-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    home = tmp_path / "home-of-somebody"
    home.mkdir()
    train, dev = few("rolecs-sample"), few(DEV)
    for name, dialogues in (("learn", train), ("judge", dev)):
        rows = "".join(json.dumps(each.row(), ensure_ascii=False) + "\n" for each in dialogues)
        (home / f"{name}.jsonl").write_text(rows, encoding="utf-8")
    small(
        train=home / "learn.jsonl",
        dev=home / "judge.jsonl",
        lm="openai//srv/models/our-model",
        api_base=llm_server.url,
        out=home / "out",
        cache=False,
    )
    sent = llm_server.requests[0]
    assert sent.headers["Authorization"] == f"Bearer {key}"
    assert sent.json["model"] == "/srv/models/our-model"
    written = files(home / "out")
    assert json.loads(written["manifest.json"])["lm"] == "openai/our-model"
    assert json.loads(written["manifest.json"])["data"]["dev"]["source"] == "judge.jsonl"
    said = {turn.text for each in dev for turn in each.dialogue if len(turn.text) > 30}
    assert len(said) > 20
    for name, content in written.items():
        text = content.decode()
        for secret in (key, str(tmp_path), "home-of-somebody", "/srv/models", "Bearer", llm_server.url):
            assert secret not in text, (name, secret)
        assert not [each for each in said if each in text or json.dumps(each)[1:-1] in text], name


def test_helpers_and_their_addresses(llm_server: LLMServer) -> None:
    options = {"api_base": llm_server.url, "temperature": 0.5, "cache": False}
    models = Models(lm="openai/small", prompt_lm="openai/large", teacher_lm="embedded", options=options)
    assert models.helpers == {"prompt_lm": "openai/large", "teacher_lm": "embedded"}
    with models.open(Budget(), None) as helpers:
        assert {role: lm.model for role, lm in helpers.items()} == models.helpers
        assert helpers["prompt_lm"].kwargs["temperature"] == 0.0
        helpers["prompt_lm"]("hello")
    assert [each.json["model"] for each in llm_server.requests] == ["large"]
    # Beside the embedded engine, which has no address, it is that of the helpers.
    beside = Models(prompt_lm="large", options=options)
    with beside.open(Budget(), None) as helpers:
        helpers["prompt_lm"]("hello")
    assert len(llm_server.requests) == 2


def test_the_plan_bounds_what_is_done(llm_server: LLMServer) -> None:
    models = Models(
        lm="openai/test",
        options={"api_base": llm_server.url, "cache": False, "price": Price(1.0, 2.0)},
    )
    train, dev = few("rolecs-sample"), few(DEV)
    made = prepare("support-agent", train=train, dev=dev, optimizer=Draws(size=8), models=models)
    plan = made.plan
    assert llm_server.requests == []
    compiled = made.carry_out()
    assert len(llm_server.requests) == compiled.calls <= plan.most_calls
    assert 0 < compiled.tokens <= plan.most_tokens
    assert compiled.usd is not None
    assert plan.most_usd is not None
    assert 0 < compiled.usd <= plan.most_usd
    assert "at most" in str(plan)
    assert json.loads(json.dumps(plan.to_dict()))["most_calls"] == plan.most_calls
