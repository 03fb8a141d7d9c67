"""``csc-dspy completion``: the script of each shell, and that bash completes with it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from csc_dspy.cli.main import app

CSC = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def bash(csc: CSC, tmp_path: Path) -> Callable[..., list[str]]:
    """What bash offers for the last of some words."""
    program = tmp_path / "bin" / "csc-dspy"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m csc_dspy "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = tmp_path / "completion.bash"
    script.write_text(csc("completion", "bash").stdout, encoding="utf-8")

    def complete(*words: str, **env: str) -> list[str]:
        line = (
            f"source {script}\n"
            f"COMP_WORDS=({shlex.join(['csc-dspy', *words])}); COMP_CWORD={len(words)}\n"
            '$(complete -p csc-dspy | sed "s/.*-F \\([^ ]*\\) .*/\\1/") csc-dspy\n'
            'printf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        shown = subprocess.run(
            ["bash", "--norc", "-c", line],
            env={**os.environ, **env, "PATH": f"{program.parent}:{os.environ['PATH']}"},
            check=True,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert shown.stderr == ""
        return shown.stdout.split()

    return complete


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("",), list(app.table)),
        (("dat",), ["data"]),
        (("data", "c"), ["check", "convert"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("completion", "--log"), ["--log-file", "--log-content"]),
        (("--conf",), ["--config"]),
    ],
)
def test_bash_completes(bash: Callable[..., list[str]], words: tuple[str, ...], offered: list[str]) -> None:
    assert bash(*words) == offered


def test_a_bad_settings_file_or_variable_is_no_hindrance(bash: Callable[..., list[str]], csc: CSC) -> None:
    Path("csc-dspy.toml").write_text("this is no TOML", encoding="utf-8")
    assert bash("completion", "z", CSC_DSPY_VERBOSE="wrong", CSC_DSPY_SHELL="wrong") == ["zsh"]
    assert bash("data", "check", "--hel") == ["--help"]
    assert csc("completion", "bash").returncode == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(csc: CSC, shell: str) -> None:
    shown = csc("completion", shell)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"_CSC_DSPY_COMPLETE={shell}_complete" in shown.stdout


def test_another_shell_is_refused(csc: CSC) -> None:
    shown = csc("completion", "tcsh")
    assert shown.returncode == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in shown.stderr
