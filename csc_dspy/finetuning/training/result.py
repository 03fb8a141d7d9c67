"""What training has made, and the file that says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import DataError
from csc_dspy.files import atomic_folder, require_replaceable

RESULT_FILE: Final = "training.json"
KIND: Final = "training"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model that was trained, by the name that every ``--lm`` takes."""

    model: str
    base: str
    rows: int
    seed: int
    data: Mapping[str, Any]
    """What it was trained on: the name and the fingerprint."""
    options: Mapping[str, Any]
    seconds: float
    more: Mapping[str, Any] = field(default_factory=dict)
    """What only this kind of training tells, such as the job at the provider."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``training.json`` has it."""
        return {
            "format": _FORMAT,
            "kind": KIND,
            "model": self.model,
            "base": self.base,
            "rows": self.rows,
            "seed": self.seed,
            "data": dict(self.data),
            "options": dict(self.options),
            "seconds": self.seconds,
            **self.more,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Trained:
        """What `to_dict` made plain data of."""
        known = ("model", "base", "rows", "seed", "data", "options", "seconds")
        more = {name: value for name, value in content.items() if name not in {*known, "format", "kind"}}
        return cls(**{name: content[name] for name in known}, more=more)


def require_place(out: Path) -> None:
    """Refuse a folder that holds something else than the result of a training; OutputError."""
    require_replaceable(out, _is_result, "the result of a training")


def write_result(trained: Trained, out: Path) -> None:
    """Write the folder of a training whose model is kept elsewhere."""
    require_place(out)
    content = json.dumps(trained.to_dict(), ensure_ascii=False, indent=1) + "\n"
    with atomic_folder(out) as folder:
        (folder / RESULT_FILE).write_text(content, encoding="utf-8")


def read_result(folder: Path) -> Trained:
    """The result in a folder; DataError if there is none."""
    path = folder / RESULT_FILE
    try:
        content = json.loads(path.read_bytes())
        if (content["format"], content["kind"]) == (_FORMAT, KIND):
            return Trained.from_dict(content)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise DataError("is not the result of a training", where=str(path))


def _is_result(folder: Path) -> bool:
    try:
        read_result(folder)
    except DataError:
        return False
    return True
