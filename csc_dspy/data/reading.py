"""Reading conversations from any source."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from csc_dspy.conversations import Conversation
from csc_dspy.data.checking import Checker
from csc_dspy.data.located import Located, locate
from csc_dspy.data.outputs import keep_apart
from csc_dspy.data.problems import Problem
from csc_dspy.data.quarantine import Quarantine, quarantine
from csc_dspy.data.readers import RawRow
from csc_dspy.data.source import Source, parse_source
from csc_dspy.data.use import Use, check_rows, check_source
from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.taxonomy import LANGUAGES, Language, Taxonomy, load_taxonomy

_USES: Final = get_args(Use)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of conversations; see `read`."""

    taxonomy: Taxonomy
    language: Language | None
    use: Use | None
    require_labels: bool


class Corpus:
    """The conversations of a source, as `read` gives them. Each iteration reads them anew, one at a time.

    ``len()`` reads them once and remembers. As ``list(corpus)`` asks for the length first it reads twice;
    ``[*iter(corpus)]`` does not.
    """

    def __init__(self, source: Source, located: Located, rules: Rules, aside: Path | None) -> None:
        self.quarantined = 0
        self._source = source
        self._once = source.once
        self._located = located
        self._rules = rules
        self._aside = aside
        self._length: int | None = None
        self._begun = False

    @property
    def source(self) -> str:
        """Where the conversations come from, as it was given."""
        return str(self._source)

    @property
    def taxonomy(self) -> Taxonomy:
        """What their labels belong to."""
        return self._rules.taxonomy

    def __repr__(self) -> str:
        return f"Corpus({self.source!r})"

    def __len__(self) -> int:
        if self._length is None:
            if self._once:
                raise TypeError(f"{self.source} can be read only once, so its length is not known before")
            for _ in self:
                pass
        assert self._length is not None
        return self._length

    def __iter__(self) -> Iterator[Conversation]:
        checker, length, self.quarantined = self._checker(), 0, 0
        with quarantine(self._aside) as aside:
            for row in self._rows():
                checked = checker.check(row)
                if isinstance(checked, list):
                    self._set_aside(aside, row, checked)
                elif self._is_wanted(checked):
                    length += 1
                    try:
                        yield checked
                    except GeneratorExit:
                        if self._length is None:
                            # Whoever stops early is to find what has been set aside so far.
                            return
                        raise
        self._length = length

    def _checker(self) -> Checker:
        return Checker(self._rules.taxonomy, require_labels=self._rules.require_labels)

    def _rows(self) -> Iterator[RawRow]:
        if self._once and self._begun:
            raise DataError("can be read only once", where=self.source, remedy="save it to a file first")
        self._begun = True
        rows = self._located.rows()
        return rows if self._rules.use is None else check_rows(rows, self._rules.use)

    def _is_wanted(self, conversation: Conversation) -> bool:
        language = self._rules.language
        # Detecting a language takes longer than reading.
        return language is None or language == conversation.spoken_language

    def _set_aside(self, aside: Quarantine | None, row: RawRow, problems: list[Problem]) -> None:
        if aside is None:
            raise problems[0].as_error(
                f"`csc-dspy data check {self.source}` lists all, --quarantine FILE sets bad rows aside"
            )
        aside.put(row, problems)
        self.quarantined = aside.count


def read(
    source: str | os.PathLike[str],
    *,
    part: str | None = None,
    split: str | None = None,
    language: Language | None = None,
    taxonomy: Taxonomy | str | os.PathLike[str] | None = None,
    use: Use | None = None,
    quarantine: str | os.PathLike[str] | None = None,
    require_labels: bool = False,
) -> Corpus:
    """The conversations of a source, lazily.

    Args:
        source: A packaged sample, a file, a folder, ``hub:OWNER/NAME[@REVISION]``, ``hub:FOLDER``, or ``-``
            for standard input; each may be followed by ``:PART``.
        part: The same as ``:PART``: the name of a file in a folder or on the hub, the beginning of ``source``
            in a file, ``dev`` or ``test`` of the sample ``csconv-sample``.
        split: Another word for ``part``.
        language: Only conversations in this language.
        taxonomy: What labels belong to, COPC if not given; a name, a TOML file or a `Taxonomy`.
        use: What the conversations are for. ``"train"`` refuses CSConv, ``"evaluate"`` refuses RoleCS.
        quarantine: A file for rows that are bad. Without it the first one is an error.
        require_labels: Whether a supporter's turn without a strategy makes a row bad.

    Raises:
        DataError: There is no such source or part. Bad rows and broken files come to light in the iteration.
        LeakError: ``use`` must not see it.
    """
    _expect_one_of("language", language, LANGUAGES)
    _expect_one_of("use", use, _USES)
    if part and split and part != split:
        raise ConfigError(f"part={part!r} and split={split!r} mean the same", remedy="give one of them")
    parsed = parse_source(source, part or split)
    rules = Rules(as_taxonomy(taxonomy), language, use, require_labels)
    aside = Path(quarantine) if quarantine else None
    if aside is not None:
        keep_apart(aside, parsed)
    located = locate(parsed)
    if use is not None:
        check_source(parsed, (file.path for file in located.files), use)
    return Corpus(parsed, located, rules, aside)


def as_taxonomy(given: Taxonomy | str | os.PathLike[str] | None) -> Taxonomy:
    """The taxonomy that is meant; COPC if none is given."""
    if isinstance(given, Taxonomy):
        return given
    return load_taxonomy(given if isinstance(given, str) else Path(given)) if given else load_taxonomy()


def _expect_one_of(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise ConfigError(f"{name}={value!r} is unknown", remedy=f"it is {' or '.join(map(repr, known))}")
