"""Where an API key may come from, and where it never goes."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.keys import Secret, find_key, readable_by_others

USUAL = ("OPENAI_API_KEY",)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("  from-file\n", encoding="utf-8")
    return path


def test_the_order_of_places(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("from-other-file", encoding="utf-8")
    environ = {
        "CSC_DSPY_API_KEY_FILE": str(file),
        "CSC_DSPY_API_KEY": "from-ours",
        "OPENAI_API_KEY": " from-usual ",
        "ANTHROPIC_API_KEY": "from-stranger",
    }
    found = []
    for name, key_file in [
        ("", other),
        ("", None),
        ("CSC_DSPY_API_KEY_FILE", None),
        ("CSC_DSPY_API_KEY", None),
    ]:
        environ.pop(name, None)
        key = find_key(USUAL, key_file, environ)
        assert key is not None
        found.append((key.reveal(), key.origin))
    assert found == [
        ("from-other-file", str(other)),
        ("from-file", str(file)),
        ("from-ours", "CSC_DSPY_API_KEY"),
        ("from-usual", "OPENAI_API_KEY"),
    ]
    del environ["OPENAI_API_KEY"]
    assert find_key(USUAL, None, environ) is None


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_variable_is_none(blank: str) -> None:
    assert find_key(USUAL, None, {"CSC_DSPY_API_KEY": blank, "OPENAI_API_KEY": blank}) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no API key"),
        (b"\n\n", "holds no API key"),
        (b"OPENAI_API_KEY = sk-planted", "holds more than an API key"),
        (b"sk-planted\nsk-planted-too", "holds more than an API key"),
    ],
)
def test_a_file_without_a_key_alone_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        find_key(USUAL, path, {})
    assert said in str(raised.value)
    assert str(path) in str(raised.value)
    assert "planted" not in str(raised.value)


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="the API key cannot be read"):
        find_key(USUAL, tmp_path / name, {})


def test_a_secret_is_neither_shown_nor_stored() -> None:
    secret = Secret("sk-planted", "OPENAI_API_KEY")
    assert copy.deepcopy(secret) is secret
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert "planted" not in shown
        assert "OPENAI_API_KEY" in shown
    with pytest.raises(TypeError, match="keys are not stored"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret.strike("Incorrect API key: sk-planted!") == "Incorrect API key: ***!"


@pytest.mark.parametrize(("mode", "open_to_others"), [(0o600, False), (0o640, True), (0o604, True)])
def test_who_may_read_a_file(file: Path, mode: int, open_to_others: bool) -> None:
    file.chmod(mode)
    assert readable_by_others(file) is open_to_others
