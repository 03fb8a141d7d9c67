"""Without the extra everything else works, and asking for its metrics says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics import metric
from csc_dspy.metrics.neural import available
from csc_dspy.metrics.registry import NEURAL
from csc_dspy.taxonomy import load_taxonomy

REMEDY = "pip install 'csc-dspy[neural]'"


def run(code: str, *before: str, folder: Path | None = None) -> str:
    """What ``code`` prints in a process of its own."""
    lines = "\n".join(["import sys", *before, code])
    search = {"PYTHONPATH": str(folder)} if folder else {}
    import os

    process = subprocess.run(
        [sys.executable, "-c", lines],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **search},
    )
    return process.stdout


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_a_missing_library(missing: str) -> None:
    other = {"torch": "transformers", "transformers": "torch"}[missing]
    code = (
        "from csc_dspy.metrics.neural import available, neural_metrics, BertScore, Bleurt\n"
        "from csc_dspy.exceptions import ConfigError\n"
        "print(available())\n"
        "for make in (BertScore, Bleurt, neural_metrics):\n"
        "    try: make()\n"
        "    except ConfigError as error: print(error)\n"
    )
    # The other one is not needed to say so.
    out = run(
        code,
        f"sys.modules[{missing!r}] = None",
        f"import types; sys.modules[{other!r}] = types.ModuleType('x')",
    )
    reason = f"{missing} is not installed"
    assert out.splitlines() == [
        reason,
        *(f"{name}: needs the extra neural: {reason} ({REMEDY})" for name in ("BS", "BR", "BS")),
    ]


def test_a_library_that_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise OSError('libtorch.so: cannot open shared object file')")
    out = run("from csc_dspy.metrics.neural import available; print(available())", folder=tmp_path)
    assert out == "torch cannot be imported: libtorch.so: cannot open shared object file\n"


def test_nothing_of_it_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import csc_dspy.metrics.neural\n"
        "from csc_dspy.metrics.registry import METRICS, NEURAL, metric\n"
        "print({'torch', 'transformers', 'numpy', 'huggingface_hub', 'diskcache'} & sys.modules.keys())"
    )
    assert run(code) == "set()\n"


@pytest.mark.parametrize("name", [*NEURAL])
def test_they_are_there_by_name(name: str) -> None:
    if reason := available():
        with pytest.raises(ConfigError) as caught:
            metric(name, load_taxonomy())
        assert str(caught.value) == f"{name}: needs the extra neural: {reason} ({REMEDY})"
    else:
        assert metric(name, load_taxonomy()).name == name


def test_they_are_named_with_the_others() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'BS'\?"):
        metric("bs", load_taxonomy())
    with pytest.raises(ConfigError, match=r"metrics are B-2, .*, repetition, BS, BR"):
        metric("perplexity", load_taxonomy())
