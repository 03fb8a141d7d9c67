"""The compiled programs that come with the package: ``python -m csc_dspy.optimizers.packaged FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.taxonomy import LANGUAGES, Language

from .compiling import compile  # noqa: A004  as users call it

if TYPE_CHECKING:
    from .outcome import Compiled

_TRAIN: Final = "rolecs-sample"
_DEV: Final = "csconv-sample:dev"


def packaged_programs() -> Iterator[tuple[str, Language]]:
    """Every program in every language."""
    from csc_dspy.programs import PROGRAMS

    return ((program, language) for program in PROGRAMS for language in LANGUAGES)


def compile_packaged(program: str, language: Language, folder: Path) -> Compiled:
    """Compile one for the embedded engine, into its place in ``folder``."""
    return compile(program, train=_TRAIN, dev=_DEV, language=language, out=folder / program / language)


def main(folder: Path) -> None:
    """Compile all."""
    for program, language in packaged_programs():
        compiled = compile_packaged(program, language, folder)
        sys.stdout.write(f"{compiled.artifact}: {compiled.statement}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
