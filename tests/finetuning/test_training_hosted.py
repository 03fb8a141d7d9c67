"""Fine-tuning at an OpenAI-compatible server: uploads, jobs, and everything that goes wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dspy
import pytest

import csc_dspy as csc
from csc_dspy.exceptions import ConfigError, DataError, LMError
from csc_dspy.finetuning.training import Server, Trained, run_folder
from csc_dspy.lm.failures import CallError
from tests.finetuning.rows import chat_rows, write_rows
from tests.support.behaviours import HEALTHY, breaks_off, fails, throttles
from tests.support.openai_server import LLMServer, running

POLL = 0.001


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", dialogues=1)


def train(server: LLMServer, data: Path, out: Path, **options: Any) -> Trained:  # noqa: ANN401  those of csc.train
    return csc.train(
        data, lm="openai/small", out=out, server=Server(api_base=server.url, poll=POLL), **options
    )


def test_from_rows_to_a_model(llm_server: LLMServer, data: Path, tmp_path: Path) -> None:
    said: list[dict[str, object]] = []
    trained = train(
        llm_server,
        data,
        tmp_path / "out",
        seed=7,
        options={"epochs": 2, "batch_size": 4},
        told=lambda n=1, **fields: said.append(fields),  # noqa: ARG005  rows are counted elsewhere
    )
    assert trained.model == "openai/ft:small:shop::1"
    account = llm_server.fine_tuning
    (job,) = account.jobs.values()
    assert (job["model"], job["seed"], job["hyperparameters"]) == (
        "small",
        7,
        {"n_epochs": 2, "batch_size": 4},
    )
    sent = [json.loads(line) for line in account.contents["file-1"].splitlines()]
    assert sent == [json.loads(line) for line in data.read_bytes().splitlines()]
    assert len(sent) == trained.rows
    assert said[-1] == {"job": "ftjob-1", "status": "succeeded"}
    written = json.loads((tmp_path / "out" / "training.json").read_bytes())
    assert (written["model"], written["job"], written["rows"]) == (trained.model, "ftjob-1", trained.rows)
    assert str(tmp_path) not in json.dumps(written)
    assert not run_folder(tmp_path / "out").exists()


def test_the_part_to_validate_by_goes_along(llm_server: LLMServer, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "train.jsonl").write_bytes(data.read_bytes())
    (folder / "validation.jsonl").write_bytes(data.read_bytes().splitlines()[0])
    train(llm_server, folder, tmp_path / "out")
    (job,) = llm_server.fine_tuning.jobs.values()
    assert len(llm_server.fine_tuning.contents[job["validation_file"]].splitlines()) == 1
    assert job["training_file"] != job["validation_file"]


def test_busy_servers_are_asked_again(llm_server: LLMServer, data: Path, tmp_path: Path) -> None:
    faults = [fails(500), throttles("0.01"), fails(503)]
    llm_server.fine_tuning.faults.extend(faults)
    assert train(llm_server, data, tmp_path / "out").model.startswith("openai/ft:")
    assert (len(llm_server.fine_tuning.files), len(llm_server.fine_tuning.jobs)) == (1, 1)


@pytest.mark.parametrize("place", [0, 1])
def test_an_answer_that_gets_lost_costs_nothing_twice(
    llm_server: LLMServer, data: Path, tmp_path: Path, place: int
) -> None:
    # The file is there, or the job, but nobody hears of it.
    llm_server.fine_tuning.faults.extend([*[HEALTHY] * place, breaks_off(0)])
    assert train(llm_server, data, tmp_path / "out").model.startswith("openai/ft:")
    assert (len(llm_server.fine_tuning.files), len(llm_server.fine_tuning.jobs)) == (1, 1)


def test_a_job_that_fails_says_why(llm_server: LLMServer, data: Path, tmp_path: Path) -> None:
    llm_server.fine_tuning.stages = ("validating_files", "failed")
    with pytest.raises(LMError, match="ftjob-1 failed: The training file has an invalid row") as caught:
        train(llm_server, data, tmp_path / "out")
    assert caught.value.remedy is not None
    assert not (tmp_path / "out").exists()
    # Nothing is left to go on from, so the next try begins anew.
    llm_server.fine_tuning.stages = ("succeeded",)
    assert train(llm_server, data, tmp_path / "out").more["job"] == "ftjob-2"


def test_a_wrong_key_stops_at_once(data: Path, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("sk-wrong-key-0123456789")
    with running(LLMServer(key="sk-right")) as server:
        with pytest.raises(CallError, match="HTTP 401") as caught:
            csc.train(
                data,
                lm="openai/small",
                out=tmp_path / "out",
                server=Server(api_base=server.url, api_key_file=key_file),
            )
        assert len(server.fine_tuning.asked) == 1
    assert "sk-wrong" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_what_was_begun_is_not_begun_again(llm_server: LLMServer, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # The first look at the job is refused.
    llm_server.fine_tuning.faults.extend([HEALTHY, HEALTHY, fails(403, "not now")])
    with pytest.raises(CallError, match="not now"):
        train(llm_server, data, out)
    with pytest.raises(ConfigError, match="was not finished"):
        train(llm_server, data, out)
    with pytest.raises(ConfigError, match="another seed"):
        train(llm_server, data, out, seed=1, resume=True)
    trained = train(llm_server, data, out, resume=True)
    assert trained.more["job"] == "ftjob-1"
    assert (len(llm_server.fine_tuning.files), len(llm_server.fine_tuning.jobs)) == (1, 1)
    assert not run_folder(out).exists()


def test_a_job_that_is_there_already(llm_server: LLMServer, data: Path, tmp_path: Path) -> None:
    llm_server.fine_tuning.jobs["ftjob-9"] = {"id": "ftjob-9", "model": "small", "status": "running"}
    trained = train(llm_server, data, tmp_path / "out", job="ftjob-9")
    assert (trained.model, trained.more["job"]) == ("openai/ft:small:shop::1", "ftjob-9")
    assert llm_server.fine_tuning.files == {}
    with pytest.raises(CallError, match="No such job"):
        train(llm_server, data, tmp_path / "other", job="ftjob-404")


def test_bad_rows_are_found_before_anything_is_sent(
    llm_server: LLMServer, data: Path, tmp_path: Path
) -> None:
    with data.open("a", encoding="utf-8") as stream:
        stream.write('{"messages": []}\n')
    with pytest.raises(DataError) as caught:
        train(llm_server, data, tmp_path / "out")
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"{data}:")
    assert llm_server.fine_tuning.asked == []
    assert not run_folder(tmp_path / "out").exists()


def test_what_it_will_take(llm_server: LLMServer, data: Path) -> None:
    from csc_dspy.finetuning.training import prepare_training

    made = prepare_training(
        data, lm="openai/small", options={"epochs": 2}, server=Server(api_base=llm_server.url)
    )
    found = made.estimate(price=3.0)
    assert found.rows == len(data.read_bytes().splitlines())
    assert found.trained_tokens == 2 * found.tokens
    assert found.usd == pytest.approx(2 * found.tokens * 3 / 1e6)
    assert llm_server.fine_tuning.asked == []


def test_dspy_fine_tunes_a_hosted_model(llm_server: LLMServer) -> None:
    lm = csc.connect("openai/small", api_base=llm_server.url)
    rows = list(chat_rows("strategy-predictor", "en", 1))
    job = lm.finetune(rows, "chat", {"n_epochs": 1, "poll": POLL})
    tuned = job.result()
    assert isinstance(tuned, dspy.LM), tuned
    assert tuned.model == "openai/ft:small:shop::1"
    assert job.status().name == "succeeded"
    assert next(iter(llm_server.fine_tuning.jobs.values()))["hyperparameters"] == {"n_epochs": 1}
    with csc.using(tuned):
        csc.load("strategy-predictor", language="en")(history=[])
    assert llm_server.requests[-1].json["model"] == "ft:small:shop::1"


def test_dspy_bootstrap_finetune_hears_of_failure(llm_server: LLMServer) -> None:
    llm_server.fine_tuning.stages = ("failed",)
    lm = csc.connect("openai/small", api_base=llm_server.url)
    found = lm.finetune(list(chat_rows("strategy-predictor", "zh", 1)), "chat", {"poll": POLL}).result()
    assert isinstance(found, LMError)
    assert "invalid row" in str(found)
