"""``csc-dspy data split`` as people run it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from csc_dspy.data.packaged import FOLDER
from tests.support.processes import unmeasured

if TYPE_CHECKING:
    from tests.conftest import CSC

Row = dict[str, Any]

ROWS: list[Row] = [
    json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_bytes().splitlines()
]

# With this seed no part lacks a stratum, so nothing is warned of.
EVEN = "2"


def write(path: Path, rows: list[Row]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def doubled(rows: list[Row]) -> list[Row]:
    """Every dialogue twice, the second time cut short and under another name."""
    return rows + [row | {"id": f"{row['id']}-cut", "dialogue": row["dialogue"][:-6]} for row in rows]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write(tmp_path / "all.jsonl", ROWS)


def test_a_corpus_is_split(csc: CSC, corpus: Path, tmp_path: Path) -> None:
    done = csc("data", "split", corpus, "--out", "parts", "--seed", EVEN)
    assert (done.returncode, done.stderr) == (0, "")
    words = done.stdout.split()
    assert words[:6] == ["part", "dialogues", "share", "asked", "for", "turns"]
    assert "zh CSConv-sample" in done.stdout
    assert done.stdout.endswith("written to parts\n")
    assert sorted(contents(tmp_path / "parts")) == ["_split.json", "dev.jsonl", "test.jsonl", "train.jsonl"]
    together = [id_ for part in ("train", "dev", "test") for id_ in ids(tmp_path / "parts" / f"{part}.jsonl")]
    assert sorted(together) == sorted(row["id"] for row in ROWS)


def test_the_answer_in_json(csc: CSC, corpus: Path, tmp_path: Path) -> None:
    done = csc("data", "split", corpus, "--out", "parts", "--parts", "a=70,b=30", "--seed", "5", "--json")
    answer = json.loads(done.stdout)
    assert list(answer) == ["out", "seed", "threshold", "parts", "strata", "moved", "warnings"]
    assert (answer["out"], answer["seed"], answer["moved"]) == ("parts", 5, [])
    assert {name: part["dialogues"] for name, part in answer["parts"].items()} == {
        name: len(ids(tmp_path / "parts" / f"{name}.jsonl")) for name in ("a", "b")
    }
    for part in answer["parts"].values():
        assert list(part) == ["fraction", "share", "dialogues", "turns", "fingerprint"]
    assert len(answer["strata"]) == 4


def test_the_same_command_again_gives_the_same_bytes(csc: CSC, corpus: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert csc("data", "split", corpus, "--out", "parts").returncode == 0
    assert csc("data", "split", corpus, "--out", "others").returncode == 0
    assert contents(tmp_path / "parts") == contents(tmp_path / "others")


def test_options_come_from_the_environment_too(csc: CSC, corpus: Path, tmp_path: Path) -> None:
    env = {"CSC_DSPY_DATA": str(corpus), "CSC_DSPY_PARTS": "x=0.5,y=0.5", "CSC_DSPY_OUT": "parts"}
    assert csc("data", "split", env=env).returncode == 0
    assert sorted(contents(tmp_path / "parts")) == ["_split.json", "x.jsonl", "y.jsonl"]


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("--parts", "train=0.8,dev=0.1"), "the parts sum to 0.9 (they sum to 1, or in percent to 100)"),
        (("--parts", "train"), "'train' is no part with its fraction (write it like train=0.8,"),
        (("--parts", "Train=1"), "a part cannot be called 'Train'"),
        (("--parts", "train=0.999,test=0.001"), "test would get none of the 140 dialogues"),
        (("--threshold", "0"), "the threshold is 0.0"),
        (("--leaks", "ignore"), "'ignore' is not one of 'move', 'refuse'"),
        (("--format", "csv"), "'csv' is not one of"),
        (("--against", "nowhere.jsonl"), "no file, folder or packaged sample is called 'nowhere.jsonl'"),
        (("--quarantine", "parts/bad.jsonl"), "parts/bad.jsonl: lies in the folder of the parts"),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(
    csc: CSC, corpus: Path, tmp_path: Path, args: tuple[str, ...], complaint: str
) -> None:
    done = csc("data", "split", corpus, "--out", "parts", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["all.jsonl"]


def test_the_folder_has_to_be_named(csc: CSC, corpus: Path) -> None:
    done = csc("data", "split", corpus)
    assert done.returncode == 2
    assert "--out" in done.stderr


def test_standard_input_cannot_be_read_twice(csc: CSC, corpus: Path, tmp_path: Path) -> None:
    done = csc("data", "split", "-", "--out", "parts", input=corpus.read_text(encoding="utf-8"))
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: -: can be read only once, and a split reads twice (save it to a file"
    )
    assert not (tmp_path / "parts").exists()


def test_near_duplicates_are_moved_together(csc: CSC, tmp_path: Path) -> None:
    write(tmp_path / "all.jsonl", doubled(ROWS))
    done = csc("data", "split", "all.jsonl", "--out", "parts")
    assert done.returncode == 0
    parts = [set(ids(tmp_path / "parts" / f"{part}.jsonl")) for part in ("train", "dev", "test")]
    assert all({row["id"], f"{row['id']}-cut"} <= next(p for p in parts if row["id"] in p) for row in ROWS)
    moved = json.loads((tmp_path / "parts" / "_split.json").read_bytes())["moved"]
    assert f"moved to where near-duplicates of them are: {len(moved)} dialogues" in done.stdout
    assert all(len({each["drew"] for each in group["dialogues"]}) > 1 for group in moved)


def test_leaks_can_be_refused(csc: CSC, tmp_path: Path) -> None:
    write(tmp_path / "all.jsonl", doubled(ROWS))
    done = csc("data", "split", "all.jsonl", "--out", "parts", "--leaks", "refuse")
    assert done.returncode == 1
    leaks = done.stdout.splitlines()
    assert done.stderr.startswith(
        f"error: {len(leaks)} groups of near-duplicates would be in different parts: "
    )
    assert done.stderr.count("\n") == 1
    for leak in leaks:
        one, other = (name.partition(" ")[0] for name in leak.split(" ~ "))
        assert other == f"{one}-cut"
    told = done.stdout + done.stderr
    assert not any(turn["text"] in told for row in ROWS for turn in row["dialogue"])
    assert [path.name for path in tmp_path.iterdir()] == ["all.jsonl"]
    answer = json.loads(csc("data", "split", "all.jsonl", "--out", "o", "--leaks", "refuse", "--json").stdout)
    assert len(answer["leaks"]) == len(leaks)


def test_what_another_source_has_is_left_out(csc: CSC, corpus: Path, tmp_path: Path) -> None:
    done = csc("data", "split", corpus, "--out", "parts", "--against", "csconv-sample")
    assert done.returncode == 0
    evaluation = {row["id"] for row in ROWS if row["source"] == "CSConv-sample"}
    assert set(ids(tmp_path / "parts" / "_leaked.jsonl")) == evaluation
    for part in ("train", "dev", "test"):
        assert not evaluation & set(ids(tmp_path / "parts" / f"{part}.jsonl"))
    assert f"left out because near-duplicates of them are in --against: {len(evaluation)} dial" in done.stdout


def test_bad_rows_are_set_aside(csc: CSC, tmp_path: Path) -> None:
    broken = ROWS[3] | {"dialogue": [ROWS[3]["dialogue"][0] | {"strategy": "策略99"}]}
    write(tmp_path / "all.jsonl", [*ROWS[:3], broken, *ROWS[4:]])
    refused = csc("data", "split", "all.jsonl", "--out", "parts")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: all.jsonl:4: turn 1: ")
    done = csc("data", "split", "all.jsonl", "--out", "parts", "--seed", EVEN, "--quarantine", "bad.jsonl")
    assert done.returncode == 3
    assert done.stderr == "1 bad rows are set aside in bad.jsonl\n"
    (bad,) = (tmp_path / "bad.jsonl").read_bytes().splitlines()
    assert json.loads(bad)["line"] == 4
    together = [id_ for part in ("train", "dev", "test") for id_ in ids(tmp_path / "parts" / f"{part}.jsonl")]
    assert len(together) == len(ROWS) - 1


def test_an_uneven_split_is_told_with_the_remedy(csc: CSC, corpus: Path) -> None:
    warnings = {
        seed: csc("data", "split", corpus, "--out", f"o{seed}", "--seed", str(seed), "--json")
        for seed in range(4)
    }
    for done in warnings.values():
        expected = json.loads(done.stdout)["warnings"]
        assert done.stderr == "".join(
            f"warning: {line} (another --seed gives another split)\n" for line in expected
        )
    assert any(done.stderr for done in warnings.values())


def test_an_earlier_split_is_replaced_only_by_force(csc: CSC, corpus: Path, tmp_path: Path) -> None:
    assert csc("data", "split", corpus, "--out", "parts").returncode == 0
    before = contents(tmp_path / "parts")
    refused = csc("data", "split", corpus, "--out", "parts", "--seed", "1")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "error: parts: holds another split (force replaces it; or name a new folder)\n"
    assert contents(tmp_path / "parts") == before
    assert csc("data", "split", corpus, "--out", "parts", "--seed", "1", "--force").returncode == 0
    assert contents(tmp_path / "parts") != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.jsonl", "parts"]


def test_another_taxonomy_and_another_form(csc: CSC, tmp_path: Path) -> None:
    rows = [
        {
            "id": row["id"],
            "dialogue": [
                {"speaker": turn["speaker"], "text": turn["text"]}
                | ({"strategy": "Question"} if turn["speaker"] == "客服" else {})
                for turn in row["dialogue"]
            ],
        }
        for row in ROWS
    ]
    write(tmp_path / "all.jsonl", rows)
    done = csc(
        "data", "split", "all.jsonl", "--out", "parts", "--taxonomy", "esconv", "--format", "parquet.gz"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert csc("data", "check", "parts", "--taxonomy", "esconv").returncode == 0


def many(path: Path) -> Path:
    """So many dialogues that writing them takes a while."""
    return write(path, [row | {"id": f"{row['id']}-{n}"} for n in range(8) for row in ROWS])


@pytest.mark.parametrize("before", [False, True])
def test_killed_while_writing_it_leaves_no_half_split(csc: CSC, tmp_path: Path, before: bool) -> None:
    source, out = many(tmp_path / "all.jsonl"), tmp_path / "parts"
    if before:
        assert csc("data", "split", "rolecs-sample", "--out", out).returncode == 0
    was = contents(out) if before else None
    command = ["data", "split", str(source), "--out", str(out), "--force"]
    with subprocess.Popen([sys.executable, "-m", "csc_dspy", *command], env=unmeasured()) as process:
        begun = time.monotonic()
        while not list(tmp_path.glob(".parts.*.partial/.*train*")):
            assert process.poll() is None
            assert time.monotonic() - begun < 100
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert (contents(out) if out.exists() else None) == was
    assert csc(*command).returncode == 0
    assert csc("data", "split", source, "--out", tmp_path / "fresh").returncode == 0
    assert contents(out) == contents(tmp_path / "fresh")


def test_interrupted_it_puts_everything_in_order(tmp_path: Path) -> None:
    command = ["data", "split", str(many(tmp_path / "all.jsonl")), "--out", str(tmp_path / "parts")]
    with subprocess.Popen([sys.executable, "-m", "csc_dspy", *command], env=unmeasured()) as process:
        begun = time.monotonic()
        while not list(tmp_path.glob(".parts.*.partial/.*train*")):
            assert process.poll() is None
            assert time.monotonic() - begun < 100
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["all.jsonl"]
