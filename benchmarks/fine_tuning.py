"""How good fine-tuned programs are on the embedded engine, beside a scikit-learn peer, and how long it takes.

Everything learns from rolecs-sample; accuracy is that on a part of csconv-sample, in the reference context.
The peer is what one would write by hand: TF-IDF of characters of the last two turns and one column for each
strategy of the history, under logistic regression. Rows to time training on are made from the samples by
repeating them in other words.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import csc_dspy as csc
from benchmarks.embedded import repeated
from csc_dspy.conversations import TurnExample, turn_examples
from csc_dspy.data import Corpus
from csc_dspy.evaluation import Evaluation
from csc_dspy.programs import Program
from csc_dspy.taxonomy import LANGUAGES, Language

PROGRAMS = {"strategy-predictor": "ACC", "strategy-classifier": "ACC", "stage-tracker": "stage_acc"}
TRAIN, DEV = "rolecs-sample", "csconv-sample:dev"


@dataclass(frozen=True)
class Accuracy:
    """One line of the first table."""

    program: str
    language: Language | Literal["both"]
    turns: int
    uncompiled: float
    prompts: float
    """Of the program that comes with the package."""
    fine_tuned: float
    peer: float


@dataclass(frozen=True)
class Timing:
    """One line of the second table."""

    turns: int
    rows: int
    export_seconds: float
    train_seconds: float
    most_mebibytes: float
    """Of this process until then."""


def accuracies(part: str) -> Iterator[Accuracy]:
    """Every program in every language, and over all turns of both."""
    for name, metric in PROGRAMS.items():
        each = [accuracy(name, language, part, metric) for language in LANGUAGES]
        yield from each
        yield together(each)


def accuracy(name: str, language: Language, part: str, metric: str) -> Accuracy:
    """One program in one language."""
    tuned = csc.compile(name, train=TRAIN, dev=DEV, language=language, target="finetune")
    assert tuned.model is not None
    prompts = csc.load(name, language=language, packaged=True)
    turns = csc.read("csconv-sample", split=part, language=language, use="evaluate")
    return Accuracy(
        name,
        language,
        sum(1 for _ in turn_examples(turns)),
        score(name, turns, metric, uncompiled=True),
        score(prompts, turns, metric),
        score(tuned.program, turns, metric, lm=tuned.model),
        peer(name, turns),
    )


def together(rows: Sequence[Accuracy]) -> Accuracy:
    """The same program over the turns of all rows."""
    turns = sum(row.turns for row in rows)
    scores = ("uncompiled", "prompts", "fine_tuned", "peer")
    means = {name: sum(getattr(row, name) * row.turns for row in rows) / turns for name in scores}
    return Accuracy(rows[0].program, "both", turns, **means)


def score(
    program: str | Program,
    turns: Corpus,
    metric: str,
    *,
    lm: str = "embedded",
    uncompiled: bool = False,
) -> float:
    """A score between 0 and 1."""
    found: Evaluation = csc.evaluate(program, turns, contexts=("reference",), lm=lm, uncompiled=uncompiled)
    value: float = found.content["reference"][metric]["value"]
    return value / 100


def peer(program: str, turns: Corpus) -> float:
    """How often the peer is right."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    learned = [*turn_examples(csc.read(TRAIN))]
    judged = [*turn_examples(turns)]
    words, strategies = TfidfVectorizer(analyzer="char", ngram_range=(1, 3)), DictVectorizer()
    with_turn = program == "strategy-classifier"
    inputs = hstack(
        [
            words.fit_transform([last_words(each, with_turn=with_turn) for each in learned]),
            strategies.fit_transform([history(each) for each in learned]),
        ]
    )
    asked = hstack(
        [
            words.transform([last_words(each, with_turn=with_turn) for each in judged]),
            strategies.transform([history(each) for each in judged]),
        ]
    )
    model = LogisticRegression(max_iter=1000, C=5.0).fit(inputs, labels(program, learned))
    return float(model.score(asked, labels(program, judged)))


def last_words(example: TurnExample, *, with_turn: bool) -> str:
    """The last two turns; of a turn that is to be labelled, it and the one before."""
    turns = [*example.history, example.turn] if with_turn else example.history
    return " ".join(turn.text for turn in turns[-2:])


def history(example: TurnExample) -> dict[str, float]:
    """The strategies so far, the last one once more."""
    used = [turn.strategy.id for turn in example.history if turn.strategy]
    return {**dict.fromkeys(used, 1.0), **{f"last {each}": 1.0 for each in used[-1:]}}


def labels(program: str, examples: Sequence[TurnExample]) -> list[str]:
    """The right answers."""
    if program == "stage-tracker":
        return [each.stage.id for each in examples]
    return [each.turn.strategy.id for each in examples if each.turn.strategy]


def timing(turns: int, program: str = "strategy-predictor") -> Timing:
    """Export so many turns, and train on the rows."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        begun = time.perf_counter()
        exported = csc.export(program, train=repeated(turns), out=folder / "rows")
        export_seconds = time.perf_counter() - begun
        begun = time.perf_counter()
        # Another seed than above, or the model that is there would be taken.
        trained = csc.train(exported.out, out=folder / "model", seed=1)
        seconds = time.perf_counter() - begun
    return Timing(turns, trained.rows, export_seconds, seconds, most_memory())


def most_memory() -> float:
    """The most that this process has held at once, in MiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print tables, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev", help="of csconv-sample")
    parser.add_argument("--turns", type=int, nargs="*", default=[1_000, 140_000], help="to time training on")
    parser.add_argument("--no-accuracy", action="store_true", help="time training only")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["CSC_DSPY_HOME"] = home
        found = [] if options.no_accuracy else [*accuracies(options.part)]
        times = [timing(turns) for turns in options.turns]
    if options.json:
        print(json.dumps([*map(asdict, found), *map(asdict, times)], indent=2))
        return
    print("| program | language | turns | uncompiled | to prompts | fine-tuned | scikit-learn |")
    print("|---|---|---|---|---|---|---|")
    for each in found:
        print(
            f"| {each.program} | {each.language} | {each.turns} | {each.uncompiled:.3f} | {each.prompts:.3f} "
            f"| {each.fine_tuned:.3f} | {each.peer:.3f} |"
        )
    print()
    print("| turns | rows | seconds to export | seconds to train | most memory, MiB |")
    print("|---|---|---|---|---|")
    for row in times:
        print(
            f"| {row.turns} | {row.rows} | {row.export_seconds:.1f} | {row.train_seconds:.1f} "
            f"| {row.most_mebibytes:.0f} |"
        )


if __name__ == "__main__":
    main()
