"""A corpus with decisions carried out: written anew, with a log of what was changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.auditing.decisions import Decision
from csc_dspy.auditing.fingerprints import Fingerprint
from csc_dspy.auditing.names import named
from csc_dspy.conversations import Conversation, Turn
from csc_dspy.data.writers import opened_writer
from csc_dspy.exceptions import DataError
from csc_dspy.files import atomic_folder, require_replaceable
from csc_dspy.taxonomy import Stage, Strategy

Label = Strategy | Stage

CORPUS: Final = "corpus.jsonl"
# Names with an underscore are passed over when the folder is read.
CHANGES: Final = "_changes.jsonl"
MANIFEST: Final = "_manifest.json"
_KIND: Final = "csc-dspy cleaned corpus"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of a corpus. ``before`` and ``after`` are its fingerprints."""

    version: int
    """1 for a corpus that has not been cleaned before."""
    dialogues: int
    decisions: dict[str, int]
    """How many there were, by verdict."""
    changed_strategies: int
    changed_stages: int
    before: str
    after: str

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "version": self.version,
            "dialogues": self.dialogues,
            "decisions": self.decisions,
            "changed_strategies": self.changed_strategies,
            "changed_stages": self.changed_stages,
            "before": self.before,
            "after": self.after,
        }


def clean(
    conversations: Iterable[Conversation],
    decisions: Iterable[Decision],
    out: str | Path,
    *,
    source: str | Path | None = None,
    progress: Callable[[], object] = lambda: None,
) -> Cleaned:
    """Carry out decisions and write the corpus into the folder ``out``; DataError if one does not fit it.

    The folder, which must be new, empty or of another cleaning, gets the corpus, a log of the changes and a
    manifest, all at once. ``source`` is where the corpus comes from: what was cleaned before has a version.
    """
    folder = Path(out)
    require_replaceable(folder, _is_ours, "a cleaned corpus")
    wanted = _by_turn(decisions)
    left = set(wanted)
    verdicts: dict[str, int] = dict(Counter(str(each.verdict) for each in wanted.values()))
    before, after, log, dialogues = Fingerprint(), Fingerprint(), _Log(), 0
    version = _version(source) + 1
    with atomic_folder(folder) as filling:
        with opened_writer(filling / CORPUS) as corpus, opened_writer(filling / CHANGES) as changes:
            for name, conversation in named(conversations):
                mine = [place for place in _places(name, conversation) if place in left]
                left.difference_update(mine)
                made = log.carried_out(conversation, [wanted[place] for place in mine])
                before.add(conversation)
                after.add(made)
                corpus.write(made.row())
                for entry in log.taken():
                    changes.write(entry)
                dialogues += 1
                progress()
        if left:
            raise _unknown(min((wanted[place] for place in left), key=lambda each: each.where))
        cleaned = Cleaned(version, dialogues, verdicts, log.strategies, log.stages, str(before), str(after))
        manifest = {"kind": _KIND, "corpus": CORPUS, "changes": CHANGES, **cleaned.to_dict()}
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        (filling / MANIFEST).write_text(text, encoding="utf-8")
    return cleaned


def _by_turn(decisions: Iterable[Decision]) -> dict[tuple[str, int], Decision]:
    found: dict[tuple[str, int], Decision] = {}
    for decision in decisions:
        earlier = found.setdefault((decision.dialogue, decision.turn), decision)
        if earlier is not decision:
            raise DataError(
                f"decides about turn {decision.turn} of dialogue {decision.dialogue} a second time",
                where=decision.where,
                remedy=f"it was decided at {earlier.where} already; leave one of them",
            )
    return found


def _places(name: str, conversation: Conversation) -> Iterator[tuple[str, int]]:
    return ((name, index) for index in range(len(conversation.dialogue)))


class _Log:
    """Carries decisions out, and notes each."""

    def __init__(self) -> None:
        self.strategies = self.stages = 0
        self._entries: list[dict[str, Any]] = []

    def carried_out(self, conversation: Conversation, decisions: Iterable[Decision]) -> Conversation:
        """The conversation after its decisions."""
        turns = [*conversation.dialogue]
        for decision in decisions:
            turn = turns[decision.turn]
            _require_fit(turn, decision)
            if decision.verdict == "change":
                turns[decision.turn] = self._changed(turn, decision)
        return conversation.with_turns(turns)

    def taken(self) -> list[dict[str, Any]]:
        """The entries since the last time."""
        entries, self._entries = self._entries, []
        return entries

    def _changed(self, turn: Turn, decision: Decision) -> Turn:
        update: dict[str, Any] = {}
        if decision.strategy and decision.strategy != turn.strategy:
            self._note("strategy", turn.strategy, decision.strategy, decision)
            update["strategy"] = decision.strategy
            self.strategies += 1
        if decision.stage and decision.stage != turn.stage:
            self._note("stage", turn.stage, decision.stage, decision)
            update["stage"] = decision.stage
            self.stages += 1
        return turn.model_copy(update=update)

    def _note(self, what: str, old: Label | None, new: Label, decision: Decision) -> None:
        entry = {
            "dialogue": decision.dialogue,
            "turn": decision.turn,
            "what": what,
            "from": old.id if old else None,
            "to": new.id,
        }
        said = {"who": decision.who, "when": decision.when, "note": decision.note}
        self._entries.append(entry | {name: value for name, value in said.items() if value})


def _require_fit(turn: Turn, decision: Decision) -> None:
    """DataError if a decision is about something else than what the corpus has there."""
    problem = None
    if turn.speaker != "supporter":
        problem = f"turn {decision.turn} of dialogue {decision.dialogue} is the customer's"
    elif decision.text is not None and decision.text.split() != turn.text.split():
        problem = f"turn {decision.turn} of dialogue {decision.dialogue} says something else in the corpus"
    elif decision.given_strategy and decision.given_strategy != turn.strategy:
        problem = f"the corpus has the strategy {turn.strategy}, not {decision.given_strategy}"
    elif decision.given_stage and decision.given_stage != turn.stage:
        problem = f"the corpus has the stage {turn.stage}, not {decision.given_stage}"
    if problem:
        raise DataError(
            problem, where=decision.where, remedy="give the corpus that was audited, and its decisions"
        )


def _unknown(decision: Decision) -> DataError:
    return DataError(
        f"the corpus has no turn {decision.turn} in a dialogue {decision.dialogue}",
        where=decision.where,
        remedy="give the corpus that was audited, and its decisions",
    )


def _is_ours(folder: Path) -> bool:
    return _manifest(folder).get("kind") == _KIND


def _version(source: str | Path | None) -> int:
    """The version of a corpus that was cleaned before; 0 if it was not."""
    if source is None:
        return 0
    path = Path(source)
    manifest = _manifest(path if path.is_dir() else path.parent)
    version = manifest.get("version") if manifest.get("kind") == _KIND else 0
    return version if isinstance(version, int) else 0


def _manifest(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        content = json.loads((folder / MANIFEST).read_bytes())
        if isinstance(content, dict):
            return content
    return {}
