"""What is in an artifact in figures, and what sets two of them apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import unified_diff
from typing import Any, Final

from csc_dspy.compiled.artifact import Artifact
from csc_dspy.exceptions import ArtifactError
from csc_dspy.journal import content_key

_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """Two artifacts side by side; what is the same in both is left out."""

    same: bool
    """Whether both are the same program."""
    facts: Mapping[str, tuple[Any, Any]]
    """How they were compiled."""
    instructions: Mapping[str, list[str]]
    """For each predictor the lines of a unified diff."""
    demonstrations: Mapping[str, tuple[int, int, int]]
    """For each predictor how many are only in one, only in the other, and in both."""
    scores: Mapping[str, tuple[float | None, float | None]]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def difference(one: Artifact, other: Artifact) -> Difference:
    """What sets two artifacts of one program apart; ArtifactError if they are of different ones."""
    if one.program_name != other.program_name:
        raise ArtifactError(
            f"{one.program_name} and {other.program_name} are different programs",
            where=f"{one.folder}, {other.folder}",
            remedy="compare artifacts of one program",
        )
    sides = predictors(one), predictors(other)
    names = sorted({*sides[0], *sides[1]})
    demonstrations = {name: _shared(*(side.get(name, {}) for side in sides)) for name in names}
    instructions = {name: _lines(*(side.get(name, {}) for side in sides)) for name in names}
    return Difference(
        same=one.content == other.content,
        facts=_pairs(facts(one), facts(other)),
        instructions={name: lines for name, lines in instructions.items() if lines},
        demonstrations={name: counts for name, counts in demonstrations.items() if any(counts[:2])},
        scores=_pairs(_values(one), _values(other)),
    )


def facts(artifact: Artifact) -> dict[str, Any]:
    """How an artifact was compiled, in a few words each."""
    manifest = artifact.manifest
    optimizer, data = manifest.get("optimizer") or {}, manifest.get("data") or {}
    before, after = headline(artifact)
    return {
        "program": artifact.program_name,
        "language": artifact.language,
        "taxonomy": manifest["taxonomy"]["id"],
        "language model": artifact.lm,
        "optimizer": optimizer.get("name"),
        "parameters": json.dumps(optimizer.get("parameters", {}), ensure_ascii=False),
        "seed": manifest.get("seed"),
        "learned from": _told(data.get("train")),
        "judged by": _told(data.get("dev")),
        "metric": manifest.get("metric"),
        "before": before,
        "after": after,
        "partial": artifact.partial,
    }


def headline(artifact: Artifact) -> tuple[float | None, float | None]:
    """The score on dev that an artifact was compiled for, before and after."""
    scores = artifact.scores()
    if scores is None:
        return None, None
    found = scores.get("score", {})
    return found.get("before", {}).get("value"), found.get("after", {}).get("value")


def predictors(artifact: Artifact) -> dict[str, dict[str, Any]]:
    """For each predictor its instructions, and its demonstrations by number and by content."""
    state = artifact.state()
    pool = state.get("pool", {}).get("demonstrations", {})
    return {
        name: {
            "instructions": str(part["signature"].get("instructions", "")),
            "demonstrations": len(part["demos"]) + len(pool.get(name, ())),
            "contents": [content_key(each) for each in (*part["demos"], *pool.get(name, ()))],
        }
        for name, part in state.items()
        if isinstance(part, dict) and "signature" in part and "demos" in part
    }


def _told(data: Mapping[str, Any] | None) -> str | None:
    return None if data is None else f"{data['source']}, {data['dialogues']} dialogues, {data['fingerprint']}"


def _values(artifact: Artifact) -> dict[str, float | None]:
    scores = artifact.scores() or {}
    return {
        name: round(each["value"], _DIGITS) for name, each in scores.get("after", {}).items() if each["value"]
    }


def _pairs(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = dict.fromkeys((*one, *other))
    pairs = {name: (one.get(name), other.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[int, int, int]:
    first, second = (Counter(side.get("contents", ())) for side in (one, other))
    return (first - second).total(), (second - first).total(), (first & second).total()


def _lines(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    first, second = (str(side.get("instructions", "")).splitlines() for side in (one, other))
    return list(unified_diff(first, second, "one", "other", lineterm="", n=1))
