"""The folder that a split is written into. It appears whole or not at all."""

from __future__ import annotations

import filecmp
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.data.outputs import keep_apart
from csc_dspy.data.source import Source
from csc_dspy.data.split_parts import LEAKED
from csc_dspy.data.writers import opened_writer
from csc_dspy.exceptions import OutputError
from csc_dspy.files import atomic_write

if TYPE_CHECKING:
    from csc_dspy.data.splitting import Split

MANIFEST: Final = "_split.json"
"""It names the files of the parts, each as the ``file`` of an entry in ``parts``."""


def write_split(
    made: Split,
    out: str | os.PathLike[str],
    *,
    form: str = "jsonl",
    force: bool = False,
    progress: Callable[[], object] | None = None,
) -> None:
    """Write each part of a split into a file of the folder ``out``, and a manifest beside.

    Dialogues stand in the order of the source. What has leaked goes into a file that is passed over when the
    folder is read. The same split gives the same bytes.

    ``form`` is the ending of the files, such as ``jsonl`` or ``parquet``. The folder takes its name when
    everything is in it; until then it is filled beside. An earlier split of the same content may stand there,
    one of other content is replaced only with ``force``, and what is no split never is. ``progress`` is
    called for every conversation.
    """
    names = {part: f"{'_' if part == LEAKED else ''}{part}.{form}" for part in made.parts}
    with _filled(Path(out), force=force) as folder:
        with ExitStack() as files:
            writers = {part: files.enter_context(opened_writer(folder / names[part])) for part in names}
            for part, conversation in made.assigned():
                writers[part].write(conversation.row())
                if progress is not None:
                    progress()
        answer = made.to_dict()
        parts = {part: {"file": names[part]} | facts for part, facts in answer["parts"].items()}
        manifest = {"version": 1} | answer | {"parts": parts}
        atomic_write(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")


def check_place(
    out: str | os.PathLike[str],
    sources: Iterable[Source] = (),
    quarantine: str | os.PathLike[str] | None = None,
) -> None:
    """OutputError if ``out`` is anything but a split, or lies in a source, or bad rows would get into it."""
    folder = Path(out)
    for source in sources:
        keep_apart(folder, source)
    if quarantine is not None and Path(quarantine).resolve().is_relative_to(folder.resolve()):
        raise OutputError("lies in the folder of the parts", where=str(quarantine), remedy="put it elsewhere")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError("is a file", where=str(out), remedy="name a folder")
    if not {path.name for path in folder.iterdir()} <= _listed(folder / MANIFEST):
        raise OutputError("holds files that are not of a split", where=str(out), remedy="name a new folder")


@contextmanager
def _filled(out: Path, *, force: bool) -> Iterator[Path]:
    """A new folder beside ``out``, which takes its name when the block ends well."""
    target = out.resolve()
    check_place(out)
    filling = _beside(target, "partial")
    try:
        filling.mkdir(parents=True)
        yield filling
        if not _same(filling, target):
            if target.is_dir() and any(target.iterdir()) and not force:
                raise OutputError(
                    "holds another split", where=str(out), remedy="force replaces it; or name a new folder"
                )
            _exchange(filling, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot be written: {reason}", where=str(out), remedy="nothing was changed"
        ) from error
    finally:
        shutil.rmtree(filling, ignore_errors=True)


def _listed(manifest: Path) -> set[str]:
    """The names of the files that a manifest speaks for, its own among them; nothing if there is none."""
    try:
        parts = json.loads(manifest.read_bytes())["parts"]
        return {MANIFEST, *(part["file"] for part in parts.values())}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Whatever this file is, it is no manifest.
        return set()


def _same(one: Path, other: Path) -> bool:
    if not other.is_dir():
        return False
    names = sorted(path.name for path in one.iterdir())
    if names != sorted(path.name for path in other.iterdir()):
        return False
    return filecmp.cmpfiles(one, other, names, shallow=False)[0] == names


def _exchange(filling: Path, target: Path) -> None:
    """Put a folder in place of another one or of nothing."""
    if not target.exists():
        filling.rename(target)
        return
    old = _beside(target, "old")
    target.rename(old)
    try:
        filling.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(f".{target.name[:80]}.{secrets.token_hex(6)}.{ending}")
