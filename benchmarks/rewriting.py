"""How fast transcripts go through the rule steps, and how much personal data redaction finds.

Run from the root of the checkout: ``python -m benchmarks.rewriting``. The speed is that of one process
without a language model, over transcripts woven from the sample dialogues, with personal data strewn into
them. Precision and recall are those on ``tests/rewriting/redaction_cases.jsonl``: sentences written for this,
with the places of what is personal in them. A span is right if its kind, its beginning and its end are.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.corpus import generate
from csc_dspy.rewriting import apply_rules, merge_turns, personal_data, read_transcripts, redact, rewrite

CASES: Final = Path(__file__).parents[1] / "tests" / "rewriting" / "redaction_cases.jsonl"
_KINDS: Final = ("phone", "identity", "card", "email", "url", "address", "name")
_PERSONAL: Final = {
    "zh": (
        "我的手机号是13800138000",
        "我叫王小明，住北京市朝阳区建国路88号",
        "身份证11010519491231002X",
        "卡号6222 0212 3456 7890 128",
    ),
    "en": (
        "my number is 415-555-2671",
        "My name is John Smith",
        "I live at 42 Maple Street",
        "mail me at a.b@example.com",
    ),
}
_NAMES: Final = {"zh": ("客服小王", "客户", "对话"), "en": ("Agent 2", "Customer", "Call")}


@dataclass(frozen=True, slots=True)
class Score:
    """How much of a kind was found in the cases of a language."""

    language: str
    kind: str
    right: int
    missed: int
    wrong: int

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / (self.right + self.wrong or 1)

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return self.right / (self.right + self.missed or 1)


def scores(cases: Path = CASES) -> list[Score]:
    """Precision and recall of redaction, by language and kind."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for case in map(json.loads, cases.read_text(encoding="utf-8").splitlines()):
        there = {(span["kind"], span["start"], span["end"]) for span in case["spans"]}
        spans = personal_data(case["text"])
        found = {(span.kind, span.start, span.end) for span in spans if span.kind != "order"}
        for name, part in (("right", there & found), ("missed", there - found), ("wrong", found - there)):
            counts.update((case["language"], kind, name) for kind, _, _ in part)
    return [
        Score(language, kind, *(counts[language, kind, name] for name in ("right", "missed", "wrong")))
        for language in ("zh", "en")
        for kind in _KINDS
    ]


def transcripts(count: int, seed: int = 0) -> Iterator[str]:
    """The lines of so many raw transcripts, half of them Chinese."""
    draw = random.Random(seed)
    for number, row in enumerate(generate(count, seed)):
        language = row["language"]
        supporter, customer, word = _NAMES[language]
        yield f"=== {word} {number} ==="
        for turn in row["dialogue"]:
            says = turn["text"].replace("\n", " ")
            if turn["speaker"] == "客户" and draw.random() < 0.3:
                says = f"{says} {draw.choice(_PERSONAL[language])}"
            yield f"[00:01:23] {customer if turn['speaker'] == '客户' else supporter}: {says}"
        yield ""


def seconds(count: int) -> dict[str, float]:
    """CPU seconds of the steps, each by itself, and of the whole with its files."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "raw.txt"
        source.write_text("\n".join(transcripts(count)), encoding="utf-8")
        taken: dict[str, float] = {}
        with _timed("read", taken):
            raw = list(read_transcripts(source))
        with _timed("merge", taken):
            merged = [each.having(merge_turns(each.conversation)) for each in raw]
        with _timed("rules", taken):
            kept = [each for each in merged if not apply_rules(each)]
        with _timed("redact", taken):
            for each in kept:
                redact(each.conversation)
        with _timed("all, with files and report", taken):
            rewrite(source, Path(folder) / "out", mode="rules")
    return taken


@contextmanager
def _timed(name: str, taken: dict[str, float]) -> Iterator[None]:
    """Note how long a block takes, in CPU time."""
    begun = time.process_time()
    yield
    taken[name] = round(time.process_time() - begun, 2)


def main() -> None:
    """Measure, and print tables or JSON."""
    parser = argparse.ArgumentParser(description="Speed of the rule steps, and redaction.")
    parser.add_argument("--count", type=int, default=1_000, help="transcripts (default: 1000)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    measured = scores()
    taken = seconds(options.count)
    if options.json:
        print(json.dumps(_as_json(options.count, taken, measured), indent=2))
        return
    print(f"{options.count} transcripts, CPU seconds")
    print("\n".join(f"  {name:28}{value:6.2f}" for name, value in taken.items()))
    print(f"\n{'language':10}{'kind':10}{'spans':>6}{'precision':>11}{'recall':>8}")
    for each in measured:
        spans = each.right + each.missed
        print(f"{each.language:10}{each.kind:10}{spans:6}{each.precision:11.3f}{each.recall:8.3f}")


def _as_json(count: int, taken: dict[str, float], measured: list[Score]) -> dict[str, Any]:
    redaction = [
        {"language": each.language, "kind": each.kind, "precision": each.precision, "recall": each.recall}
        for each in measured
    ]
    return {"transcripts": count, "cpu_seconds": taken, "redaction": redaction}


if __name__ == "__main__":
    main()
