"""What was scored is not scored again, unless the model is another; trouble with the file ends nothing."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csc_dspy.logs import logger
from csc_dspy.taxonomy import LANGUAGES
from tests.metrics.neural.tiny_models import PAIRS, batches_read

pytest.importorskip("torch", reason="the extra neural is not installed")
pytest.importorskip("transformers", reason="the extra neural is not installed")

from csc_dspy.metrics.neural import BertScore, Bleurt, Encoder
from csc_dspy.metrics.neural._base import NeuralMetric
from csc_dspy.metrics.neural.kept import KeptScores


def bert_score(folder: Path, layer: int = 2, *, keep: bool = True) -> BertScore:
    return BertScore(dict.fromkeys(LANGUAGES, Encoder(str(folder), layer)), keep=keep)


def read(metric: NeuralMetric, expected: list[float] | None = None) -> int:
    """How many texts the model reads to score all pairs."""
    with batches_read() as sizes:
        scores = metric.scores(PAIRS, "zh")
    assert expected is None or scores == expected
    return sum(sizes)


def test_nothing_is_asked_again(encoder: Path, judge: Path) -> None:
    for make in (lambda: bert_score(encoder), lambda: Bleurt(dict.fromkeys(LANGUAGES, str(judge)))):
        first = make().scores(PAIRS, "zh")
        assert read(make(), first) == 0


def test_only_what_is_new_is_asked(encoder: Path) -> None:
    bert_score(encoder).scores(PAIRS[1:], "zh")
    assert read(bert_score(encoder)) == 2


def test_what_is_kept_does_not_hang_on_language_spaces_or_baseline(encoder: Path) -> None:
    bert_score(encoder).scores([(f" {response}", f"{reference}\n") for response, reference in PAIRS], "en")
    assert read(bert_score(encoder)) == 0
    assert read(BertScore({"zh": Encoder(str(encoder), 2, 0.3)})) == 0


def test_another_layer_is_asked(encoder: Path) -> None:
    scores = bert_score(encoder).scores(PAIRS, "zh")
    assert read(bert_score(encoder, 1)) == 2 * len(PAIRS)
    assert read(bert_score(encoder), scores) == 0


def test_another_model_at_the_same_place_is_asked(encoder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(encoder, tmp_path / "model"))
    weights = folder / "model.safetensors"
    assert read(bert_score(folder)) > 0
    os.utime(weights, ns=(0, 0))
    assert read(bert_score(folder)) > 0
    config = folder / "config.json"
    config.write_text(config.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert read(bert_score(folder)) > 0
    assert read(bert_score(folder)) == 0


def test_keeping_can_be_left(encoder: Path, home: Path) -> None:
    assert read(bert_score(encoder, keep=False)) == read(bert_score(encoder, keep=False)) > 0
    assert not home.exists()


def test_the_file_is_closed_to_others_and_has_no_texts(encoder: Path, home: Path) -> None:
    bert_score(encoder).scores(PAIRS, "zh")
    files = [path for path in home.rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["cache.db"]
    assert files[0].stat().st_mode & 0o077 == 0
    assert "您好" not in files[0].read_bytes().decode("utf-8", "replace")
    assert b"Hello" not in files[0].read_bytes()


def test_a_damaged_file_costs_the_scores_and_no_more(encoder: Path, home: Path) -> None:
    metric = bert_score(encoder)
    scores = metric.scores(PAIRS, "zh")
    (file,) = (path for path in home.rglob("cache.db"))
    file.write_bytes(b"no database at all" * 1000)
    assert read(metric, scores) > 0
    assert read(metric, scores) == 0


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """What is logged."""
    written = io.StringIO()
    logger.enable("csc_dspy")
    handler = logger.add(written)
    yield written
    logger.remove(handler)
    logger.disable("csc_dspy")


def test_a_folder_that_cannot_be_used_is_told_once(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: io.StringIO
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path / "file"))
    metric = bert_score(encoder)
    assert read(metric) == read(metric) > 0
    assert told.getvalue().count("neural scores are not kept") == 1


def changed(home: Path, statement: str, *values: bytes) -> None:
    """Have somebody else change the file."""
    (path,) = home.rglob("cache.db")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


@pytest.mark.parametrize("first", ["get", "put"])
def test_a_file_that_breaks_meanwhile_is_told_once(home: Path, told: io.StringIO, first: str) -> None:
    pair = ("您好", "Hello")
    with KeptScores().opened("model") as scores:
        scores.put({pair: 12.5})
        assert scores.get(pair) == 12.5
        changed(home, "DROP TABLE Cache")
        if first == "put":
            scores.put({pair: 13.5})
        assert scores.get(pair) is None
        scores.put({pair: 14.5})
    assert told.getvalue().count("neural scores are not kept for a while") == 1


@pytest.mark.parametrize("planted", ["12.5", {"score": 12.5}, [12.5], True])
def test_what_is_no_score_is_not_used(home: Path, planted: object) -> None:
    pair = ("您好", "Hello")
    with KeptScores().opened("model") as scores:
        scores.put({pair: 12.5})
    changed(home, "UPDATE Cache SET value = ?", json.dumps(planted).encode())
    with KeptScores().opened("model") as scores:
        assert scores.get(pair) is None
