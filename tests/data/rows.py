"""Rows for the tests of this folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

SUPPORTER = {"speaker": "客服", "strategy": "策略1 礼貌问候", "text": "您好，很高兴为您服务。"}
CUSTOMER = {"speaker": "客户", "strategy": "", "text": "我的卡被吞了！"}


def row(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a test puts into a row
    """A good row, with fields of its own."""
    return {"dialogue": [SUPPORTER, CUSTOMER]} | fields


def line(value: object) -> str:
    """A value as a line of JSON Lines."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def write_lines(path: Path, *values: object) -> Path:
    """A file of JSON Lines; text is written as it is, everything else as JSON."""
    lines = (value + "\n" if isinstance(value, str) else line(value) for value in values)
    path.write_text("".join(lines), encoding="utf-8")
    return path


# Everything that UTF-8 and JSON can have.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
