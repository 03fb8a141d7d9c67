"""BLEURT is what the model says of a reference and a response."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.taxonomy import LANGUAGES
from tests.metrics.neural.tiny_models import PAIRS, batches_read, save_bert, save_port
from tests.metrics.text.texts import answered

pytest.importorskip("torch", reason="the extra neural is not installed")
pytest.importorskip("transformers", reason="the extra neural is not installed")

from csc_dspy.metrics.neural import Bleurt
from csc_dspy.metrics.neural.bleurt import usual_models


def bleurt(folder: Path, batch_size: int = 32) -> Bleurt:
    """Of both languages by one model, with nothing kept."""
    return Bleurt(dict.fromkeys(LANGUAGES, str(folder)), batch_size=batch_size, keep=False)


def said(folder: Path, response: str, reference: str) -> float:
    """What the model says when it is asked directly."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        read = tokenizer(reference, response, truncation=True, max_length=64, return_tensors="pt")
        return float(100 * model(**read).logits[0, 0])


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_the_model_itself(judge: Path, batch_size: int) -> None:
    expected = [said(judge, *pair) for pair in PAIRS]
    with batches_read() as sizes:
        assert bleurt(judge, batch_size).scores(PAIRS, "zh") == pytest.approx(expected, abs=1e-2)
    assert max(sizes) == min(batch_size, len(PAIRS))
    assert np.ptp(expected) > 10
    # Which text is the response matters to it.
    assert said(judge, *PAIRS[0]) != pytest.approx(said(judge, *PAIRS[0][::-1]), abs=1)


def test_empty_texts_are_0_and_nothing_is_asked(judge: Path) -> None:
    with batches_read() as sizes:
        assert bleurt(judge).scores([("", "您好"), ("Hello", "  ")], "en") == [0, 0]
    assert sizes == []


def test_the_mean_over_turns_of_dialogues(judge: Path) -> None:
    dialogues = [answered([*PAIRS[:2], (None, "您好")], "zh"), answered(PAIRS[2:3], "en")]
    tallies = bleurt(judge).tallies(dialogues)
    one, two, three = (said(judge, *pair) for pair in PAIRS[:3])
    np.testing.assert_allclose(tallies, [[one + two, 3], [three, 1]], atol=1e-2)
    assert bleurt(judge).value(tallies.sum(0)) == pytest.approx((one + two + three) / 4, abs=1e-2)


def test_one_model_for_both_languages_is_loaded_once(judge: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metric = bleurt(judge)
    metric.prepare(["zh"])
    # Whatever was to be loaded now would fail.
    monkeypatch.setattr(Path, "read_text", None)
    metric.prepare(["en"])
    assert len(metric.scores(PAIRS, "en")) == len(PAIRS)


def test_models_without_a_head_of_one_number_are_refused(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"weights are not those of a BertForSequenceClassification: classif"
    ):
        bleurt(encoder).prepare()
    with pytest.raises(ConfigError, match=r"is no BLEURT: it gives 3 numbers instead of one"):
        bleurt(save_bert(tmp_path, outputs=3)).prepare()


def test_what_the_environment_names() -> None:
    assert {*usual_models({}).values()} == {"lucadiliello/BLEURT-20@refs/pr/1"}
    named = usual_models({"CSC_DSPY_BLEURT_MODEL": "both", "CSC_DSPY_BLEURT_MODEL_ZH": "chinese"})
    assert named == {"zh": "chinese", "en": "both"}


@pytest.fixture
def port(tmp_path: Path) -> tuple[Path, Path]:
    pytest.importorskip("sentencepiece", reason="the extra neural is not installed")
    return save_port(tmp_path)


def test_ports_of_bleurt_20(port: tuple[Path, Path]) -> None:
    import sentencepiece
    import torch
    from transformers import RemBertForSequenceClassification

    published, original = port
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(published / "spm.model"))
    model = RemBertForSequenceClassification.from_pretrained(original).eval()
    begin, end = pieces.piece_to_id("[CLS]"), pieces.piece_to_id("[SEP]")
    expected = []
    for response, reference in PAIRS:
        first, second = pieces.encode(reference), pieces.encode(response)
        # What is too long loses its end; both of the long ones keep as much as the other.
        if len(first) + len(second) > 61:
            first, second = first[:30], second[:31]
        ids = torch.tensor([[begin, *first, end, *second, end]])
        kinds = torch.tensor([[0] * (len(first) + 2) + [1] * (len(second) + 1)])
        with torch.no_grad():
            expected.append(float(100 * model(input_ids=ids, token_type_ids=kinds).logits[0, 0]))
    assert bleurt(published).scores(PAIRS, "zh") == pytest.approx(expected, abs=1e-2)
    assert np.ptp(expected) > 10


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"no pieces", r"port: cannot be loaded: "), (None, r"port: has no spm\.model")],
)
def test_ports_without_their_pieces(port: tuple[Path, Path], content: bytes | None, problem: str) -> None:
    published, _ = port
    (published / "spm.model").unlink()
    (published / "vocab.txt").write_text("of something else")
    if content is not None:
        (published / "spm.model").write_bytes(content)
    with pytest.raises(ConfigError, match=problem):
        bleurt(published).prepare()


def test_a_port_without_sentencepiece(port: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(
        ConfigError, match=r"needs the extra neural: sentencepiece is not installed \(pip inst"
    ):
        bleurt(port[0]).prepare()


def test_a_port_whose_pieces_are_of_something_else(tmp_path: Path) -> None:
    published, _ = save_port(tmp_path, marks=["[BEGIN]", "[END]"])
    with pytest.raises(ConfigError, match=r"its spm\.model has no \[CLS\] or \[SEP\]"):
        bleurt(published).prepare()


def test_a_port_that_lacks_weights(port: tuple[Path, Path]) -> None:
    published, _ = port
    config = json.loads((published / "config.json").read_text(encoding="utf-8"))
    (published / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}), encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"are not those of a RemBertForSequenceClassification: rembert\.enc"
    ):
        bleurt(published).prepare()
