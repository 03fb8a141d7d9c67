"""What people decided about suspects, read from a filled-in review sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from csc_dspy.auditing.cells import read_csv
from csc_dspy.exceptions import DataError, LabelError
from csc_dspy.taxonomy import Stage, Strategy, Taxonomy

Verdict = Literal["keep", "change", "unsure"]

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
COLUMNS: Final = ("dialogue", "turn", "decision")
"""What a table of decisions needs at least."""
_WORDS: Final[Mapping[str, Verdict]] = {
    "keep": "keep",
    "change": "change",
    "unsure": "unsure",
    "保留": "keep",
    "修改": "change",
    "不确定": "unsure",
}

_Member = TypeVar("_Member", Stage, Strategy)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of the labels of one turn. None stands for what is not said."""

    where: str
    """File and line."""
    dialogue: str
    turn: int
    verdict: Verdict
    strategy: Strategy | None = None
    """The new one, where it is to be changed."""
    stage: Stage | None = None
    given_strategy: Strategy | None = None
    """What it was when people looked at it."""
    given_stage: Stage | None = None
    text: str | None = None
    who: str | None = None
    when: str | None = None
    note: str | None = None


class _Row(BaseModel):
    """A decision as files have it; labels in any spelling."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    dialogue: Annotated[str, StringConstraints(min_length=1)]
    turn: int
    decision: str = ""
    new_strategy: str = ""
    new_stage: str = ""
    given_strategy: str = ""
    given_stage: str = ""
    text: str = ""
    who: str = ""
    when: str = ""
    note: str = ""


class _Exported(BaseModel):
    """What the review page saves."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    format: Literal[1]
    audit: str
    who: str
    decisions: list[_Row]


def read_decisions(path: str | Path, taxonomy: Taxonomy) -> Iterator[Decision]:
    """The decisions in a CSV or JSON file; DataError names the line of one that cannot be understood.

    Rows about which nothing has been decided yet are passed over.
    """
    file = Path(path)
    rows = _exported(file) if file.suffix.lower() == ".json" else _table(file)
    for where, row in rows:
        if decision := _decision(where, row, taxonomy):
            yield decision


def _exported(file: Path) -> Iterator[tuple[str, _Row]]:
    try:
        content = _Exported.model_validate_json(file.read_bytes())
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(file)) from error
    except ValidationError as error:
        raise _unusable(error, str(file), "give the file that the review page saved, unchanged") from error
    for number, row in enumerate(content.decisions, 1):
        yield f"{file}: decision {number}", row.model_copy(update={"who": row.who or content.who})


def _table(file: Path) -> Iterator[tuple[str, _Row]]:
    for line, cells in read_csv(file):
        where = f"{file}:{line}"
        missing = [name for name in COLUMNS if name not in cells]
        if missing:
            raise DataError(
                f"has no column {missing[0]!r}", where=where, remedy=f"it needs {', '.join(COLUMNS)}"
            )
        try:
            yield where, _Row.model_validate(cells)
        except ValidationError as error:
            raise _unusable(error, where, "give the review sheet with the decisions filled in") from error


def _unusable(error: ValidationError, where: str, remedy: str) -> DataError:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return DataError(f"{place}: {first['msg']}" if place else first["msg"], where=where, remedy=remedy)


def _decision(where: str, row: _Row, taxonomy: Taxonomy) -> Decision | None:
    word = row.decision.strip().casefold()
    new_strategy = _label(row.new_strategy, taxonomy.strategy, where, "new_strategy")
    new_stage = _label(row.new_stage, taxonomy.stage, where, "new_stage")
    if not word and not new_strategy and not new_stage:
        return None
    verdict = _WORDS.get(word)
    if verdict is None:
        what = (
            f"decision {row.decision.strip()[:40]!r} is unknown" if word else "has a new label, no decision"
        )
        raise DataError(what, where=where, remedy=f"it is {', '.join(VERDICTS[:-1])} or {VERDICTS[-1]}")
    if (verdict == "change") != bool(new_strategy or new_stage):
        lacking = "no new label" if verdict == "change" else f"a new label, and the decision is {verdict}"
        raise DataError(
            f"has {lacking}", where=where, remedy="fill in new_strategy or new_stage where it says change"
        )
    return Decision(
        where=where,
        dialogue=row.dialogue,
        turn=row.turn,
        verdict=verdict,
        strategy=new_strategy,
        stage=new_stage,
        given_strategy=_label(row.given_strategy, taxonomy.strategy, where, "given_strategy"),
        given_stage=_label(row.given_stage, taxonomy.stage, where, "given_stage"),
        text=row.text or None,
        who=row.who.strip() or None,
        when=row.when.strip() or None,
        note=row.note.strip() or None,
    )


def _label(text: str, find: Callable[[str], _Member], where: str, column: str) -> _Member | None:
    if not text.strip():
        return None
    try:
        return find(text)
    except LabelError as error:
        raise DataError(f"{column}: {error.problem}", where=where, remedy=error.remedy) from error
