"""The files in ``prompts/`` are what the program sends, to the byte."""

from __future__ import annotations

import json
import urllib.request
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from csc_dspy import read, using
from csc_dspy.compiled import load
from csc_dspy.compiled.prompts import prompt_files
from csc_dspy.optimizers import compile  # noqa: A004  as users call it
from csc_dspy.programs import PROGRAMS, Options, create
from csc_dspy.programs.teaching import training_examples
from csc_dspy.taxonomy import Language
from tests.support.openai_server import LLMServer
from tests.support.optimizers import Draws


def post(server: LLMServer, body: bytes) -> bytes:
    """What arrives when the body is sent by plain HTTP."""
    url = f"{server.url}/chat/completions"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        assert json.loads(response.read())["choices"]
    return server.requests[-1].body


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("reasoning", [False, True])
def test_a_compiled_program_sends_the_same(
    llm_server: LLMServer, tmp_path: Path, language: Language, reasoning: bool
) -> None:
    options: dict[str, Any] = {
        "api_base": llm_server.url,
        "temperature": 0.3,
        "max_tokens": 300,
        "cache": False,
    }
    compile(
        "strategy-predictor",
        train=[each for each in read("rolecs-sample") if each.spoken_language == language][:2],
        dev=[each for each in read("csconv-sample:dev") if each.spoken_language == language][:1],
        optimizer=Draws(candidates=3, size=7),
        options=Options(reasoning=reasoning),
        lm="openai/test",
        out=tmp_path / "out",
        **options,
    )
    program = load(tmp_path / "out")
    (name,) = dict(program.named_predictors())
    content = (tmp_path / "out" / "prompts" / f"{name}.json").read_bytes()
    example = list(islice(training_examples(program, read("rolecs-sample")), 4))[-1]
    llm_server.requests.clear()
    with using("openai/test", **options):
        program(**example.inputs())
    (sent,) = llm_server.requests
    assert post(llm_server, content) == sent.body
    page = (tmp_path / "out" / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    assert sent.json["messages"][0]["content"] in page
    assert sent.json["messages"][-1]["content"] in page


@pytest.mark.parametrize("program_name", PROGRAMS)
def test_every_predictor_of_every_program(llm_server: LLMServer, program_name: str) -> None:
    program = create(program_name, Options(language="zh"))
    example = next(training_examples(program, read("rolecs-sample")))
    made = prompt_files(program, example, "openai/test", api_base=llm_server.url)
    names = [name for name, _ in program.named_predictors()]
    assert list(made) == [f"prompts/{name}{ending}" for name in names for ending in (".json", ".md")]
    # The first question depends on no answer, so it is the same that is really asked.
    with using("openai/test", api_base=llm_server.url, cache=False):
        program(**example.inputs())
    assert llm_server.requests[0].body == made[f"prompts/{names[0]}.json"].encode()


def test_for_the_embedded_engine_there_are_prompts_too(llm_server: LLMServer) -> None:
    program = create("stage-tracker")
    program.track.demos = [
        {"conversation": f"Customer: {number}\n```", "stage_so_far": "Connecting", "stage": "Identifying"}
        for number in range(30)
    ]
    example = next(training_examples(program, read("rolecs-sample", language="en")))
    made = prompt_files(program, example, "embedded")
    body = json.loads(made["prompts/track.json"])
    assert body["model"] == "MODEL"
    # A few demonstrations; the engine gets all of them as data.
    assert len(body["messages"]) == 2 + 2 * 2
    assert "````text\n" in made["prompts/track.md"]
    post(llm_server, made["prompts/track.json"].encode())
