"""BERTScore is what its definition says, however texts are put into batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.taxonomy import LANGUAGES
from tests.metrics.neural.tiny_models import PAIRS, batches_read, save_bert
from tests.metrics.text.texts import answered

pytest.importorskip("torch", reason="the extra neural is not installed")
pytest.importorskip("transformers", reason="the extra neural is not installed")

from csc_dspy.metrics.neural import BertScore, Encoder
from csc_dspy.metrics.neural.bertscore import usual_encoders


def bert_score(
    folder: Path, layer: int | None = None, batch_size: int = 32, baseline: float = 0.0
) -> BertScore:
    """Of both languages by one model, with nothing kept."""
    encoder = Encoder(str(folder), layer, baseline)
    return BertScore(dict.fromkeys(LANGUAGES, encoder), batch_size=batch_size, keep=False)


def embeddings(folder: Path, text: str, layer: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Those of one text read alone, without the special tokens at its ends."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    read = tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**read, output_hidden_states=True).hidden_states[layer]
    rows: np.ndarray[tuple[int, int], np.dtype[np.float64]] = hidden[0, 1:-1].double().numpy()
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_definition(folder: Path, response: str, reference: str, layer: int) -> float:
    cosines = embeddings(folder, response, layer) @ embeddings(folder, reference, layer).T
    precision, recall = cosines.max(axis=1).mean(), cosines.max(axis=0).mean()
    return float(100 * 2 * precision * recall / (precision + recall))


@pytest.mark.parametrize("layer", [1, 2])
def test_the_definition(encoder: Path, layer: int) -> None:
    expected = [by_definition(encoder, *pair, layer) for pair in PAIRS]
    assert bert_score(encoder, layer).scores(PAIRS, "zh") == pytest.approx(expected, abs=1e-3)
    # The model tells these texts apart, or nothing would be shown.
    assert min(expected) > 1
    assert max(expected) < 99
    assert np.ptp(expected) > 5


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_batches_change_nothing(encoder: Path, batch_size: int) -> None:
    together = bert_score(encoder).scores(PAIRS, "en")
    with batches_read() as sizes:
        apart = bert_score(encoder, batch_size=batch_size).scores(PAIRS, "en")
    assert apart == pytest.approx(together, abs=1e-3)
    assert max(sizes) == 2 * batch_size
    assert sum(sizes) == 2 * len(PAIRS)


def test_the_order_changes_nothing(encoder: Path) -> None:
    metric = bert_score(encoder, batch_size=2)
    forward, backward = metric.scores(PAIRS, "zh"), metric.scores(PAIRS[::-1], "zh")
    assert backward[::-1] == pytest.approx(forward, abs=1e-3)


@pytest.mark.parametrize("text", ["您好，请讲。", "Hello, your card!", "好", "☃ unknown"])
def test_a_text_and_itself(encoder: Path, text: str) -> None:
    assert bert_score(encoder).scores([(text, f" {text}\n")], "zh") == pytest.approx([100], abs=1e-3)


def test_which_is_the_response_does_not_matter_to_f1(encoder: Path) -> None:
    metric = bert_score(encoder)
    swapped = [(reference, response) for response, reference in PAIRS]
    assert metric.scores(swapped, "en") == pytest.approx(metric.scores(PAIRS, "en"), abs=1e-3)


def test_empty_texts_are_0_and_nothing_is_asked(encoder: Path) -> None:
    with batches_read() as sizes:
        scores = bert_score(encoder).scores([("", "您好"), ("您好", " \n\u3000"), ("", "")], "zh")
    assert scores == [0, 0, 0]
    assert sizes == []


def test_a_text_without_tokens_is_0(encoder: Path) -> None:
    # A control character, which tokenizers throw away.
    assert bert_score(encoder).scores([("\u0001", "您好"), ("您好", "\u0001")], "zh") == [0, 0]


def test_the_mean_over_turns_of_dialogues(encoder: Path) -> None:
    chinese, english = PAIRS[:3], PAIRS[1:2]
    metric = bert_score(encoder)
    dialogues = [answered([*chinese, (None, "您好")], "zh"), [], answered(english, "en")]
    tallies = metric.tallies(dialogues)
    first, last = metric.scores(chinese, "zh"), metric.scores(english, "en")
    expected = np.array([[sum(first), 4], [0, 0], [sum(last), 1]])
    np.testing.assert_allclose(tallies, expected, atol=1e-3)
    assert metric.value(tallies.sum(0)) == pytest.approx((sum(first) + sum(last)) / 5, abs=1e-3)
    assert np.isnan(metric.value(tallies[1]))
    assert metric.tallies([]).shape == (0, 2)
    assert (metric.name, metric.aspect, metric.unit, metric.higher_is_better) == (
        "BS",
        "response",
        "percent",
        True,
    )


def test_what_is_said_twice_is_read_once(encoder: Path) -> None:
    with batches_read() as sizes:
        scores = bert_score(encoder).scores([PAIRS[0]] * 5, "zh")
    assert sizes == [2]
    assert len({*scores}) == 1


def test_a_baseline(encoder: Path) -> None:
    plain = bert_score(encoder).scores(PAIRS, "zh")
    expected = [max(100 * (score / 100 - 0.5) / 0.5, 0) for score in plain]
    assert bert_score(encoder, baseline=0.5).scores(PAIRS, "zh") == pytest.approx(expected, abs=1e-2)
    assert bert_score(encoder, baseline=0.99).scores(PAIRS[:1], "zh") == [0]


def test_each_language_has_its_own_model(encoder: Path, tmp_path: Path) -> None:
    other = save_bert(tmp_path / "other", seed=6)
    metric = BertScore({"zh": Encoder(str(encoder)), "en": Encoder(str(other))}, keep=False)
    assert metric.scores(PAIRS, "zh") == pytest.approx(bert_score(encoder).scores(PAIRS, "zh"))
    assert metric.scores(PAIRS, "en") == pytest.approx(bert_score(other).scores(PAIRS, "zh"))


def test_the_usual_layer(tmp_path: Path) -> None:
    # The one of this name has an exception of its own; others are asked seven tenths up.
    for name, usual in (("bert-base-chinese", 8), ("another", 7)):
        folder = save_bert(tmp_path / name, layers=10)
        scores = bert_score(folder).scores(PAIRS[:2], "zh")
        assert scores == bert_score(folder, usual).scores(PAIRS[:2], "zh")
        assert scores != bert_score(folder, usual - 1).scores(PAIRS[:2], "zh")


@pytest.mark.parametrize("layer", [-1, 0, 3])
def test_a_layer_that_is_not_there(encoder: Path, layer: int) -> None:
    with pytest.raises(ConfigError, match=rf"encoder.*: has layers 1 to 2, and not {layer}"):
        bert_score(encoder, layer).prepare()


def test_options_out_of_range(encoder: Path) -> None:
    with pytest.raises(ConfigError, match=r"BS: batch_size is at least 1"):
        bert_score(encoder, batch_size=0)
    for wrong in (1.0, -0.1, 85):
        with pytest.raises(ConfigError, match=r"a baseline is from 0 to below 1"):
            Encoder("model", baseline=wrong)


def test_a_device_that_is_not_there(encoder: Path) -> None:
    metric = BertScore(dict.fromkeys(LANGUAGES, Encoder(str(encoder))), device="nonsense")
    with pytest.raises(ConfigError, match=r"encoder.*: cannot be loaded: RuntimeError: "):
        metric.prepare(["zh"])


def test_what_the_environment_names() -> None:
    usual = usual_encoders({})
    assert {language: encoder.model for language, encoder in usual.items()} == {
        "zh": "google-bert/bert-base-chinese",
        "en": "FacebookAI/roberta-large",
    }
    named = usual_encoders({"CSC_DSPY_BERTSCORE_MODEL": "both", "CSC_DSPY_BERTSCORE_MODEL_EN": "english"})
    assert {language: encoder.model for language, encoder in named.items()} == {"zh": "both", "en": "english"}


def test_words_begin_with_a_space_where_tokenizers_tell(tmp_path: Path) -> None:
    from tests.metrics.neural.tiny_models import save_roberta

    folder = save_roberta(tmp_path)
    response, reference = "hello card", "your card"
    expected = by_definition(folder, f" {response}", f" {reference}", 2)
    assert bert_score(folder, 2).scores([(response, reference)], "en") == pytest.approx([expected], abs=1e-3)
    without = by_definition(folder, response, reference, 2)
    assert abs(expected - without) > 1
