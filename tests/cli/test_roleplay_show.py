"""``csc-dspy roleplay show``: in a terminal, in a pipe, as JSON and as a page."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from rich.cells import cell_len

from csc_dspy.roleplay._base import Flaw
from csc_dspy.roleplay.output import Corpus
from tests.roleplay.played import COPC, plays

COMMAND = [sys.executable, "-m", "csc_dspy", "roleplay", "show"]


def show(*args: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args],
        env={**os.environ, **(env or {})},
        encoding="utf-8",
        capture_output=True,
        timeout=60,
        check=False,
    )


def in_terminal(*args: str, columns: int, **env: str) -> str:
    """What a terminal of this width is sent."""
    ours, theirs = pty.openpty()
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), **env}
    process = subprocess.Popen([*COMMAND, *args], env=variables, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    sent = b""
    with suppress(OSError):
        while piece := os.read(ours, 65536):
            sent += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return sent.decode().replace("\r\n", "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "corpus"
    with Corpus(out, COPC) as corpus:
        for number, each in enumerate(plays("zh", 3)):
            if number == 1:
                corpus.reject(each, [Flaw("pattern", "the customer begins with '我就是' in 5 turns")])
            else:
                corpus.keep(each)
        corpus.finish({})
    return out


def test_a_few_are_shown_and_what_to_do_for_more() -> None:
    shown = show("rolecs-sample")
    assert shown.returncode == 0
    assert shown.stdout.count("━━ ") == 5
    assert shown.stderr == "there are more: --limit shows more than 5, --dialogue a certain one\n"
    assert "\x1b" not in shown.stdout
    assert "[礼貌问候] 您好，[某银行]个人客户热线" in shown.stdout


def test_in_a_terminal_it_fits_and_has_colours() -> None:
    shown = in_terminal("rolecs-sample", "--dialogue", "rolecs-zh-001", columns=64)
    assert "\x1b[36m" in shown
    lines = re.sub(r"\x1b\[[\d;]*m", "", shown).split("\n")
    assert 55 < max(map(cell_len, lines)) <= 64
    assert "\x1b" not in in_terminal("rolecs-sample", "--limit", "1", columns=64, NO_COLOR="1")


def test_one_by_its_place_or_its_id(folder: Path) -> None:
    by_place = show(str(folder), "--dialogue", "2", "--json")
    (row,) = json.loads(by_place.stdout)
    assert len(json.loads(show("rolecs-sample", "--json").stdout)) == 80
    assert json.loads(show(str(folder), "--dialogue", row["id"], "--json").stdout) == [row]
    wrong = show(str(folder), "--dialogue", "7")
    assert wrong.returncode == 2
    assert wrong.stderr == f"error: {folder}: no dialogue '7' (give an id, or a place counted from 1)\n"


def test_rejected_ones_with_their_reasons(folder: Path) -> None:
    shown = show(str(folder), "--rejected")
    assert shown.returncode == 0
    assert "✗ pattern  the customer begins with '我就是' in 5 turns" in shown.stdout
    (row,) = json.loads(show(str(folder), "--rejected", "--json").stdout)
    assert row["reasons"][0]["reason"] == "pattern"
    refused = show("rolecs-sample", "--rejected")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_a_page(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    shown = show(str(folder), "--html", str(page))
    assert (shown.returncode, shown.stdout) == (0, "")
    assert shown.stderr == f"2 conversations are in {page}\n"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    inside = show(str(folder), "--html", str(folder / "page.html"))
    assert inside.returncode == 2
    assert not (folder / "page.html").exists()


def test_from_standard_input(folder: Path) -> None:
    rows = (folder / "roleplay.jsonl").read_text(encoding="utf-8")
    shown = subprocess.run(
        [*COMMAND, "-", "--limit", "1"], input=rows, encoding="utf-8", capture_output=True, check=False
    )
    assert shown.returncode == 0
    assert shown.stdout.count("━━ ") == 1


def test_a_reader_that_leaves_is_no_error() -> None:
    line = f"{' '.join(COMMAND)} rolecs-sample --limit 80 | head -n 2; echo ${{PIPESTATUS[0]}}"
    shown = subprocess.run(["bash", "-c", line], encoding="utf-8", capture_output=True, check=False)
    assert shown.stderr == ""
    assert shown.stdout.startswith("━━ 1  rolecs-zh-001")
    assert shown.stdout.endswith("\n0\n")


def test_the_report_in_the_terminal(folder: Path) -> None:
    shown = show(str(folder), "--report")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert re.search(r"Dialogues begun +3\n", shown.stdout)
    assert re.search(r"one side begins or builds its turns by one pattern +1 ", shown.stdout)
    assert re.search(r"Greeting +礼貌问候 +2 ", shown.stdout)
    assert "Divergence from rolecs-sample" in shown.stdout
    told = json.loads(show(str(folder), "--report", "--against", str(folder), "--json").stdout)
    assert told["divergence"]["strategies"] == pytest.approx(0, abs=1e-12)
    refused = show("rolecs-sample", "--report")
    assert refused.returncode == 2
    assert refused.stderr == "error: rolecs-sample: is no role play (name a folder that it has written)\n"
