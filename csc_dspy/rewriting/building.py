"""Conversations out of raw transcripts, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from csc_dspy.data.outputs import keep_apart
from csc_dspy.data.source import Source, parse_source
from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import Journal, unfinished
from csc_dspy.redaction import STANDARD, Redaction
from csc_dspy.rewriting._base import Step
from csc_dspy.rewriting.merging import Merging
from csc_dspy.rewriting.pipeline import Outcome, Pipeline, Told, total_of
from csc_dspy.rewriting.reading import Columns, Separator, Speakers, Transcripts
from csc_dspy.rewriting.redacting import Redacting
from csc_dspy.rewriting.rules import OF_THE_PAPER, Filtering, Rules
from csc_dspy.rewriting.writing import require_place

if TYPE_CHECKING:
    import dspy

    from csc_dspy.choosing import Programs
    from csc_dspy.rewriting.constructing import Construction
    from csc_dspy.taxonomy import Language, Taxonomy

Mode = Literal["rewrite", "annotate", "rules"]
"""How far transcripts go: to rewritten conversations, to labelled ones, or to unlabelled ones."""

_JOURNAL: Final = ".{}.journal"
_SOURCES: Final[dict[Mode, str]] = {
    "rewrite": "transcripts, rewritten",
    "annotate": "transcripts, annotated",
    "rules": "transcripts, unlabelled",
}


@dataclass(frozen=True, kw_only=True)
class Build:
    """What is to be made of which transcripts; nothing has been read or written yet."""

    transcripts: Transcripts
    rules: Rules | None = OF_THE_PAPER
    """None keeps whatever has two speakers."""
    merge: bool = True
    """Whether consecutive turns of a speaker become one."""
    redaction: Redaction | None = STANDARD
    """None leaves personal data where it is."""
    programs: Programs | None = None
    """What labels the turns, if they are only to be labelled."""
    construction: Construction | None = None
    """How they are rewritten, if they are to be."""
    limit: int | None = None

    @property
    def mode(self) -> Mode:
        """How far it goes."""
        if self.construction is not None:
            return "rewrite"
        return "rules" if self.programs is None else "annotate"

    def total(self) -> int | None:
        """How many transcripts there are; None where only reading them would tell."""
        return total_of(self.transcripts, self.limit)

    def carry_out(
        self,
        out: Path,
        *,
        concurrency: int = 8,
        identity: Mapping[str, object] | None = None,
        resume: bool = False,
        keep_map: Path | None = None,
        told: Told = lambda n=1, **_: None,  # noqa: ARG005  called by this name
        kept: Callable[[int], None] = lambda _: None,
    ) -> Outcome:
        """Write the folder ``out``; see `Pipeline.carry_out`.

        Answers are kept in a journal beside it until it is there: after an interruption ``resume`` goes on.
        ``identity`` is that of the language model in force; ``kept`` hears how many answers are left behind.
        """
        for place in filter(None, (out, keep_map)):
            keep_apart(place, self._source())
        require_place(out, keep_map)
        with self._journal(out, identity or {}, resume=resume, kept=kept) as journal:
            outcome = self._pipeline(journal).carry_out(
                out, concurrency=concurrency, keep_map=keep_map, told=told
            )
            if journal is not None and not outcome.failed:
                journal.remove()
        return outcome

    def _source(self) -> Source:
        return parse_source(self.transcripts.source)

    def _pipeline(self, journal: Journal | None) -> Pipeline:
        return Pipeline(
            transcripts=self.transcripts,
            steps=tuple(self._steps(journal)),
            redaction=self.redaction,
            source=_SOURCES[self.mode],
            limit=self.limit,
            ending=self.construction.end if self.construction else lambda _folder: {},
        )

    def _steps(self, journal: Journal | None) -> Iterator[Step]:
        if self.merge:
            yield Merging()
        yield Filtering(self.rules)
        if self.redaction is not None:
            yield Redacting(self.redaction)
        if self.construction is not None:
            yield from self.construction.steps(journal)
        elif self.programs is not None:
            from csc_dspy.rewriting.annotating import Annotating

            yield Annotating(self.programs, journal)

    @contextmanager
    def _journal(
        self, out: Path, identity: Mapping[str, object], *, resume: bool, kept: Callable[[int], None]
    ) -> Iterator[Journal | None]:
        chosen = self.construction or self.programs
        if chosen is None:
            if resume:
                raise ConfigError("there is nothing to resume", remedy="the rules alone are done in one go")
            yield None
            return
        path = out.resolve().with_name(_JOURNAL.format(out.resolve().name))
        run: dict[str, Any] = {**chosen.identity, **identity}
        with unfinished(path, run, resume=resume, result=out, told=kept) as journal:
            yield journal


def rewrite(  # noqa: PLR0913  the options, each by its name
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    mode: Mode = "rewrite",
    columns: Columns | str = "",
    supporters: Iterable[str] = (),
    customers: Iterable[str] = (),
    separator: Separator = "auto",
    rules: Rules | None = OF_THE_PAPER,
    merge: bool = True,
    redaction: Redaction | None = STANDARD,
    keep_map: str | os.PathLike[str] | None = None,
    program: str = "strategy-classifier",
    taxonomy: Taxonomy | None = None,
    language: Language | None = None,
    lm: str | dspy.LM = "embedded",
    construction: Construction | None = None,
    resume: bool = False,
    concurrency: int = 8,
) -> Outcome:
    """Make conversations of raw transcripts.

    ``mode`` ``"rewrite"`` has ``lm`` rewrite them to one strategy a turn, which takes a language model that
    can write; a ``construction`` says how. ``"annotate"`` has it label them by ``program``, and ``"rules"``
    leaves them unlabelled; the words then stay what they are, but for placeholders.

    The folder ``out`` gets the conversations, what was dropped and why, and a report. See `read_transcripts`
    for the arguments about reading, `Rules` and `Redaction` for theirs.
    """
    chosen = Columns.parse(columns) if isinstance(columns, str) else columns
    transcripts = Transcripts(os.fspath(source), chosen, Speakers(supporters, customers), separator, language)
    spec = lm if isinstance(lm, str) else str(lm.model)
    build = Build(
        transcripts=transcripts,
        rules=rules,
        merge=merge,
        redaction=redaction,
        programs=_programs(program, taxonomy, language, spec) if mode == "annotate" else None,
        construction=_constructed(construction, taxonomy, language, spec) if mode == "rewrite" else None,
    )
    with nullcontext() if mode == "rules" else _in_force(lm):
        return build.carry_out(
            Path(out),
            concurrency=concurrency,
            identity={"lm": spec},
            resume=resume,
            keep_map=Path(keep_map) if keep_map else None,
        )


def _programs(program: str, taxonomy: Taxonomy | None, language: Language | None, lm: str) -> Programs:
    from csc_dspy.choosing import Programs

    return Programs(program, taxonomy=taxonomy, language=language, lm=lm)


def _constructed(
    given: Construction | None, taxonomy: Taxonomy | None, language: Language | None, lm: str
) -> Construction:
    """The construction for a language model; what is said beside it holds."""
    from csc_dspy.rewriting.constructing import Construction

    chosen = given or Construction()
    return replace(chosen, lm=lm, taxonomy=taxonomy or chosen.taxonomy, language=language or chosen.language)


def _in_force(lm: str | dspy.LM) -> AbstractContextManager[object]:
    from csc_dspy.lm import using

    return using(lm)
