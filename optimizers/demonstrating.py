"""From labelled examples to programs with demonstrations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING

from csc_dspy.programs import StageTracker
from csc_dspy.programs.teaching import Lesson, lessons
from csc_dspy.signatures import labels_of

if TYPE_CHECKING:
    import dspy

    from csc_dspy.programs import Program
    from csc_dspy.taxonomy import Stage, Strategy


def structured() -> bool:
    """Whether the language model in force takes demonstrations as data, which costs next to nothing."""
    import dspy

    from csc_dspy.lm import is_structured

    return is_structured(getattr(dspy.settings.lm, "engine", None))


def fine_tuned() -> bool:
    """Whether the language model in force is the embedded engine, fine-tuned."""
    import dspy

    from csc_dspy.lm.specs import EMBEDDED

    return str(getattr(dspy.settings.lm, "model", "")).startswith(f"{EMBEDDED}/")


def taught(program: Program, examples: Iterable[dspy.Example]) -> dict[str, list[Lesson]]:
    """What the examples teach each predictor, by its name; what is taught twice, once."""
    found: dict[str, dict[str, Lesson]] = {name: {} for name, _ in program.named_predictors()}
    for example in examples:
        for lesson in lessons(program, example):
            found[lesson.predictor].setdefault(repr((lesson.inputs, lesson.outputs)), lesson)
    return {name: list(each.values()) for name, each in found.items()}


def demonstrating(program: Program, examples: Iterable[dspy.Example], *, texts: int | None = None) -> Program:
    """A copy of the program whose predictors show what the examples teach them, and nothing else.

    Predictors that decide no label show the first ``texts`` at most.
    """
    copy: Program = program.deepcopy()
    learned = taught(program, examples)
    for name, predictor in copy.named_predictors():
        most = None if decides_labels(predictor) else texts
        predictor.demos = [lesson.demonstration() for lesson in learned[name][:most]]
    return copy


def decides_labels(predictor: dspy.Predict) -> bool:
    """Whether an output of a predictor is a label."""
    return any(labels_of(field) for field in predictor.signature.output_fields.values())


def teachable(program: Program, examples: Sequence[dspy.Example]) -> list[dspy.Example]:
    """The examples from which something can be learned, each once: openings are all alike."""
    known: set[str] = set()
    found = []
    for example in examples:
        told = repr([(each.predictor, each.inputs, each.outputs) for each in lessons(program, example)])
        if told != "[]" and told not in known:
            known.add(told)
            found.append(example)
    return found


def label(program: Program, example: dspy.Example) -> str:
    """What has to be represented: the strategy of an example, for a tracker of stages its stage."""
    decided: Stage | Strategy = example.stage if isinstance(program, StageTracker) else example.strategy
    return decided.id


def by_label(
    program: Program, examples: Sequence[dspy.Example], chance: Random
) -> dict[str, list[dspy.Example]]:
    """The examples of each label, shuffled; labels in the order of the taxonomy."""
    taxonomy = program.options.taxonomy
    order = [*(each.id for each in taxonomy.stages), *(each.id for each in taxonomy.strategies)]
    found: dict[str, list[dspy.Example]] = {}
    for example in examples:
        found.setdefault(label(program, example), []).append(example)
    for each in found.values():
        chance.shuffle(each)
    return {name: found[name] for name in order if name in found}


def in_turn(groups: Iterable[Sequence[dspy.Example]], most: int) -> list[dspy.Example]:
    """One of each group, then another of each, until there are ``most`` or none is left."""
    groups = list(groups)
    longest = max(map(len, groups), default=0)
    return [group[place] for place in range(longest) for group in groups if place < len(group)][:most]
