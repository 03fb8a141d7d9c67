"""Transcripts through all steps, many at a time, and what comes of them into a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

from csc_dspy.concurrency import in_order
from csc_dspy.conversations import Conversation
from csc_dspy.data.problems import Problem
from csc_dspy.data.readers import RawRow
from csc_dspy.data.source import STDIN
from csc_dspy.redaction import Redaction, blotted, masked, redact
from csc_dspy.rewriting._base import Dropped, Step, Transcript
from csc_dspy.rewriting.funnel import Funnel
from csc_dspy.rewriting.keeping import KeptMap, kept_map
from csc_dspy.rewriting.reading import Transcripts
from csc_dspy.rewriting.writing import Folder, require_place, result_folder, write_funnel

_SHOWN: Final = 30
_LONGEST_RAW: Final = 2_000


class Told(Protocol):
    """Hears how many more transcripts are done, and what else is worth knowing."""

    def __call__(self, n: int = 1, **fields: object) -> None:
        """Take note."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    out: Path
    funnel: Mapping[str, Any]
    seconds: float

    @property
    def kept(self) -> int:
        """How many conversations were written."""
        return int(self.funnel["kept"])

    @property
    def failed(self) -> int:
        """How many a language model failed on; to be asked for again."""
        return int(self.funnel["dropped"].get("failed", 0))

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        told = {key: self.funnel[key] for key in ("in", "dropped", "kept", "lines", "redacted")}
        parts = {"parts": self.funnel["parts"]} if "parts" in self.funnel else {}
        return {**told, **parts, "out": str(self.out), "seconds": round(self.seconds, 2)}


