"""Signatures as tasks for structured engines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import detect_language
from csc_dspy.exceptions import LMError
from csc_dspy.lm.structured import Label, OutputField, Task
from csc_dspy.signatures import Labels, labels_of
from csc_dspy.taxonomy import Language

if TYPE_CHECKING:
    import dspy


@lru_cache(maxsize=256)
def task_of(signature: type[dspy.Signature]) -> Task:
    """The signature as data; LMError if a field of it holds neither text nor labels."""
    return Task(
        name=signature.__name__,
        language=_language(signature),
        inputs=tuple(signature.input_fields),
        outputs=tuple(_output(signature, name) for name in signature.output_fields),
    )


def texts(fields: Mapping[str, Any], task: Task) -> dict[str, str]:
    """The fields of a task out of an example or an input, as text."""
    wanted = {*task.inputs, *(output.name for output in task.outputs)}
    return {name: str(value) for name, value in fields.items() if name in wanted and value is not None}


def _output(signature: type[dspy.Signature], name: str) -> OutputField:
    field = signature.output_fields[name]
    labels = labels_of(field)
    if labels is None and field.annotation is not str:
        raise LMError(
            f"the embedded engine cannot fill in the field {name!r} of {signature.__name__}",
            remedy="name a language model with --lm",
        )
    return OutputField(name, _described(labels) if labels else ())


def _described(labels: Labels) -> tuple[Label, ...]:
    # What sets a label apart names its neighbours, which misleads an engine that compares words.
    language = labels.language
    return tuple(Label(member.name[language], member.definition[language]) for member in labels.members)


def _language(signature: type[dspy.Signature]) -> Language:
    """The language of the labels in it, or else that of its instructions."""
    found = (labels_of(field) for field in signature.fields.values())
    return next((labels.language for labels in found if labels), None) or detect_language(
        signature.instructions
    )
