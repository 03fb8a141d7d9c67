"""What a structured engine is asked and what it answers: fields and labels as data, no prompt to parse.

An engine that declares ``structured = True`` is handed the task itself by our adapter instead of a rendered
prompt, and may answer with measured probabilities for the labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeGuard

if TYPE_CHECKING:
    from csc_dspy.taxonomy import Language


@dataclass(frozen=True, slots=True)
class Label:
    """One allowed answer of a label field, with the words that describe it."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class OutputField:
    """A field to fill in: with one of ``labels``, or with free text where there are none."""

    name: str
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Task:
    """A signature as data. Equal signatures make equal tasks."""

    name: str
    language: Language
    inputs: tuple[str, ...]
    outputs: tuple[OutputField, ...]

    @cached_property
    def key(self) -> str:
        """Names the kind of task by its fields, whatever its language: ``conversation,turn->strategy``."""
        return f"{','.join(self.inputs)}->{','.join(output.name for output in self.outputs)}"


Demonstration = Mapping[str, str]
"""Input and output fields of a solved example; fields may be missing."""


class Demonstrations(tuple[Demonstration, ...]):
    """Demonstrations that are compared by identity: the adapter makes equal ones only once.

    So an engine can remember what it has learned from hundreds of them without comparing their texts.
    """

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


@dataclass(frozen=True, slots=True)
class Answer:
    """A value for every output field, and for label fields how likely each label is (summing to 1)."""

    values: Mapping[str, str]
    probabilities: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class StructuredEngine(Protocol):
    """An engine that answers tasks."""

    structured: bool

    def answer(
        self, model: str, task: Task, demonstrations: Sequence[Demonstration], inputs: Mapping[str, str]
    ) -> Answer:
        """Fill in the task's outputs. Raises `csc_dspy.exceptions.LMError` for a task it cannot do."""
        ...


def is_structured(engine: object) -> TypeGuard[StructuredEngine]:
    """Whether an engine declares itself structured. Asked in every call, so it looks at nothing else."""
    return getattr(engine, "structured", False) is True
