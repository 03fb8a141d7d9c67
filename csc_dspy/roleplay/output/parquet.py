"""The corpus as Parquet, with a column of its own type for everything that is known of a dialogue."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.roleplay._base import ROLES

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP: Final = 512
"""Rows in memory at a time, and together in the file."""
_TEXTS: Final = (
    "id",
    "source",
    "language",
    "topic",
    "industry",
    "scenario",
    "customer_goal",
    "difficulty",
    "ended",
    "taxonomy",
)
_LISTS: Final = ("events", "favoured")
_PROFILE: Final = (
    "id",
    "language",
    "occupation",
    "region",
    "education",
    "temper",
    "speaking_style",
    "emotion",
    "channel",
    "digital_skill",
    "relation",
    "description",
)
_TURN: Final = ("speaker", "strategy", "stage", "text")
_TURN_NAMES: Final = frozenset(_TURN)


def write_parquet(source: Path, target: Path) -> None:
    """Write the rows of the JSON Lines ``source``; a key that no column has goes to ``extra``, as JSON."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema()
    names = frozenset(schema.names)
    with pq.ParquetWriter(target, schema, compression="zstd") as file, source.open("rb") as lines:
        while rows := [_columns(json.loads(line), names) for line in islice(lines, _GROUP)]:
            file.write_table(pa.Table.from_pylist(rows, schema=schema))


def _schema() -> pa.Schema:
    import pyarrow as pa

    from csc_dspy.signatures import ROLE_PLAY_CRITERIA

    text = pa.string()
    return pa.schema(
        [
            *((name, text) for name in _TEXTS),
            *((name, pa.list_(text)) for name in _LISTS),
            ("seed", pa.int64()),
            ("profile", pa.struct([("age", pa.int64()), *((name, text) for name in _PROFILE)])),
            ("models", pa.struct([(role, text) for role in ROLES])),
            ("judgement", pa.struct([(each.id, pa.bool_()) for each in ROLE_PLAY_CRITERIA])),
            ("dialogue", pa.list_(pa.struct([(name, text) for name in (*_TURN, "extra")]))),
            ("extra", text),
        ]
    )


def _columns(row: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    turns = [_with_extra(turn, _TURN_NAMES) for turn in row["dialogue"]]
    return _with_extra({**row, "dialogue": turns}, names)


def _with_extra(fields: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The fields, those without a column as JSON in ``extra``."""
    further = {key: value for key, value in fields.items() if key not in names}
    return fields | {"extra": json.dumps(further, ensure_ascii=False)} if further else fields
