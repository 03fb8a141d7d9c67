"""``csc-dspy doctor`` finds what is wrong, says how to mend it, and is content when nothing is."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csc_dspy.cli import diagnosis
from tests.conftest import CSC
from tests.support.behaviours import fails
from tests.support.openai_server import LLMServer, running

KEY = "Planted-0123456789"


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with running(LLMServer(key=KEY, models=frozenset({"small"}))) as made:
        yield made


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_API_BASE", "_BASE_URL"))]:
        monkeypatch.delenv(name)
    return {"CSC_DSPY_HOME": str(tmp_path / "home"), "OPENAI_API_KEY": KEY}


def findings(csc: CSC, code: int, *args: str, env: dict[str, str]) -> dict[str, list[str]]:
    """What was found, as ``state: told (remedy)`` by what it is about."""
    ran = csc("doctor", "--json", *args, env=env)
    assert (ran.returncode, ran.stderr) == (code, "")
    assert KEY not in ran.stdout
    answer: dict[str, Any] = json.loads(ran.stdout)
    assert answer["fine"] is (code == 0)
    found: dict[str, list[str]] = {}
    for each in answer["findings"]:
        remedy = f" ({each['remedy']})" if each["remedy"] else ""
        found.setdefault(each["about"], []).append(f"{each['state']}: {each['told']}{remedy}")
    return found


def test_a_healthy_installation(csc: CSC, server: LLMServer, environ: dict[str, str]) -> None:
    ran = csc("doctor", "--lm", "openai/small", "--api-base", server.url, env=environ)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert [line[0] for line in lines[:-1]] == ["✓"] * 9
    assert f"✓ language model: openai/small, at {server.url}" in lines
    assert f"✓ address: 127.0.0.1:{server.port} can be reached" in lines
    assert "✓ API key: from OPENAI_API_KEY, accepted" in lines
    assert lines[-1] == "9 fine, 0 warnings, 0 failed"
    assert KEY not in ran.stdout
    assert len(server.requests) == 1
    assert not Path(environ["CSC_DSPY_HOME"]).exists()


@pytest.mark.parametrize(
    ("args", "about", "told"),
    [
        (["--lm", "openai/large"], "model", "The model `large` does not exist"),
        (["--lm", "openai/small", "--max-usd", "1"], "language model", "its price is not known"),
        (["--lm", "openai/small", "--max-calls", "0"], "language model", "the limit of 0 calls is reached"),
        (
            ["--lm", "openai/small", "--api-key-file", "absent"],
            "language model",
            "the API key cannot be read",
        ),
        (
            ["--lm", "openai/small", "--api-base", "http://127.0.0.1:9"],
            "address",
            "127.0.0.1:9 cannot be reached: Connection refused (start the server",
        ),
        (
            ["--lm", "openai/small", "--api-base", "nowhere"],
            "language model",
            "has to begin with http:// or https://",
        ),
    ],
)
def test_what_fails(
    csc: CSC, server: LLMServer, environ: dict[str, str], args: list[str], about: str, told: str
) -> None:
    found = findings(csc, 1, "--api-base", server.url, *args, env=environ)
    assert told in found[about][-1]
    assert found[about][-1].startswith("failed: ")


def test_a_wrong_key_and_none(csc: CSC, server: LLMServer, environ: dict[str, str]) -> None:
    args = ("--lm", "openai/small", "--api-base", server.url)
    (wrong,) = findings(csc, 1, *args, env={**environ, "OPENAI_API_KEY": "another"})["API key"]
    assert "Incorrect API key provided" in wrong
    assert "(the key is from OPENAI_API_KEY)" in wrong
    (none,) = findings(csc, 1, *args, env={**environ, "OPENAI_API_KEY": ""})["API key"]
    assert "Incorrect API key provided" in none
    (unknown,) = findings(csc, 1, "--lm", "openaj/small", env=environ)["language model"]
    assert unknown == "failed: 'openaj' is no provider that DSPy knows (did you mean openai/small?)"
    (missing,) = findings(csc, 1, "--lm", "anthropic/claude", env=environ)["language model"][1:]
    assert missing.startswith("failed: needs an API key (set ANTHROPIC_API_KEY or CSC_DSPY_API_KEY")


def test_a_server_that_does_not_answer(csc: CSC, server: LLMServer, environ: dict[str, str]) -> None:
    server.usually(fails(400, "not today"))
    (told,) = findings(csc, 1, "--lm", "openai/small", "--api-base", server.url, env=environ)["answer"]
    assert "not today" in told


def test_traps_in_the_environment(
    csc: CSC, server: LLMServer, environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(KEY, encoding="utf-8")
    file.chmod(0o644)
    traps = {
        "OPENAI_BASE_URL": server.url,
        "HTTP_PROXY": f"http://user:{KEY}@127.0.0.1:{server.port}",
        "http_proxy": f"http://user:{KEY}@127.0.0.1:{server.port}",
        "NO_PROXY": "",
        "no_proxy": "",
        "CSC_DSPY_API_KEY_FILE": str(file),
    }
    found = findings(csc, 0, "--lm", "openai/small", env={**environ, **traps})
    address, proxy = found["environment"]
    assert address.startswith(f"warning: OPENAI_BASE_URL sends calls to {server.url} (unset OPENAI_BASE_URL")
    assert proxy.startswith(
        f"warning: calls go through the proxy 127.0.0.1:{server.port} (name the server in NO_PROXY"
    )
    assert found["key file"] == [f"warning: other users may read {file} (chmod 600 {file})"]
    assert "address" not in found


def test_calls_that_are_not_encrypted(csc: CSC, environ: dict[str, str]) -> None:
    args = ("--lm", "openai/small", "--api-base", "http://vllm.invalid/v1")
    found = findings(csc, 1, *args, env={**environ, "NO_PROXY": "*", "no_proxy": "*"})
    assert found["address"] == [
        "warning: calls are not encrypted (use https:// if the server has it)",
        "failed: the name vllm.invalid is not known (check --api-base and the network)",
    ]


def test_a_settings_file_that_is_right_and_one_that_is_not(
    csc: CSC, server: LLMServer, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "csc-dspy.toml").write_text(
        f'lm = "openai/small"\napi-base = "{server.url}"\n', encoding="utf-8"
    )
    assert findings(csc, 0, env=environ)["settings"] == ["fine: csc-dspy.toml is right"]
    (tmp_path / "csc-dspy.toml").write_text("lmm = 1\n", encoding="utf-8")
    ran = csc("doctor", env=environ)
    assert (ran.returncode, ran.stderr) == (2, "error: csc-dspy.toml:1: unknown key lmm (did you mean lm?)\n")


def told(about: str) -> list[tuple[str, str, str | None]]:
    found = [*diagnosis.folders(), *diagnosis.installation()]
    return [(each.state, each.told, each.remedy) for each in found if each.about == about]


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("CSC_DSPY_HOME", str(home))
    ((state, said, _),) = told("cache folder")
    assert (state, said.startswith(f"{home / 'cache'}, which will be made, ")) == ("fine", True)
    (home / "cache").mkdir(parents=True)
    (home / "cache").chmod(0o755)
    assert told("cache folder") == [
        ("warning", f"other users may look into {home / 'cache'}", f"chmod 700 {home / 'cache'}")
    ]
    (home / "cache").chmod(stat.S_IRWXU)
    ((state, said, _),) = told("cache folder")
    assert (state, "GB free" in said) == ("fine", True)
    (home / "cache").rmdir()
    (home / "cache").write_text("a file", encoding="utf-8")
    assert told("cache folder")[0][:2] == ("failed", f"{home / 'cache'} is not a folder")
    assert told("home folder")[0][0] == "fine"


def test_a_full_disk_and_one_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSC_DSPY_HOME", str(tmp_path))
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage)
    assert told("home folder")[0][0] == "warning"
    monkeypatch.setattr("os.access", lambda *_: False)
    assert told("home folder")[0][:2] == ("failed", f"{tmp_path} cannot be written to")


class _Usage:
    free = 2**20


def test_packages_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [
        "dspy<3",
        "no-such-package>=1",
        "click>=8",
        'tomli>=2; python_version < "3"',
        "ruff; extra == 'dev'",
    ]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: wanted)
    installed = [(each.about, each.state, each.remedy) for each in diagnosis.installation()]
    assert installed[1:] == [
        ("package dspy", "failed", "pip install 'dspy<3'"),
        ("package no-such-package", "failed", "pip install 'no-such-package>=1'"),
    ]
    monkeypatch.setattr("platform.python_version", lambda: "3.8.1")
    ((state, said, remedy),) = told("Python")
    assert (state, said) == ("failed", "3.8.1")
    assert remedy is not None
    assert remedy.startswith("use Python >=3.10")
