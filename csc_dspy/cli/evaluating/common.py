"""What all tasks of ``csc-dspy evaluate`` are told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.data import Corpus
    from csc_dspy.taxonomy import Language, Taxonomy

WHOLE: Final = "all"
_DATA: Final = "csconv-sample"
_SPLIT: Final = "test"


@dataclass(frozen=True, kw_only=True)
class Common:
    """The options that tell which conversations, and where to."""

    source: str | None
    split: str | None
    limit: int | None
    language: Language | None
    taxonomy: str | None
    seed: int
    out: Path | None
    resume: bool
    as_json: bool

    def __post_init__(self) -> None:
        if self.resume and self.out is None:
            raise ConfigError("--resume needs --out", remedy="only what goes to a folder can be resumed")

    @cached_property
    def standard(self) -> Taxonomy | None:
        """The taxonomy, if one is named."""
        from csc_dspy.taxonomy import load_taxonomy

        return load_taxonomy(self.taxonomy) if self.taxonomy else None

    def to_evaluate(self, taxonomy: Taxonomy | None) -> Corpus:
        """The conversations to evaluate on; by default the part of the sample for final results."""
        from csc_dspy.data import read

        source, split = self.source, self.split
        if source is None:
            source, split = _DATA, split or _SPLIT
        return read(source, part=_part(split), taxonomy=taxonomy, use="evaluate")

    def to_judge(self) -> Corpus:
        """The conversations to judge, which may be meant for training as well."""
        from csc_dspy.data import read

        if self.source is None:
            raise ConfigError("--judge needs --data", remedy="name the conversations to judge")
        return read(self.source, part=_part(self.split), taxonomy=self.standard, language=self.language)


def require_one_task(**tasks: object) -> None:
    """Refuse to do several things at once."""
    ctx = click.get_current_context()
    given = [f"--{name}" for name, value in tasks.items() if value]
    given += [word for name, word in _SYSTEMS.items() if is_given(ctx, name)] if given else []
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} does not go together with {given[1]}", ctx)


_SYSTEMS: Final = {
    "named": "a program",
    "program": "--program",
    "predictions": "--predictions",
    "compare": "--compare",
}


def is_given(ctx: click.Context, name: str) -> bool:
    """Whether a parameter stands on the command line."""
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _part(split: str | None) -> str | None:
    return None if split == WHOLE else split
