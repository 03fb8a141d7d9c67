"""What metrics are called, and what they measure."""

from __future__ import annotations

from typing import Final, NamedTuple


class Wording(NamedTuple):
    """A metric in words."""

    title: str
    gloss: str
    percent: bool = True
    higher_is_better: bool = True


HEADLINE: Final = ("B-2", "B-4", "R-L", "chrF", "BS", "BR", "ACC", "macro_f1", "mid", "stage_acc")

GROUPS: Final[dict[str, dict[str, Wording]]] = {
    "Responses": {
        "B-2": Wording("BLEU-2", "words and pairs of words shared with the expected response"),
        "B-4": Wording("BLEU-4", "runs of up to four words shared with the expected response"),
        "R-L": Wording("ROUGE-L", "longest common sequence of words"),
        "chrF": Wording("chrF", "runs of characters shared with the expected response"),
        "BS": Wording("BERTScore", "likeness of contextual embeddings"),
        "BR": Wording("BLEURT", "likeness as a trained judge sees it"),
        "corpus_B-2": Wording("Corpus BLEU-2", "counted over all responses together"),
        "corpus_B-4": Wording("Corpus BLEU-4", "counted over all responses together"),
        "rouge-l-paper": Wording("ROUGE-L, as published", "by the rule of the published tables"),
        "distinct_1": Wording("Distinct-1", "share of different words in the responses of a dialogue"),
        "distinct_2": Wording("Distinct-2", "share of different pairs of words"),
    },
    "Strategies": {
        "ACC": Wording("Strategy accuracy", "the expected strategy is predicted"),
        "macro_f1": Wording("Strategy macro F1", "mean F1, all strategies alike"),
        "mid": Wording("Mid-dialogue accuracy", "without strategies that open or close a dialogue"),
        "top_2": Wording("Top-2 accuracy", "the expected strategy is among the two likeliest"),
        "top_3": Wording("Top-3 accuracy", "the expected strategy is among the three likeliest"),
        "brier": Wording(
            "Brier score", "squared error of the probabilities", percent=False, higher_is_better=False
        ),
        "ece": Wording(
            "Calibration error", "mean gap between probability and accuracy", higher_is_better=False
        ),
    },
    "Stages": {
        "stage_acc": Wording("Stage accuracy", "the expected stage is predicted"),
        "stage_distance": Wording(
            "Stage distance", "how many stages a prediction is away", percent=False, higher_is_better=False
        ),
        "stage_backward": Wording(
            "Backward steps", "steps to a stage before the last predicted one", higher_is_better=False
        ),
    },
    "Dialogues": {
        "transition_divergence": Wording(
            "Transition divergence",
            "how differently strategies follow each other",
            percent=False,
            higher_is_better=False,
        ),
        "stage_coverage": Wording("Stage coverage", "expected stages that the prediction visits too"),
        "repetition": Wording(
            "Repetition", "third and later turns of one strategy running", higher_is_better=False
        ),
    },
}
"""All metrics, by what they are about, in the order of tables."""

METRICS: Final = {name: wording for group in GROUPS.values() for name, wording in group.items()}
