"""From a folder with dialogues to ``report.json`` and ``report.html``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from csc_dspy.conversations import Conversation
from csc_dspy.data.reading import read
from csc_dspy.files import atomic_write
from csc_dspy.roleplay.output.names import REPORT, REPORT_PAGE
from csc_dspy.roleplay.output.reading import failed_of, kept_of, profiles_of, read_manifest, rejected_of
from csc_dspy.roleplay.report.comparing import comparison
from csc_dspy.roleplay.report.rejections import failures, rejections
from csc_dspy.roleplay.report.survey import Survey, survey
from csc_dspy.taxonomy import DEFAULT, Taxonomy, load_taxonomy

TARGET: Final = "rolecs-sample"
"""What a corpus should be like, unless another is named."""


def write_report(
    folder: Path, manifest: Mapping[str, Any], taxonomy: Taxonomy, *, against: str | None = None
) -> dict[str, Any]:
    """Read the rows of the folder, one at a time, and write the report into it; its content is returned.

    ``against`` is a source as `csc_dspy.read` takes it. Without one it is the packaged sample of RoleCS, for
    dialogues of its taxonomy, in the languages of the corpus.
    """
    report = _report(folder, manifest, taxonomy, against)
    _write(folder, report)
    return report


def again(folder: Path, *, against: str | None = None, taxonomy: Taxonomy | None = None) -> dict[str, Any]:
    """The report of a finished folder, against another corpus perhaps; nothing is written."""
    manifest = read_manifest(folder)
    return _report(folder, manifest, taxonomy or load_taxonomy(manifest["taxonomy"]["id"]), against)


def _report(
    folder: Path, manifest: Mapping[str, Any], taxonomy: Taxonomy, against: str | None
) -> dict[str, Any]:
    ours = survey(kept_of(folder, taxonomy))
    name = against or (TARGET if taxonomy.id == DEFAULT else None)
    target = survey(_target(name, taxonomy, ours)) if name and ours else None
    return {
        "counts": manifest["counts"],
        "models": manifest.get("models") or {},
        "engine": (manifest.get("notes") or {}).get("engine"),
        "threshold": (manifest.get("judge") or {}).get("threshold"),
        "target": name if target else None,
        "rejected": rejections(rejected_of(folder, taxonomy)),
        "failed": failures(failed_of(folder)),
        **(_of_kept(ours, target) if ours else {}),
        "coverage": _coverage(folder),
    }


def _of_kept(ours: Survey, target: Survey | None) -> dict[str, Any]:
    return {
        "facts": {name: dict(counts) for name, counts in ours.facts.items()},
        "events": dict(ours.events),
        "profiles": {name: dict(counts) for name, counts in ours.traits.items()},
        **comparison(ours, target),
    }


def _coverage(folder: Path) -> dict[str, Any]:
    """How much of the vocabulary of customers is among those of the kept dialogues, by field."""
    from csc_dspy.roleplay.profiles import coverage

    found = coverage(profiles_of(folder))
    return dict(found.to_dict()["fields"]) if found.profiles else {}


def _target(name: str, taxonomy: Taxonomy, ours: Survey | None) -> Iterator[Conversation]:
    """The conversations of the target in languages that the corpus has too."""
    assert ours is not None
    languages = {language for language, count in ours.statistics.overview.languages.items() if count}
    return (each for each in read(name, taxonomy=taxonomy) if each.spoken_language in languages)


def _write(folder: Path, report: Mapping[str, Any]) -> None:
    from csc_dspy.roleplay.report.page import page

    text = json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False)
    atomic_write(folder / REPORT, f"{text}\n")
    atomic_write(folder / REPORT_PAGE, page(report))
