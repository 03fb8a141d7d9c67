"""Exporting: what was asked for, looked at first and then carried out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from csc_dspy.choosing import Programs
from csc_dspy.data.outputs import keep_apart
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.finetuning._base import Format
from csc_dspy.finetuning.asking import Asker
from csc_dspy.finetuning.balancing import targets
from csc_dspy.finetuning.counting import Tally
from csc_dspy.finetuning.dialogues import Dialogues
from csc_dspy.finetuning.options import Choices
from csc_dspy.finetuning.pairs import OtherStrategies
from csc_dspy.finetuning.result import Exported
from csc_dspy.finetuning.rows import LeftOut, Questions
from csc_dspy.finetuning.selecting import Census
from csc_dspy.finetuning.spooling import Spool
from csc_dspy.finetuning.streaming import Made, Stream, taken
from csc_dspy.finetuning.surveying import Survey
from csc_dspy.finetuning.tasks import WRITING, Mixture, require_asked, tasks_of
from csc_dspy.finetuning.tokens import TokenCounter
from csc_dspy.finetuning.writing import KIND, export_folder, finish, opened, require_place
from csc_dspy.journal import Journal, unfinished

if TYPE_CHECKING:
    from csc_dspy.data.source import Source
    from csc_dspy.programs import Program
    from csc_dspy.taxonomy import Language

_JOURNAL: Final = ".{}.journal"
_SPOOL: Final = ".rows.jsonl"
_AT_ONCE: Final = 64


class Told(Protocol):
    """Hears how many more rows are done, and what else is worth knowing."""

    def __call__(self, n: int = 1, **fields: object) -> None:
        """Take note."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """An export that is ready to be carried out. Nothing has been asked or written yet."""

    programs: Programs
    rejected_by: Programs | None
    form: Format
    choices: Choices
    dialogues: Dialogues
    inputs: tuple[Source, ...]
    """The sources that are read, over which nothing is written."""
    against: tuple[str, ...]
    survey: Survey
    others: OtherStrategies | None
    tokens: TokenCounter
    history_tokens: int | None

    def __post_init__(self) -> None:
        for language in self.survey.languages:
            questions = self.questions(language)
            if self.choices.mixture:
                require_asked(self.choices.mixture, questions.program)
            if not questions.tasks:
                raise ConfigError(
                    f"{questions.program.name} writes no responses to choose between",
                    where="--pairs",
                    remedy="take response-writer or a support agent",
                )
            questions.require_answers(self.choices.source)

    @property
    def asks(self) -> bool:
        """Whether a language model is needed."""
        return self.choices.asks is not None

    @property
    def total(self) -> int:
        """How many rows there are to make."""
        return sum(
            turns * len(self.questions(language).tasks) for language, turns in self.survey.turns.items()
        )

    def questions(self, language: Language) -> Questions:
        """What makes rows of dialogues in a language."""
        if language not in self._questions:
            program = self.programs.in_language(self.programs.language or language)
            tasks = self.choices.mixture.tasks if self.choices.mixture else tuple(tasks_of(program).values())
            wanted = [task for task in tasks if not self.choices.pairs or task in WRITING]
            self._questions[language] = Questions(program, wanted, demonstrations=self.choices.demonstrations)
        return self._questions[language]

    def carry_out(
        self,
        out: Path,
        *,
        concurrency: int = 32,
        identity: Mapping[str, object] | None = None,
        resume: bool = False,
        told: Told = lambda n=1, **_: None,  # noqa: ARG005  called by this name
        kept: Callable[[int], None] = lambda _: None,
    ) -> Exported:
        """Write the export to ``out``, where it appears in whole.

        ``identity`` is that of the language model in force, without which no answers are taken up with
        ``resume``. ``kept`` hears how many answers an interruption leaves behind.
        """
        begun = time.perf_counter()
        for source in self.inputs:
            keep_apart(out, source)
        require_place(out)
        with self._asker(out, identity or {}, resume=resume, kept=kept) as asker:
            stream = self._stream(asker, concurrency)
            with export_folder(out) as folder, self._rows(folder, stream, _Watched(told, asker)) as rows:
                tally = self._written(folder, rows)
                (folder / _SPOOL).unlink(missing_ok=True)
                manifest = finish(folder, self._manifest(tally, identity or {}))
        return Exported(
            out=out, manifest=manifest, failures=asker.failures if asker else 0, seconds=_since(begun)
        )

    @cached_property
    def _questions(self) -> dict[Language, Questions]:
        return {}

    @contextmanager
    def _asker(
        self, out: Path, identity: Mapping[str, object], *, resume: bool, kept: Callable[[int], None]
    ) -> Iterator[Asker | None]:
        if self.choices.asks is None:
            yield None
            return
        run = {**self.programs.identity, **identity, "source": self.choices.source}
        if self.rejected_by:
            run["rejected-by"] = self.rejected_by.identity
        path = out.resolve().with_name(_JOURNAL.format(out.resolve().name))
        with unfinished(path, run, resume=resume, result=out, told=kept) as journal:
            asker = self._asking(journal)
            yield asker
            if not asker.failures:
                journal.remove()

    def _asking(self, journal: Journal) -> Asker:
        if self.rejected_by is None:
            return Asker("answers", lambda case: case.rows.program, journal)
        programs = self.rejected_by
        return Asker("rejected", lambda case: programs.in_language(case.rows.language), journal)

    def _stream(self, asker: Asker | None, concurrency: int) -> Stream:
        return Stream(
            dialogues=self.dialogues,
            survey=self.survey,
            questions=self.questions,
            source=self.choices.source,
            asker=asker,
            pairs=self.choices.pairs is not None,
            others=self.others,
            keep_duplicates=self.choices.keep_duplicates,
            tokens=self.tokens,
            most_tokens=self.choices.most_tokens,
            seed=self.choices.seed,
            concurrency=concurrency,
        )

    @contextmanager
    def _rows(self, folder: Path, stream: Stream, watched: _Watched) -> Iterator[Iterator[Made | LeftOut]]:
        """What is to be written. Where rows are drawn, all have to be counted before."""
        made = watched.through(stream.rows())
        if not self.choices.draws:
            yield made
            return
        spool, census = Spool(folder / _SPOOL), Census()
        for each in spool.fill(made):
            if isinstance(each, Made):
                census.add(each.cell, each.drawn)
        wanted = targets(census.counts, self.choices.balance, self.choices.mixture or Mixture(()))
        yield taken(spool, census.choice(wanted))

    def _written(self, folder: Path, rows: Iterable[Made | LeftOut]) -> Tally:
        tally = Tally()
        with opened(folder, self.form, pairs=self.choices.pairs is not None) as (writer, left_out):
            for each in rows:
                if isinstance(each, LeftOut):
                    left_out.put(each)
                    tally.leave_out(each)
                else:
                    writer.write(each.row, each.part)
                    tally.add(each.row, each.part, each.tokens)
        if not tally.parts["train"]:
            raise self._nothing(tally)
        return tally

    def _nothing(self, tally: Tally) -> DataError:
        shown = tally.left_out["shown in the demonstrations"]
        return DataError(
            f"no row is left to train on: {_listed(tally.left_out)}",
            where=self.dialogues.name,
            remedy="--no-demonstrations makes rows without them" if shown else None,
        )

    def _manifest(self, tally: Tally, identity: Mapping[str, object]) -> dict[str, Any]:
        taxonomy = self.programs.options.taxonomy
        program = self._program
        return {
            "format": 1,
            "kind": KIND,
            "form": self.form.name,
            "pairs": self.choices.pairs is not None,
            "program": program.name,
            "compiled": self.programs.identity["content"],
            "language": sorted(tally.languages),
            "tasks": dict(sorted(tally.tasks.items())),
            "taxonomy": {"id": taxonomy.id, "fingerprint": taxonomy.fingerprint},
            "source": self.dialogues.name,
            "fingerprint": self.survey.fingerprint,
            "options": self._options(identity),
            "rows": {"train": tally.parts["train"], "validation": tally.parts["validation"]},
            "strategies": {each.id: tally.strategies[each.id] for each in taxonomy.strategies},
            "lengths": tally.lengths(self.tokens.counted_by),
            "left_out": self._left_out(tally),
        }

    def _options(self, identity: Mapping[str, object]) -> dict[str, Any]:
        given: dict[str, Any] = {**self.choices.to_dict()}
        tokenizer, rejecting = self.choices.tokenizer, self.rejected_by
        others = {
            "language": self.programs.language,
            "history-tokens": self.history_tokens,
            "tokenizer": tokenizer and self.tokens.counted_by,
            "rejected-by": rejecting and Path(rejecting.name).name,
            "against": list(self.against) or None,
            "lm": identity.get("lm") if self.asks else None,
        }
        return {**given, **{name: value for name, value in others.items() if value is not None}}

    def _left_out(self, tally: Tally) -> dict[str, int]:
        bad = {"bad dialogue": self.dialogues.set_aside} if self.dialogues.set_aside else {}
        return {**dict(sorted(tally.left_out.items())), **bad}

    @property
    def _program(self) -> Program:
        return self.questions(self.survey.languages[0]).program


class _Watched:
    """Tells of rows, many at once, because telling takes about as long as a row does."""

    def __init__(self, told: Told, asker: Asker | None) -> None:
        self._told = told
        self._asker = asker
        # Those that are asked about come slowly, one by one.
        self._at_once = _AT_ONCE if asker is None else 1

    def through(self, rows: Iterable[Made | LeftOut]) -> Iterator[Made | LeftOut]:
        """The rows, and word of them on the way."""
        left_out = untold = 0
        for each in rows:
            left_out += isinstance(each, LeftOut)
            untold += 1
            if untold == self._at_once:
                self._tell(untold, left_out)
                untold = 0
            yield each
        self._tell(untold, left_out)

    def _tell(self, count: int, left_out: int) -> None:
        failures = self._asker.failures if self._asker else 0
        self._told(count, left_out=left_out, **({"failed": failures} if failures else {}))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in counts.items())


def _since(begun: float) -> float:
    return round(time.perf_counter() - begun, 3)
