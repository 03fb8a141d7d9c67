"""Customers made ready for role plays: gathered, described by a language model if wanted, and written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from csc_dspy.data.outputs import keep_apart
from csc_dspy.data.source import parse_source
from csc_dspy.exceptions import ConfigError, DataError, OutputError
from csc_dspy.files import atomic_writer
from csc_dspy.journal import unfinished
from csc_dspy.roleplay._base import Profile
from csc_dspy.roleplay.profiles.coverage import Coverage, coverage
from csc_dspy.roleplay.profiles.generating import endless
from csc_dspy.roleplay.profiles.reading import read_profiles
from csc_dspy.roleplay.profiles.seeds import seeds
from csc_dspy.taxonomy import LANGUAGES, Language


class Told(Protocol):
    """Hears how many more profiles are done, and how many descriptions were refused or failed so far."""

    def __call__(self, n: int = 1, **fields: object) -> None:
        """Take note."""


def _nothing(n: int = 1, **fields: object) -> None:
    """Hear it and do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What came of it."""

    coverage: Coverage
    quarantined: int = 0
    """How many rows of a file were bad and are set aside."""
    elaborated: int = 0
    refused: int = 0
    """How many kept their descriptions because those of the language model lacked a fact."""
    failed: int = 0
    """How many kept them because a call failed for good; to be asked for again."""

    @property
    def counts(self) -> dict[str, int]:
        """All numbers by name."""
        return {
            "profiles": self.coverage.profiles,
            "elaborated": self.elaborated,
            "refused": self.refused,
            "failed": self.failed,
            "quarantined": self.quarantined,
        }


@dataclass(frozen=True, slots=True)
class Customers:
    """Profiles, to be gone through once, and how many they are."""

    count: int
    profiles: Iterable[Profile]
    quarantined: int = 0

    def write(self, out: Path | None = None, *, told: Told = _nothing) -> Prepared:
        """Write them as JSON Lines to a file, which appears in whole; without one only look at them."""
        return Prepared(coverage=_written(self.profiles, out, told), quarantined=self.quarantined)

    def elaborate(
        self,
        out: Path,
        *,
        identity: Mapping[str, Any],
        concurrency: int = 32,
        resume: bool = False,
        told: Told = _nothing,
        kept: Callable[[int], None] = lambda _: None,
    ) -> Prepared:
        """`write`, with descriptions by the language model in force, of which ``identity`` tells.

        Until the file is there every answer is in a journal beside it, and ``resume`` goes on from there.
        Calls that failed leave the journal there too, and ``resume`` asks for those alone. ``kept`` hears how
        many answers an interruption leaves behind.
        """
        from csc_dspy.roleplay.profiles.elaborating import Elaboration

        _require_file(out)
        path = out.resolve().with_name(f".{out.name}.journal")
        with unfinished(path, identity, resume=resume, result=out, told=kept) as journal:
            elaboration = Elaboration(journal)

            def tell(n: int = 1, **_: object) -> None:
                told(n, refused=elaboration.refused, failed=elaboration.failed)

            with closing(elaboration.elaborate_all(self.profiles, concurrency)) as profiles:
                found = _written(profiles, out, tell)
            if not elaboration.failed:
                journal.remove()
        return Prepared(
            coverage=found,
            quarantined=self.quarantined,
            elaborated=elaboration.written,
            refused=elaboration.refused,
            failed=elaboration.failed,
        )


def customers(
    source: str,
    *,
    language: Language | None = None,
    seed: int = 0,
    out: Path | None = None,
    quarantine: str | os.PathLike[str] | None = None,
) -> Customers:
    """The customers of a source.

    Args:
        source: How many to generate, ``seeds``, or a file.
        language: Of generated ones and seeds, else they are in both; in a file of rows that name none.
        seed: Of generated ones.
        out: Where they are to be written: neither over the file nor over the quarantine.
        quarantine: A file for bad rows. Without it the first one is an error.
    """
    spoken = (language,) if language else LANGUAGES
    if source == "seeds":
        written = [profile for each in spoken for profile in seeds(each)]
        return Customers(len(written), written)
    if source.isdecimal():
        return _generated(int(source), spoken, seed)
    path = Path(source)
    if not path.exists():
        remedy = "give how many to generate, seeds, or a file of your own"
        raise DataError("is neither a file nor a number", where=source, remedy=remedy)
    if out is not None:
        keep_apart(out, parse_source(path), quarantine)
    aside: list[int] = []
    read = read_profiles(path, language=language, quarantine=quarantine, set_aside=aside.append)
    return Customers(len(read), read, sum(aside))


def require_writer(lm: str) -> None:
    """ConfigError if a language model cannot write descriptions."""
    from csc_dspy.lm.specs import EMBEDDED

    if lm.partition("/")[0] == EMBEDDED:
        raise ConfigError(
            "descriptions need a real language model; the embedded engine cannot write",
            where=f"--lm {lm}",
            remedy="name one with --lm, or leave out --elaborate",
        )


def _generated(count: int, languages: Iterable[Language], seed: int) -> Customers:
    """Generated customers; the languages take turns."""
    if not count:
        raise ConfigError("there are no customers to generate", where="0", remedy="ask for 1 or more")
    turns = zip(*(endless(each, seed=seed) for each in languages), strict=False)
    return Customers(count, islice(chain.from_iterable(turns), count))


def _written(profiles: Iterable[Profile], out: Path | None, told: Told) -> Coverage:
    with nullcontext() if out is None else atomic_writer(out) as stream:
        return coverage(_passing(profiles, stream, told))


def _passing(profiles: Iterable[Profile], stream: BinaryIO | None, told: Told) -> Iterator[Profile]:
    """The profiles, each written to the stream on its way."""
    for profile in profiles:
        if stream is not None:
            line = json.dumps(profile.to_dict(), ensure_ascii=False) + "\n"
            stream.write(line.encode("utf-8", "backslashreplace"))
        yield profile
        told()


def _require_file(out: Path) -> None:
    if out.exists() and not out.is_file():
        raise OutputError(
            "is no regular file",
            where=str(out),
            remedy="name one: what a language model has answered is kept in a journal beside it",
        )
