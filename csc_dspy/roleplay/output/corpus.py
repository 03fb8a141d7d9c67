"""The corpus while it is being written, and the folder that it becomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import Conversation
from csc_dspy.data.writers import Writer, opened_writer
from csc_dspy.files import atomic_folder, require_replaceable
from csc_dspy.lm.measuring import total
from csc_dspy.roleplay._base import Failed, Flaw, Played
from csc_dspy.roleplay.output.names import CONVERSATIONS, FAILED, REJECTED
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    from csc_dspy.roleplay.quality import Verdict


class Corpus:
    """Takes dialogues in the order of their tasks, and becomes the folder ``out`` when its block ends well.

    Rows go to disk as they come, so memory does not grow with them. In the end it has to be finished.
    """

    def __init__(self, out: Path, taxonomy: Taxonomy) -> None:
        """OutputError if something else than a role play stands there."""
        require_place(out)
        self.taxonomy = taxonomy
        self.kept = self.failed = 0
        self.rejected: Counter[str] = Counter()
        """How many were not kept, by the first reason."""
        self._out = out
        self._usd: float | None = 0.0
        self._calls = self._tokens = self._overruled = self._turns = 0
        self._languages: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    def __enter__(self) -> Corpus:
        with ExitStack() as opened:
            self._folder = opened.enter_context(atomic_folder(self._out))
            self._streams = opened.enter_context(ExitStack())
            self._rows: dict[str, Writer] = {
                name: self._streams.enter_context(opened_writer(self._folder / name))
                for name in (CONVERSATIONS, REJECTED, FAILED)
            }
            self._closing = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.__exit__(kind, error, trace)

    @property
    def made(self) -> int:
        """How many dialogues are accounted for."""
        return self.kept + self.rejected.total() + self.failed

    def keep(self, played: Played, verdict: Verdict | None = None) -> Conversation:
        """Write a dialogue that is good, with what its judge found; the conversation is returned."""
        conversation = played.conversation(self.taxonomy)
        self._rows[CONVERSATIONS].write(_row(conversation, verdict))
        self.kept += 1
        self._turns += len(conversation.dialogue)
        self._languages[conversation.spoken_language] += 1
        self._count(played)
        return conversation

    def reject(self, played: Played, flaws: Sequence[Flaw], verdict: Verdict | None = None) -> None:
        """Write a dialogue aside, with all that is wrong with it.

        Its key is no ``dialogue``, so that nobody who reads the folder takes it for data.
        """
        conversation = played.conversation(self.taxonomy)
        reasons = [
            {"reason": flaw.reason, "detail": flaw.detail} | ({"turn": flaw.turn} if flaw.turn else {})
            for flaw in flaws
        ]
        row = {"id": conversation.id, "reasons": reasons, "conversation": _row(conversation, verdict)}
        self._rows[REJECTED].write(row)
        self.rejected[flaws[0].reason] += 1
        self._count(played)

    def fail(self, failed: Failed) -> None:
        """Write down a dialogue that came to no end; nothing that was said in it."""
        self._rows[FAILED].write(
            {
                "id": f"roleplay-{failed.task.key[:16]}",
                "reason": failed.reason,
                "detail": failed.detail,
                "calls": failed.calls,
                "tokens": failed.tokens,
                "usd": failed.usd,
                "task": failed.task.to_dict(),
            }
        )
        self.failed += 1
        self._failures[failed.reason] += 1
        self._count(failed)

    def finish(self, about: Mapping[str, Any], *, against: str | None = None) -> None:
        """Complete the folder; nothing more is taken.

        ``about`` is what the manifest tells of the run, ``against`` a corpus that the report compares with.
        """
        from csc_dspy.roleplay.output.completing import complete

        self._streams.close()
        complete(self._folder, {**about, "counts": self.counts()}, self.taxonomy, against)

    def counts(self) -> dict[str, Any]:
        """What has become of all dialogues so far."""
        return {
            "made": self.made,
            "kept": self.kept,
            "rejected": dict(self.rejected.most_common()),
            "failed": dict(self._failures.most_common()),
            "turns": self._turns,
            "languages": dict(sorted(self._languages.items())),
            "overruled": self._overruled,
            "calls": self._calls,
            "tokens": self._tokens,
            "usd": None if self._usd is None else round(self._usd, 6),
        }

    def _count(self, result: Played | Failed) -> None:
        self._calls += result.calls
        self._tokens += result.tokens
        self._usd = total(self._usd, result.usd)
        if isinstance(result, Played):
            self._overruled += result.overruled


def require_place(out: Path) -> None:
    """Refuse a folder that holds something else than a role play; OutputError."""
    from csc_dspy.roleplay.output.reading import is_corpus

    require_replaceable(out, is_corpus, "a role play")


def _row(conversation: Conversation, verdict: Verdict | None) -> dict[str, Any]:
    """The row, with the verdicts by criterion between what is known of the dialogue and the dialogue."""
    row = conversation.row()
    dialogue = row.pop("dialogue")
    if verdict is not None and verdict.judgement is not None:
        row["judgement"] = verdict.judgement.met()
    return row | {"dialogue": dialogue}
