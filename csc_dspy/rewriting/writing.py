"""The folder that a run leaves: conversations, what was dropped, funnel, card and page; all or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


class Folder:
    """Where the results of a run go while it is running."""

    def __init__(self, path: Path, kept: Writer, dropped: Writer, aside: Quarantine) -> None:
        self.path = path
        self.kept = kept
        self.aside = aside
        self._dropped = dropped

    def drop(self, dropped: Dropped) -> None:
        """Keep what was dropped, with the reason.

        Its key is no ``dialogue``, so that nobody who reads the folder takes it for a conversation.
        """
        transcript = dropped.transcript
        self._dropped.write(
            {
                "id": transcript.conversation.id,
                "origin": transcript.origin,
                "step": dropped.step,
                "reason": dropped.reason,
                "detail": dropped.detail,
                "transcript": transcript.conversation.row()["dialogue"],
            }
        )


@contextmanager
def result_folder(out: Path) -> Iterator[Folder]:
    """A folder that becomes ``out`` when the block ends well."""
    require_place(out)
    with atomic_folder(out) as path:
        with (
            opened_writer(path / CONVERSATIONS) as kept,
            opened_writer(path / DROPPED) as dropped,
            quarantine(path / QUARANTINE) as aside,
        ):
            assert aside is not None
            yield Folder(path, kept, dropped, aside)
        if not aside.count:
            (path / QUARANTINE).unlink()


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
