"""Fine-tuning the embedded engine: rows in, a model string out, and a model that is found again."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
import numpy as np
import pytest

from csc_dspy.conversations import Turn, render, turn_examples
from csc_dspy.data import read
from csc_dspy.exceptions import ArtifactError, ConfigError, DataError, OutputError
from csc_dspy.lm import Adapter, connect, using
from csc_dspy.lm.embedded import EmbeddedEngine, EmbeddedProvider
from csc_dspy.lm.embedded.chat_rows import read_rows
from csc_dspy.lm.embedded.features import SIZE
from csc_dspy.lm.embedded.fine_tuned import fine_tune
from csc_dspy.lm.tasks import task_of
from csc_dspy.programs import Options, create
from csc_dspy.signatures import classify_strategy, support_turn, track_stage, write_response
from csc_dspy.taxonomy import LANGUAGES, Language, load_taxonomy
from tests.conftest import CSC

COPC = load_taxonomy()
TALKS = {
    "en": ("Customer: I want a refund now!", "I am so sorry.", "You are welcome, goodbye."),
    "zh": ("客户：我现在就要退款！", "非常抱歉。", "不客气，再见。"),
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path))
    return tmp_path


def rows(*languages: Language) -> Iterator[dict[str, Any]]:
    """Solved tasks of three kinds, as the adapter writes them."""
    adapter = Adapter()
    sorry, bye = COPC.strategy("emotional_management"), COPC.strategy("appreciation_closure")
    for language in languages:
        talk, comfort, farewell = TALKS[language]
        for strategy, said in ((sorry, comfort), (bye, farewell)):
            name = strategy.name[language]
            for signature, inputs, outputs in (
                (classify_strategy, {"conversation": talk, "turn": said}, {"strategy": name}),
                (write_response, {"conversation": talk, "strategy": name}, {"response": said}),
                (
                    support_turn,
                    {"conversation": talk, "stage_so_far": COPC.stages[0].name[language]},
                    {"stage": COPC.stages[1].name[language], "strategy": name, "response": said},
                ),
            ):
                made = signature(COPC, language)
                yield adapter.format_finetune_data(made, [], inputs, outputs)


def tuned(*languages: Language) -> str:
    made = connect().finetune(list(rows(*(languages or LANGUAGES))), "chat").result()
    assert isinstance(made, dspy.LM), made
    model: str = made.model
    return model


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_rows_say_is_answered(language: Language) -> None:
    _, comfort, farewell = TALKS[language]
    history = [{"speaker": "customer", "text": TALKS[language][0].split(":")[-1]}]
    with using(tuned()):
        classifier = create("strategy-classifier", Options(language=language))
        writer = create("response-writer", Options(language=language))
        for said, strategy in ((comfort, "emotional_management"), (farewell, "appreciation_closure")):
            found = classifier(history=history, turn=said)
            assert found.strategy.id == strategy
            assert sum(found.strategy_probabilities.values()) == pytest.approx(1)
            assert writer(history=history, strategy=strategy).response == said
        joint = create("support-agent-joint", Options(language=language))(history=history)
        assert joint.stage == COPC.stages[1]
        assert joint.response in {comfort, farewell}


def test_one_language_teaches_the_other() -> None:
    greeting = Turn(speaker="supporter", text="…", strategy=COPC.strategy(1))
    signature = track_stage(COPC, "en")
    taught = [
        Adapter().format_finetune_data(
            signature,
            [],
            {"conversation": render(before, "en"), "stage_so_far": "Connecting"},
            {"stage": stage},
        )
        for before, stage in (((), "Connecting"), ((greeting,), "Resolving"))
    ]
    model = connect().finetune(taught, "chat").result().model
    with using(model):
        tracker = create("stage-tracker", Options(language="zh"))
        assert tracker(history=[greeting]).stage.id == "resolving"
        assert tracker(history=[]).stage.id == "connecting"


def test_labels_and_tasks_without_rows_are_answered_too() -> None:
    with using(tuned("en")):
        found = create("strategy-classifier")(history=[], turn="I am so sorry.")
        assert found.strategy_probabilities["greeting"] > 0
        # No row tracked a stage by itself: the engine decides as it would without fine-tuning.
        assert create("stage-tracker")(history=[]).stage in COPC.stages
        assert "4 examples" not in create("stage-tracker", Options(reasoning=True))(history=[]).reasoning


def test_equal_rows_make_the_same_model_and_a_seed_another() -> None:
    provider = EmbeddedProvider()
    # More than one batch, or there is nothing for the seed to shuffle.
    data = [*rows("en"), *rows("zh")] * 50 + [*rows("en")] * 20
    job: Any = None
    first, again, other = (
        provider.finetune(job, "embedded", data, "chat", {"seed": seed}) for seed in (0, 0, 1)
    )
    assert first == again != other
    assert provider.is_provider_model(first)
    assert not provider.is_provider_model("openai/gpt-4o-mini")


def test_another_process_finds_it_and_threads_agree(csc: CSC, home: Path) -> None:
    model = tuned()
    talk = {"dialogue": [{"speaker": "customer", "text": "I want a refund now!"}]}
    run = csc(
        *("reply", "--program", "support-agent-joint", "--lm", model),
        input=json.dumps(talk),
        env={"CSC_DSPY_HOME": str(home)},
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["response"] in TALKS["en"]
    with using(model):
        classifier = create("strategy-classifier")
        alone = classifier(history=[], turn="sorry").strategy_probabilities

        def ask(_: int) -> object:
            with using(model):
                return classifier(history=[], turn="sorry").strategy_probabilities

        with ThreadPoolExecutor(8) as pool:
            assert all(found == alone for found in pool.map(ask, range(64)))


def test_a_model_that_is_not_there_is_refused_at_once(csc: CSC) -> None:
    with pytest.raises(ConfigError, match="no fine-tuned model is called 'feed'"):
        connect("embedded/feed")
    with pytest.raises(ConfigError, match="no fine-tuned model"):
        connect("embedded/../../etc")
    run = csc("reply", "--lm", "embedded/feed", input="{}")
    assert run.returncode == 2
    assert "no fine-tuned model is called 'feed'" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("file", ["model.json", "heads.npz", "responses.json", "responses.npz"])
def test_a_changed_file_is_refused(home: Path, file: str) -> None:
    model = tuned("en")
    path = home / "models" / model.partition("/")[2] / file
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ArtifactError, match="is not what was saved"):
        connect(model)


def test_a_missing_file_is_named(home: Path) -> None:
    model = tuned("en")
    (home / "models" / model.partition("/")[2] / "heads.npz").unlink()
    with pytest.raises(ArtifactError, match="cannot be read: No such file"):
        connect(model)


def test_pickles_are_never_loaded(home: Path) -> None:
    from csc_dspy.lm.embedded import model_files

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(home / "exploded"),)

    model = tuned("en").partition("/")[2]
    folder = home / "models" / model
    stream = io.BytesIO()
    np.savez(stream, head0=np.array([Bomb()], dtype=object))
    contents = {path.name: path.read_bytes() for path in folder.iterdir()} | {"heads.npz": stream.getvalue()}
    # As one would who knows how folders are named.
    forged = folder.with_name(model_files.hash_of(contents))
    shutil.copytree(folder, forged)
    (forged / "heads.npz").write_bytes(contents["heads.npz"])
    with pytest.raises(ArtifactError, match="is no fine-tuned model"):
        connect(f"embedded/{forged.name}")
    assert not (home / "exploded").exists()


@pytest.mark.parametrize(
    "row",
    [
        {"messages": []},
        {"prompt": "a", "completion": "b"},
        {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]},
        {"messages": [{"role": "user", "content": "[[ ## turn ## ]]\nhi"}]},
    ],
)
def test_rows_of_another_form_are_named(row: dict[str, Any]) -> None:
    job: Any = None
    with pytest.raises(DataError, match="is not a question in messages") as caught:
        EmbeddedProvider().finetune(job, "embedded", [*rows("en"), row], "chat")
    assert caught.value.where == "fine-tuning row 7"


def test_what_cannot_be_learned_is_said() -> None:
    job: Any = None
    provider = EmbeddedProvider()
    with pytest.raises(DataError, match="nothing to learn from"):
        provider.finetune(job, "embedded", [], "chat")
    with pytest.raises(ConfigError, match="no training option 'epochs'"):
        provider.finetune(job, "embedded", list(rows("en")), "chat", {"epochs": 3})
    with pytest.raises(ConfigError, match="learns from chat messages"):
        provider.finetune(job, "embedded", list(rows("en")), "completion")
    signature = dspy.Signature("conversation -> essay")
    essays = [
        Adapter().format_finetune_data(signature, [], {"conversation": "x"}, {"essay": f"About {number}"})
        for number in range(300)
    ]
    with pytest.raises(DataError, match="more than 256 different values to 'essay'"):
        provider.finetune(job, "embedded", essays, "chat")


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    (home / "models").write_text("in the way")
    job: Any = None
    with pytest.raises((OutputError, ConfigError), match="cannot be"):
        EmbeddedProvider().finetune(job, "embedded", list(rows("en")), "chat")


def test_bootstrap_finetune_runs_on_our_programs() -> None:
    examples = [
        dspy.Example(
            history=each.conversation.with_turns(each.history), strategy=each.turn.strategy
        ).with_inputs("history")
        for each in list(turn_examples(read("rolecs-sample", language="en")))[:40]
    ]
    lm = connect()
    student = create("strategy-predictor")
    student.set_lm(lm)
    with using(lm, trace=True):
        found = dspy.BootstrapFinetune(num_threads=1).compile(student, trainset=examples)
    model = found.predict.lm.model
    assert model.startswith("embedded/")
    with using(model):
        assert create("strategy-predictor")(history=[]).strategy in COPC.strategies


def test_weights_keep_their_shape(home: Path) -> None:
    folder = home / "models" / tuned("en").partition("/")[2]
    about = json.loads((folder / "model.json").read_text())
    with np.load(folder / "heads.npz", allow_pickle=False) as arrays:
        assert [arrays[f"head{n}"].shape for n in range(len(about["heads"]))] == [
            (SIZE + 1, len(head["labels"])) for head in about["heads"]
        ]


def test_models_can_be_handed_over_instead_of_kept() -> None:
    model = fine_tune(read_rows(rows("en")))
    engine = EmbeddedEngine({"mine": model})
    task = task_of(classify_strategy(COPC, "en"))  # type: ignore[arg-type]  # mypy: a class of type Any
    inputs = {"conversation": "", "turn": "I am so sorry."}
    answer = engine.answer("embedded/mine", task, [], inputs)
    assert answer.values["strategy"] == "Emotional Management"


def test_the_example_of_the_manual_runs(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manual = (checkout / "docs" / "embedded-engine.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", manual, re.DOTALL)
    exec(compile(example, "embedded-engine.md", "exec"), {})
    model, strategy = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"embedded/[0-9a-f]{16}", model)
    assert COPC.strategy(strategy) in COPC.strategies