@dataclass(frozen=True, slots=True)
class Pair:
    """A conversation as it came in, what is personal blotted out, and as it was kept."""

    before: Conversation
    after: Conversation


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Steps through which the transcripts of a source go, one after the other."""

    transcripts: Transcripts
    steps: tuple[Step, ...]
    redaction: Redaction | None
    """How what is dropped or shown is redacted; the step is among the others. None leaves all as it is."""
    source: str
    """What the conversations have as their ``source``."""
    limit: int | None = None
    ending: Callable[[Path], Mapping[str, Any]] = lambda _folder: {}
    """Adds files to the folder when all rows are in it, and says what else the funnel tells."""

    def carry_out(
        self,
        out: Path,
        *,
        concurrency: int = 8,
        keep_map: Path | None = None,
        told: Told = lambda n=1, **_: None,  # noqa: ARG005  called by this name
    ) -> Outcome:
        """Write the folder ``out``, which appears in whole, and with ``keep_map`` the map beside it."""
        from csc_dspy.rewriting.card import write_card
        from csc_dspy.rewriting.report import write_report

        begun = time.perf_counter()
        require_place(out, keep_map)
        with kept_map(keep_map) as kept, result_folder(out) as folder:
            run = _Run(self, folder, kept)
            for result in self._results(run, concurrency):
                run.settle(*result)
                told(kept=run.funnel.kept)
            folder.close()
            funnel = {**run.funnel.to_dict(), "quarantined": folder.aside.count, **self._about(run)}
            funnel |= self.ending(folder.path)
            write_funnel(folder.path, funnel)
            write_card(folder.path, funnel)
            write_report(folder.path, funnel, run.pairs)
        return Outcome(out, funnel, time.perf_counter() - begun)

    def _results(self, run: _Run, concurrency: int) -> Iterator[tuple[Transcript, Transcript | Dropped]]:
        transcripts = islice(self.transcripts.read(run.put_aside), self.limit)
        with closing(in_order(transcripts, self._through, concurrency)) as results:
            yield from results

    async def _through(self, transcript: Transcript) -> tuple[Transcript, Transcript | Dropped]:
        """A transcript, and what the steps make of it."""
        current = transcript
        for step in self.steps:
            taken = await step.take(current)
            if isinstance(taken, Dropped):
                return transcript, taken
            current = taken
        return transcript, current

    def _about(self, run: _Run) -> dict[str, Any]:
        identity: dict[str, Any] = {}
        for step in self.steps:
            identity |= step.identity
        return {
            "source": run.name_of_source,
            "redacted_all": self.redaction is not None,
            "options": identity,
        }


class _Run:
    """Settles what becomes of each transcript, in order."""

    def __init__(self, pipeline: Pipeline, folder: Folder, kept: KeptMap | None) -> None:
        self.funnel = Funnel([step.name for step in pipeline.steps])
        self.pairs: list[Pair] = []
        self._pipeline = pipeline
        self._redaction = pipeline.redaction
        self._folder = folder
        self._map = kept
        self._ids: dict[str, int] = {}

    @property
    def name_of_source(self) -> str:
        """What the source is called, without the folders on the way to it."""
        source = self._pipeline.transcripts.source
        return "standard input" if source == STDIN else self._masked(Path(source).resolve().name)

    def settle(self, before: Transcript, result: Transcript | Dropped) -> None:
        """Write a transcript where it belongs, and count it."""
        self.funnel.enter(before)
        own = before.conversation.id
        if isinstance(result, Dropped):
            dropped = replace(result, transcript=self._presentable(self._redacted(result.transcript)))
            self.funnel.drop(dropped)
            self._folder.drop(dropped)
            self._remember(own, dropped.transcript)
            return
        kept = self._presentable(result)
        self.funnel.keep(kept)
        self._folder.kept.write(kept.conversation.row())
        self._remember(own, kept)
        if len(self.pairs) < _SHOWN:
            self.pairs.append(Pair(self._blotted(before.conversation, kept), kept.conversation))

    def put_aside(self, row: RawRow, problem: Problem) -> None:
        """Set a line aside, without what is personal in it."""
        text = row.text if row.text is None else self._masked(row.text[:_LONGEST_RAW])
        self._folder.aside.put(RawRow(self._name(row.file), row.line, None, text, (problem,)), (problem,))

    def _presentable(self, transcript: Transcript) -> Transcript:
        """The same with an id of its own, its language, and where it came from."""
        conversation = transcript.conversation
        file, _, line = transcript.origin.rpartition(":")
        origin = f"{self._name(file)}:{line}"
        known = {
            "id": self._own_id(conversation.id or "transcript"),
            "language": conversation.spoken_language,
            "source": self._pipeline.source,
            "topic": conversation.topic and self._masked(conversation.topic),
            "origin": origin,
        }
        return replace(transcript, conversation=conversation.model_copy(update=known), origin=origin)

    def _own_id(self, id_: str) -> str:
        """An id that nobody has; in place of one that is personal, as a telephone number is, a count."""
        if self._masked(id_) != id_:
            id_ = f"transcript-{self.funnel.came_in}"
        count = self._ids[id_] = self._ids.get(id_, 0) + 1
        if count == 1:
            return id_
        return self._own_id(f"{id_}-{count}")

    def _name(self, file: str) -> str:
        """A file as it is called within the source."""
        source = self._pipeline.transcripts.source
        name = os.path.relpath(file, source) if Path(source).is_dir() else Path(file).name
        return self._masked(name)

    def _redacted(self, transcript: Transcript) -> Transcript:
        if self._redaction is None or transcript.replaced:
            return transcript
        done = redact(transcript.conversation, self._redaction)
        return replace(transcript, conversation=done.conversation, replaced=done.replaced)

    def _blotted(self, before: Conversation, kept: Transcript) -> Conversation:
        """What came in, to be shown; also without what was found only when its turns were merged."""
        if self._redaction is None:
            return before
        found = {part for each in kept.replaced for part in (each.text, *each.text.split())}
        return blotted(before, self._redaction, known=(part for part in found if len(part) > 1))

    def _masked(self, text: str) -> str:
        return text if self._redaction is None else masked(text, self._redaction)

    def _remember(self, own_id: str | None, transcript: Transcript) -> None:
        if self._map is not None:
            self._map.put(transcript.conversation.id or "", own_id, transcript.replaced)


def total_of(transcripts: Transcripts, limit: int | None = None) -> int | None:
    """How many there are, if that can be found out without using them up; for those who wait."""
    if transcripts.once:
        return None
    return sum(1 for _ in islice(transcripts.read(lambda _row, _problem: None), limit))
