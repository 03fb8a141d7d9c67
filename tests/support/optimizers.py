"""Small optimizers, for tests of what is around them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar

from csc_dspy.optimizers import Bench
from csc_dspy.programs import Program
from csc_dspy.programs.teaching import lessons


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """A few draws of labelled demonstrations, of which the best on dev wins."""

    name: ClassVar[str] = "draws"
    candidates: int = 3
    size: int = 6

    @property
    def most_demonstrations(self) -> int:
        return self.size

    def most_calls(self, program: Program, _train: int, dev: int) -> int:
        return self.candidates * 2 * len(program.predictors()) * dev

    def optimize(self, program: Program, bench: Bench) -> Program:
        best, best_score = program, -1.0
        for number in range(self.candidates):
            drawn = random.Random(f"{bench.seed}-{number}").sample(list(bench.train), self.size)
            taught: Program = program.deepcopy()
            predictors = dict(taught.named_predictors())
            for example in drawn:
                for lesson in lessons(program, example):
                    predictors[lesson.predictor].demos.append(lesson.demonstration())
            score = bench.trials.score(taught, f"draw {number + 1}")
            if score > best_score:
                best, best_score = taught, score
        return best
