"""From a compilation to an artifact."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy import __version__
from csc_dspy.compiled import save
from csc_dspy.compiled.manifest import RUN, SCORES_FILE, as_json
from csc_dspy.compiled.prompts import prompt_files
from csc_dspy.data import read
from csc_dspy.programs.teaching import training_examples
from csc_dspy.taxonomy import load_taxonomy

from .models import told
from .report import report_page

if TYPE_CHECKING:
    import dspy

    from csc_dspy.finetuning.training import Trained

    from .compilation import Compilation
    from .judging import Details
    from .outcome import Compiled

REPORT_FILE: Final = "report.html"
_SAMPLE: Final = "rolecs-sample"
_TURN: Final = 4
"""The supporter's turn that prompts are shown for: far enough into the dialogue to have a history."""
_GENERATION: Final = ("temperature", "max_tokens", "logprobs")


def write_artifact(
    out: Path,
    compilation: Compilation,
    compiled: Compiled,
    details: Details,
    trials: Sequence[tuple[str, float]],
    training: Trained | None = None,
) -> None:
    """Write the artifact to ``out``: the program with its scores, prompts and report.

    ``training`` is what the language model has learned from, where it was fine-tuned.
    """
    scores = _scores(compilation, compiled, details, trials)
    save(
        compiled.program,
        out,
        files={
            SCORES_FILE: as_json(scores),
            REPORT_FILE: report_page(
                compiled.program, compiled.statement, scores, told(compilation.models.spec)
            ),
            **_prompts(compilation, compiled),
        },
        **_about(compilation, compiled),
        **({} if training is None else {"training": _learned(training)}),
    )


def _about(compilation: Compilation, compiled: Compiled) -> dict[str, Any]:
    models = compilation.models
    return {
        "partial": compiled.partial,
        "optimizer": {"name": compilation.optimizer.name, "parameters": compilation.parameters},
        "metric": compilation.objective.name,
        "seed": compilation.seed,
        "lm": told(models.spec),
        "helpers": {role: told(spec) for role, spec in models.helpers.items()},
        "data": {"train": compilation.train.to_dict(), "dev": compilation.dev.to_dict()},
        RUN: {
            "finished": datetime.now(tz=timezone.utc).isoformat(timespec="seconds"),
            "seconds": compiled.seconds,
            "calls": compiled.calls,
            "tokens": compiled.tokens,
            "usd": compiled.usd,
            "versions": {
                "csc-dspy": __version__,
                "dspy": version("dspy"),
                "numpy": version("numpy"),
                "python": platform.python_version(),
            },
        },
    }


def _learned(training: Trained) -> dict[str, Any]:
    return {
        "base": told(training.base),
        "rows": training.rows,
        "fingerprint": training.data.get("fingerprint"),
        "options": dict(training.options),
    }


def _scores(
    compilation: Compilation, compiled: Compiled, details: Details, trials: Sequence[tuple[str, float]]
) -> dict[str, Any]:
    return {
        "format": 1,
        "metric": compilation.objective.name,
        "data": compilation.dev.to_dict(),
        "score": {"before": asdict(compiled.dev_before), "after": asdict(compiled.dev_after)},
        "before": details.metrics["before"],
        "after": details.metrics["after"],
        "difference": {**asdict(compiled.difference), "verdict": compiled.significant},
        "strategies": details.strategies,
        "trials": [{"note": note, "score": round(score, 4)} for note, score in trials],
    }


def _prompts(compilation: Compilation, compiled: Compiled) -> dict[str, str]:
    models = compilation.models
    generation = {name: models.options[name] for name in _GENERATION if name in models.options}
    spec, base = told(models.spec), models.options.get("api_base")
    return prompt_files(compiled.program, _sample(compilation), spec, api_base=base, **generation)


def _sample(compilation: Compilation) -> dspy.Example:
    """An example of the packaged sample; of the training data where those are under another taxonomy."""
    program = compilation.program
    options = program.options
    packaged = options.taxonomy == load_taxonomy()
    conversations = read(_SAMPLE, language=options.language) if packaged else compilation.train.conversations
    first = list(islice(training_examples(program, conversations), _TURN))
    return first[-1]
