"""Tables, bars and JSON on stdout."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.cli.output import bar, emit_json

Trial = Callable[..., "subprocess.CompletedProcess[str]"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_json_is_readable_and_in_the_order_given(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({"b": "问候", "a": [1, None]})
    assert capsys.readouterr().out == '{\n  "b": "问候",\n  "a": [\n    1,\n    null\n  ]\n}\n'
    emit_json({"b": 1, "a": 2}, sort_keys=True)
    assert capsys.readouterr().out.index('"a"') < 5


@given(json_values.filter(lambda value: "\\u" not in json.dumps(value, ensure_ascii=False)))
def test_json_can_be_read_back(value: object) -> None:
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        emit_json(value)
    assert json.loads(written.getvalue()) == value


def test_json_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        emit_json({"score": float("nan")})


def test_json_alone_is_on_stdout(trial: Trial) -> None:
    shown = trial("-vv", "data", "count", "x", "--json", "--weights", "1")
    assert json.loads(shown.stdout) == {"source": "x", "seed": 0, "language": None, "weights": [1.0]}


def test_a_table_in_a_pipe_is_plain_and_whole(trial: Trial) -> None:
    shown = trial("data", "count", "x").stdout
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert lines[0] == "Strategies"
    assert lines[2].split() == ["strategy", "turns"]
    assert "长" * 90 in shown
    assert "�[31m" in shown
    assert [line for line in lines if line != line.rstrip()] == []
    # Numbers end in one column, whatever stands before them.
    assert "问候 [GT]" in lines[4]
    assert lines[4].split()[2:] == ["3", "██████"]
    assert lines[5].split() == ["Others"]


def test_a_width_that_is_set_holds_in_a_pipe_too(trial: Trial) -> None:
    from rich.cells import cell_len

    shown = trial("data", "count", "x", env={"COLUMNS": "50"}).stdout
    assert max(cell_len(line) for line in shown.splitlines()) <= 50
    assert shown.count("长") == 90


def test_styles_are_for_terminals_that_want_them(in_terminal: Trial) -> None:
    assert "\x1b[1m" in in_terminal("data", "count", "x").stdout
    plain = in_terminal("data", "count", "x", env={"NO_COLOR": "1"}).stdout
    assert "问候" in plain
    assert "\x1b" not in plain


@pytest.mark.parametrize(
    ("value", "maximum", "drawn"),
    [
        (0, 10, ""),
        (10, 10, "████"),
        (5, 10, "██"),
        (20, 10, "████"),
        (-1, 10, ""),
        (1, 0, ""),
        (1, 32, "▏"),
        (3, 16, "▊"),
    ],
)
def test_bars(value: float, maximum: float, drawn: str) -> None:
    assert bar(value, maximum, 4) == drawn


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(1, 1e9))
def test_more_is_never_drawn_shorter(one: float, other: float, maximum: float) -> None:
    small, large = sorted((one, other))
    assert len(bar(small, maximum)) <= len(bar(large, maximum)) <= 20
