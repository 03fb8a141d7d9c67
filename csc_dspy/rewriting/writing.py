"""The folder that a run leaves: conversations, what was dropped, funnel, card and page; all or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from csc_dspy.data.quarantine import Quarantine, quarantine
from csc_dspy.data.writers import Writer, opened_writer
from csc_dspy.exceptions import OutputError
from csc_dspy.files import atomic_folder, require_replaceable
from csc_dspy.rewriting._base import Dropped

KIND: Final = "conversations from transcripts"
CONVERSATIONS: Final = "conversations.jsonl"
DROPPED: Final = "dropped.jsonl"
QUARANTINE: Final = "quarantine.jsonl"
FUNNEL: Final = "funnel.json"
CARD: Final = "README.md"
REPORT: Final = "report.html"
STATISTICS: Final = "statistics.json"
SPLIT: Final = "split"


class Folder:
    """Where the results of a run go while it is running."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        self.path = path
        self.kept: Writer = files.enter_context(opened_writer(path / CONVERSATIONS))
        aside = files.enter_context(quarantine(path / QUARANTINE))
        assert aside is not None
        self.aside: Quarantine = aside
        self._dropped: Writer = files.enter_context(opened_writer(path / DROPPED))
        self._files = files

    def drop(self, dropped: Dropped) -> None:
        """Keep what was dropped, with the reason.

        Its key is no ``dialogue``, so that nobody who reads the folder takes it for a conversation.
        """
        transcript = dropped.transcript
        row = {
            "id": transcript.conversation.id,
            "origin": transcript.origin,
            "step": dropped.step,
            "reason": dropped.reason,
            "detail": dropped.detail,
            "transcript": transcript.conversation.row()["dialogue"],
        }
        if transcript.original is not None:
            row["original"] = transcript.original.row()["dialogue"]
        self._dropped.write(row)

    def close(self) -> None:
        """Put all rows where they can be read; nothing more is taken."""
        self._files.close()
        if not self.aside.count:
            (self.path / QUARANTINE).unlink(missing_ok=True)


@contextmanager
def result_folder(out: Path) -> Iterator[Folder]:
    """A folder that becomes ``out`` when the block ends well."""
    require_place(out)
    with atomic_folder(out) as path, ExitStack() as files:
        folder = Folder(path, files)
        yield folder
        folder.close()


def write_funnel(folder: Path, funnel: Mapping[str, Any]) -> None:
    """Write ``funnel.json``, by which the folder is known."""
    text = json.dumps({"kind": KIND, **funnel}, ensure_ascii=False, indent=2)
    (folder / FUNNEL).write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")


def require_place(out: Path, keep_map: Path | None = None) -> None:
    """Refuse a folder that holds something else than such a result, and a map inside it; OutputError."""
    require_replaceable(out, _is_ours, "conversations from transcripts")
    if keep_map is not None and keep_map.resolve().is_relative_to(out.resolve()):
        raise OutputError(
            "lies in the folder of the result, and would be published with it",
            where=str(keep_map),
            remedy="keep the map elsewhere",
        )


def _is_ours(folder: Path) -> bool:
    try:
        kind: object = json.loads((folder / FUNNEL).read_bytes())["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        # Whatever is there, it is no funnel of ours.
        return False
    return kind == KIND
