"""CPU time of the response metrics beside the reference libraries, over as many turns as were published.

Run from the root of the checkout: ``python -m benchmarks.text_metrics``. Half of the pairs are Chinese, half
English, woven from clauses of the sample dialogues. Our metrics are asked about a few turns at a time, one
after the other, so what B-2 counts is there for B-4. The libraries see the same pairs in the same run, and
all scores are compared.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

import csc_dspy
from csc_dspy.conversations import Turn, TurnExample, turn_examples
from csc_dspy.metrics._base import Attempt, Predicted
from csc_dspy.metrics.text import RESPONSE_METRICS, words
from csc_dspy.taxonomy import Language

PUBLISHED = 25_810
"""The number of the supporter's turns in the published evaluation set."""

_MEASURED = ("B-2", "B-4", "R-L", "chrF")
_TOGETHER = ("B-2", "B-4", "R-L")
_LETTERS: dict[Language, int] = {"zh": 30, "en": 110}
_TURNS = 14
# So that responses score about as they do in the published tables.
_SHARED = 0.1
_CLAUSE = re.compile(r"[^，。？！,.?!]+[，。？！,.?!]*\s*")

Timed = tuple[float, list[float]]
"""CPU seconds, and the score of every pair."""


def main() -> None:
    """Measure, and print a few lines or JSON."""
    parser = argparse.ArgumentParser(description="CPU time of the response metrics.")
    parser.add_argument("--count", type=int, default=PUBLISHED, help=f"pairs (default: {PUBLISHED})")
    parser.add_argument("--seed", type=int, default=0, help="seed of the generated pairs (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    result = measure(options.count, options.seed)
    print(json.dumps(result, indent=2) if options.json else "\n".join(f"{k}: {v}" for k, v in result.items()))


def measure(count: int, seed: int) -> dict[str, float]:
    """CPU microseconds a pair, ours and the libraries', and how far their scores are apart at most."""
    pairs = list(generate(count, seed))
    ours(pairs[:2])  # What is imported at the first call is no cost of a pair.
    own = ours(pairs)
    library = {name: by_library(score, pairs) for name, score in libraries().items()}
    result: dict[str, float] = {"pairs": count}
    for language in _LETTERS:
        lengths = [len(pair.example.turn.text) for pair in pairs if pair.example.language == language]
        result[f"mean characters ({language})"] = round(float(np.mean(lengths)), 1)
    for name in _MEASURED:
        result[f"{name}: µs a pair"] = round(own[name][0] / count * 1e6, 1)
        result[f"{name}: µs a pair by its library"] = round(library[name][0] / count * 1e6, 1)
        result[f"{name}: mean"] = round(float(np.mean(own[name][1])), 4)
        result[f"{name}: largest difference"] = float(
            np.abs(np.subtract(own[name][1], library[name][1])).max()
        )
    for whose, timed in (("", own), (" by the libraries", library)):
        seconds = sum(timed[name][0] for name in _TOGETHER)
        result[f"{' + '.join(_TOGETHER)}: µs a pair{whose}"] = round(seconds / count * 1e6, 1)
    return result


def ours(pairs: Sequence[Attempt]) -> dict[str, Timed]:
    """Our metrics, a few turns at a time; each turn stands for a dialogue, so that its tally is its score."""
    metrics = [metric for metric in RESPONSE_METRICS if metric.name in _MEASURED]
    seconds, scores = dict.fromkeys(_MEASURED, 0.0), {name: list[float]() for name in _MEASURED}
    for start in range(0, len(pairs), _TURNS):
        dialogues = [[pair] for pair in pairs[start : start + _TURNS]]
        for metric in metrics:
            before = time.process_time()
            tallies = metric.tallies(dialogues)
            seconds[metric.name] += time.process_time() - before
            scores[metric.name] += tallies[:, 0].tolist()
    return {name: (seconds[name], scores[name]) for name in _MEASURED}


def by_library(score: Callable[[str, str, Language], float], pairs: Sequence[Attempt]) -> Timed:
    """The scores of a library."""
    before = time.process_time()
    scores = [
        score(pair.predicted.response or "", pair.example.turn.text, pair.example.language) for pair in pairs
    ]
    return time.process_time() - before, scores


class Words:
    """Our tokens for rouge_score, whose own throw Chinese away."""

    def tokenize(self, text: str) -> list[str]:
        """Chinese characters, and other words."""
        return words(text)


def libraries() -> dict[str, Callable[[str, str, Language], float]]:
    """How the reference libraries score a response against a reference."""
    scorer, chrf = RougeScorer(["rougeL"], tokenizer=Words()), CHRF()
    return {
        "B-2": bleu(2),
        "B-4": bleu(4),
        "R-L": lambda response, reference, _: 100 * scorer.score(reference, response)["rougeL"].fmeasure,
        "chrF": lambda response, reference, _: chrf.sentence_score(response, [reference]).score,
    }


def bleu(order: int) -> Callable[[str, str, Language], float]:
    """Sentence BLEU of sacrebleu, one object for each language."""
    of = {
        language: BLEU(tokenize=tokenizer, max_ngram_order=order, effective_order=True)
        for language, tokenizer in (("zh", "zh"), ("en", "13a"))
    }
    return lambda response, reference, language: of[language].sentence_score(response, [reference]).score


def generate(count: int, seed: int) -> Iterator[Attempt]:
    """Pairs of a reference and a response that shares some of its clauses, of both languages in turn."""
    draw = random.Random(seed)
    samples = list(turn_examples([*csc_dspy.read("csconv-sample"), *csc_dspy.read("rolecs-sample")]))
    clauses = {
        language: [
            clause
            for example in samples
            if example.language == language
            for clause in _CLAUSE.findall(example.turn.text)
        ]
        for language in _LETTERS
    }
    example = {example.language: example for example in samples}
    for number in range(count):
        language: Language = "en" if number % 2 else "zh"
        yield _pair(example[language], clauses[language], draw)


def _pair(example: TurnExample, clauses: Sequence[str], draw: random.Random) -> Attempt:
    length = _LETTERS[example.language] * draw.uniform(0.3, 1.3)
    spoken: list[str] = []
    while sum(map(len, spoken)) < length:
        spoken.append(draw.choice(clauses))
    answered = [clause if draw.random() < _SHARED else draw.choice(clauses) for clause in spoken]
    turn = Turn(speaker="supporter", text="".join(spoken).strip())
    told = replace(example, conversation=example.conversation.with_turns([turn]), index=0)
    return Attempt(told, Predicted(response="".join(answered).strip()))


if __name__ == "__main__":
    main()
