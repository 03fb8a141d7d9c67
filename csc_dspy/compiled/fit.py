"""What saved demonstrations fit: the fields and labels of each predictor, and what has changed in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from csc_dspy.journal import content_key
from csc_dspy.programs import Program
from csc_dspy.signatures import labels_of

Fields = Mapping[str, Any]
"""Fields by name; for label fields the labels, for others their type."""
Described = Mapping[str, Any]
"""A signature: its ``inputs`` and ``outputs``, and the hash of both."""


def described_signatures(program: Program) -> dict[str, Described]:
    """The signature of every predictor, by its name."""
    return {name: _described(predictor.signature) for name, predictor in program.named_predictors()}


def _described(signature: Any) -> Described:  # noqa: ANN401  a class of DSPy, which has no types
    fields = {
        "inputs": {name: _kind(field) for name, field in signature.input_fields.items()},
        "outputs": {name: _kind(field) for name, field in signature.output_fields.items()},
    }
    # The order of fields matters: DSPy keeps what it saves of them by position.
    return {"hash": content_key([[side, list(each.items())] for side, each in fields.items()]), **fields}


def _kind(field: Any) -> list[str] | str:  # noqa: ANN401  a field of pydantic
    labels = labels_of(field)
    return list(labels.names) if labels else getattr(field.annotation, "__name__", str(field.annotation))


def changes(saved: Mapping[str, Any], now: Mapping[str, Described]) -> list[str]:
    """What is not as it was, in words; empty if everything fits."""
    found: list[str] = []
    for name in sorted({*saved, *now}):
        if name not in now:
            found.append(f"there is no {name} any more")
        elif name not in saved:
            found.append(f"{name} is new")
        else:
            found += [f"{name}: {change}" for change in _changes(saved[name], now[name])]
    return found


def _changes(saved: object, now: Described) -> Iterator[str]:
    if not isinstance(saved, dict) or not all(isinstance(saved.get(s), dict) for s in ("inputs", "outputs")):
        yield "its signature is not told"
    elif saved.get("hash") != now["hash"]:
        told = [*_differences("input", saved, now), *_differences("output", saved, now)]
        yield from told or ["its fields have another order"]


def _differences(side: str, saved: Mapping[str, Any], now: Described) -> Iterator[str]:
    before, after = saved[f"{side}s"], now[f"{side}s"]
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"it has no {side} {name} any more"
        elif name not in before:
            yield f"its {side} {name} is new"
        elif before[name] != after[name]:
            yield f"its {side} {name} has {_other(before[name], after[name])}"


def _other(before: object, after: object) -> str:
    if not isinstance(before, list) or not isinstance(after, list):
        return "another type"
    gone = [f"without {label!r}" for label in before if label not in after]
    new = [f"with {label!r}" for label in after if label not in before]
    return f"other labels, {', '.join([*gone, *new])}" if gone or new else "its labels in another order"
