"""``SWEEP.toml``: what it may say, and where it says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.optimizers.sweep.names import DEFAULTS
from csc_dspy.optimizers.sweep.reading import PRESETS, initial_text, preset_text, read_settings
from csc_dspy.optimizers.sweep.space import Choice, Range
from tests.optimizers.sweep.small import SMALL, data, written

HEAD = 'train = "rolecs-sample"\ndev = "csconv-sample:dev"\n'


def refused(folder: Path, text: str) -> str:
    """What is said of a file, without its folder."""
    with pytest.raises(ConfigError) as caught:
        written(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("trails = 5", 3, "unknown key 'trails' (did you mean 'trials'?)"),
        ("trials = 0", 3, "trials: must be a whole number from 1 upwards, and is 0"),
        ("seed = true", 3, "seed: must be a whole number from 0 upwards, and is True"),
        ('objectives = "acuracy"', 3, "objectives: 'acuracy' is not an objective (did you mean 'accuracy'?)"),
        (
            '# what for\nobjectives = [\n  "accuracy",\n  "tokens"]',
            4,
            "objectives: 'tokens' is not an objective (did you mean 'tokens-per-turn'?)",
        ),
        ('sampler = "tpf"', 3, "sampler: 'tpf' is not a sampler (did you mean 'tpe'?)"),
        (
            "[constraints]\nmax-calls = 3",
            4,
            "unknown key 'max-calls' in [constraints] (did you mean 'max-calls-per-turn'?)",
        ),
        (
            "[weights]\nstrategy = 0\nstage = 0\nresponse = 0\nprobability = 0",
            3,
            "weights: all weights are 0",
        ),
        (
            '[space]\nprogram = "strategy-preditor"',
            4,
            "'strategy-preditor' is not the name of a program (did you mean 'strategy-predictor'?)",
        ),
        (
            '[space]\n\n# how\noptimizer = { values = ["labelled", "knn"] }',
            6,
            "no optimizer is called 'labelled' (did you mean 'labeled'?)",
        ),
        (
            '[space]\noptimizer = "labeled"\n[space.optimizers.labeled]\ndemonstration = 4',
            6,
            "unknown key 'demonstration' in [space.optimizers.labeled] (did you mean 'demonstrations'?)",
        ),
        (
            '[space]\noptimizer = "labeled"\n[space.optimizers.balanced]\ncandidates = 4',
            5,
            "'balanced' is in no chain of `optimizer`",
        ),
        (
            "[space]\noptimizer = 'labeled'\n[space.optimizers.labeled]\ndemonstrations = {low=0, high=4}",
            6,
            "demonstrations is 0 (give 1 or more)",
        ),
        ("[space]\nprior-weight = { low = 2, high = 1 }", 4, "`low` 2 is above `high` 1 (exchange them)"),
        (
            "[space]\nprior-weight = { low = 0, high = 1, log = true }",
            4,
            "`log` needs a `low` above 0, not 0",
        ),
        ("[space]\nprior-weight = { low = 0, high = 1, step = 0.3 }", 4, "(the last one is 0.9)"),
        ("[space]\nprior-weight = { low = 1, high = 2, step = 1, log = true }", 4, "exclude each other"),
        ("[space]\nprior-weight = { low = 0, hihg = 1 }", 4, "(did you mean 'high'?)"),
        ("[space]\nprior-weight = { low = 0 }", 4, "`high` is missing"),
        ("[space]\nprior-weight = { values = [] }", 4, "must be a list of what to choose from"),
        ("[space]\nprior-weight = { values = [0, 0] }", 4, "a value is there twice"),
        ("[space]\nprior-weight = { values = [0], low = 0 }", 4, "`values` stand alone"),
        ("[space]\nreasoning = 1", 4, "space.reasoning: must be true or false, and is 1"),
        ("[space]\nreasoning = { low = 0, high = 1 }", 4, "give `values` to choose from"),
        ("[space.shown]\ndefinition = true", 4, "(did you mean 'definitions'?)"),
        ("[space]\nhistory-tokens = 0", 4, 'must be a whole number, or "all", and is 0'),
        ('[space]\nlm = "openia/some"', 4, "space.lm: "),
        ("space = 3", 3, "space: must be a table"),
        ("trials = ", 3, "is not TOML"),
        (
            "objectives = 'accuracy'\n[space]\nprogram = {values = ['strategy-predictor', 'stage-tracker']}",
            3,
            "stage-tracker is not asked for the strategy that accuracy is about",
        ),
        ('objectives = ["accuracy", "accuracy"]', 3, "an objective is there twice"),
        (
            'objectives = ["accuracy", "usd-per-1000-turns"]\n[space]\nlm = "hosted_vllm/some"',
            5,
            "its price is not known",
        ),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    said = refused(tmp_path, HEAD + text)
    assert said.startswith(f"SWEEP.toml:{line}: ")
    assert told in said


def test_data_have_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "SWEEP.toml").write_text('train = "rolecs-sample"\n')
    with pytest.raises(ConfigError, match="no dev data are named"):
        read_settings(tmp_path / "SWEEP.toml")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        read_settings(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"trials = 3\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=re.escape("latin.toml:2: is not UTF-8")):
        read_settings(tmp_path / "latin.toml")


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_sweeps(preset: str) -> None:
    settings = read_settings(preset=preset, **data())
    assert settings.space.free
    assert "none" in settings.space.options("optimizer")
    assert set(settings.space.baseline()) <= {each.name for each in settings.space.parameters}


def test_an_unknown_preset() -> None:
    with pytest.raises(ConfigError, match=r"no preset is called 'quik' \(did you mean 'quick'\?\)"):
        read_settings(preset="quik")


def test_what_init_writes_means_the_quick_preset(tmp_path: Path) -> None:
    given = written(tmp_path, initial_text())
    assert given == read_settings(preset="quick", **data())
    # It also shows, in comments, everything else that can be set.
    assert all(name.rpartition(".")[2] in preset_text("quick") for name in DEFAULTS)


def test_what_is_commented_out_is_right(tmp_path: Path) -> None:
    lines = initial_text().splitlines()
    start = lines.index("[constraints]                   # the best trial keeps them")
    shown = [line.removeprefix("# ") if re.match(r"# [\w-]+ = ", line) else line for line in lines[start:]]
    # Prices are known of some models alone.
    settings = written(tmp_path, "\n".join(lines[:start] + [line for line in shown if "usd" not in line]))
    names = [each.name for each in settings.space.parameters]
    assert {*DEFAULTS, "weights.strategy", "weights.response"} <= set(names)
    assert settings.constraints == {
        "max-calls-per-turn": 2,
        "max-tokens-per-turn": 3000,
        "max-latency": 5,
    }


def test_options_stand_before_the_file(tmp_path: Path) -> None:
    options = {
        "trials": 3,
        "program": "support-agent",
        "objectives": "macro-f1",
        "lm_options": {"timeout": 9},
    }
    settings = written(tmp_path, SMALL, **options)
    assert (settings.trials, settings.keep, settings.objectives) == (3, 2, ("macro-f1",))
    assert settings.space.options("program") == ("support-agent",)
    assert settings.lm_options == {"timeout": 9}
    with pytest.raises(ConfigError, match=r"^--program: space.program: 'x' is not the name of a program"):
        written(tmp_path, SMALL, program="x")
    with pytest.raises(ConfigError, match=r"^--trials: trials: must be a whole number"):
        written(tmp_path, SMALL, trials=0)
    with pytest.raises(ConfigError, match=r"no option 'trails' \(did you mean 'trials'\?\)"):
        written(tmp_path, SMALL, trails=3)
    with pytest.raises(ConfigError, match="a file and a preset are named"):
        read_settings(tmp_path / "SWEEP.toml", preset="quick")


def test_dimensions(tmp_path: Path) -> None:
    text = """
    [space]
    optimizer = { values = ["balanced + prior", "none"] }
    prior-weight = { low = 0, high = 2, step = 0.5 }
    [space.optimizers.balanced]
    demonstrations = { low = 4, high = 64, log = true }
    [space.optimizers.prior]
    weights = [0, 0.5]
    """
    given = {each.name: each.dimension for each in written(tmp_path, text).space.parameters}
    assert given["optimizer"] == Choice(("none", "balanced+prior"))
    assert given["prior-weight"] == Range(low=0.0, high=2.0, step=0.5)
    assert given["balanced.demonstrations"] == Range(low=4, high=64, log=True)
    assert given["prior.weights"] == Choice(((0, 0.5),))
    assert given["reasoning"] == Choice((False,))
