"""The files of an export: one a part, and none for a part without rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Generic, TypeVar

from csc_dspy.finetuning._base import Part

OpenT = TypeVar("OpenT")


class Parts(Generic[OpenT]):
    """What is written to for each part: ``train`` at once, ``validation`` when it is first asked for."""

    def __init__(
        self, folder: Path, suffix: str, opened: Callable[[Path], AbstractContextManager[OpenT]]
    ) -> None:
        self._folder = folder
        self._suffix = suffix
        self._opened = opened
        self._exits = ExitStack()
        self._open: dict[Part, OpenT] = {}
        _ = self["train"]

    def __getitem__(self, part: Part) -> OpenT:
        if part not in self._open:
            path = self._folder / f"{part}{self._suffix}"
            self._open[part] = self._exits.enter_context(self._opened(path))
        return self._open[part]

    def __iter__(self) -> Iterator[Part]:
        return iter(self._open)

    def close(self) -> None:
        """Finish all files; the others too if one of them fails."""
        self._exits.close()
