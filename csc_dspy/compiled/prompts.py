"""The exact messages of a program, to read and to send from any other stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.lm.specs import EMBEDDED
from csc_dspy.programs import Program
from csc_dspy.programs.teaching import lessons

if TYPE_CHECKING:
    import dspy

FOLDER: Final = "prompts"
_SHOWN: Final = 4
"""Demonstrations in the file to read; the one to send has all."""
_FOR_ANYONE: Final = 2
"""Demonstrations in prompts of programs for an engine that takes none."""
_REASONING: Final = {"reasoning": "…"}
"""Nobody knows the right one."""


def prompt_files(
    program: Program,
    example: dspy.Example,
    spec: str,
    **options: Any,  # noqa: ANN401  those of csc_dspy.lm.connect
) -> dict[str, str]:
    """For each predictor a ``.json`` that a chat-completions server takes as it is, and the same to read.

    The messages are those for an example of `training_examples`; where one predictor waits for another's
    answer, the right one is put in. The embedded engine, which takes no prompts, can use more demonstrations
    than anyone would send: of those for it there are a few.
    """
    from csc_dspy.lm.wire import wire_bodies

    if spec.partition("/")[0] == EMBEDDED:
        program = _shortened(program)
    asked = lessons(program, example)
    answers = [
        {**_REASONING, **lesson.outputs} if program.options.reasoning else lesson.outputs for lesson in asked
    ]
    bodies = wire_bodies(lambda: program(**example.inputs()), answers, spec, **options)
    files: dict[str, str] = {}
    for lesson, body in zip(asked, bodies, strict=True):
        files[f"{FOLDER}/{lesson.predictor}.json"] = body.decode()
        files[f"{FOLDER}/{lesson.predictor}.md"] = _page(lesson.predictor, json.loads(body)["messages"])
    return files


def _shortened(program: Program) -> Program:
    shortened: Program = program.deepcopy()
    for predictor in shortened.predictors():
        predictor.demos = predictor.demos[:_FOR_ANYONE]
    return shortened


def _page(name: str, messages: list[dict[str, str]]) -> str:
    """Messages as Markdown."""
    parts = [f"# {name}", f"{len(messages)} messages; `{name}.json` is the request as it is sent."]
    first = 1 + 2 * _SHOWN
    left_out = range(first, max(first, len(messages) - 1))
    for place, message in enumerate(messages):
        if place not in left_out:
            parts.append(f"## {place + 1}. {message['role']}\n\n{_fenced(message['content'])}")
        elif place == first:
            parts.append(f"… {len(left_out) // 2} more demonstrations are in `{name}.json` …")
    return "\n\n".join(parts) + "\n"


def _fenced(text: str) -> str:
    """Text in a fence that it cannot end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
