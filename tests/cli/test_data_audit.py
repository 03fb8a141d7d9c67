"""``csc-dspy data audit``: suspects, a review sheet, and the corpus that decisions make."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from csc_dspy.data import read
from tests.conftest import CSC

DEV = ("--data", "csconv-sample:dev", "--language", "en")


def small(folder: Path, dialogues: int = 3) -> Path:
    """A file with a few dialogues of each language."""
    file = folder / "corpus.jsonl"
    rows = [
        each.row()
        for language in ("zh", "en")
        for each in [*iter(read("csconv-sample:dev", language=language))][:dialogues]
    ]
    file.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return file


def test_there_and_back(csc: CSC, tmp_path: Path) -> None:
    corpus = small(tmp_path)
    done = csc("data", "audit", "--data", corpus, "--top", "5", "--out", "review", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["files"] == ["review/review.csv", "review/review.html", "review/audit.json"]
    assert (answer["dialogues"], len(answer["suspects"])) == (6, 5)
    sheet = tmp_path / "review" / "review.csv"
    rows = [*csv.DictReader(io.StringIO(sheet.read_bytes().decode("utf-8-sig"), newline=""))]
    rows[0] |= {"decision": "change", "new_strategy": rows[0]["proposed_1"], "who": "Ann"}
    rows[1] |= {"decision": "keep"}
    with (tmp_path / "done.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    back = csc("data", "audit", "--data", corpus, "--decisions", "done.csv", "--out", "cleaned", "--json")
    assert (back.returncode, back.stderr) == (0, "")
    cleaned = json.loads(back.stdout)
    assert (cleaned["version"], cleaned["changed_strategies"], cleaned["changed_stages"]) == (1, 1, 0)
    assert cleaned["before"] == answer["fingerprint"]
    first = answer["suspects"][0]
    [change] = (tmp_path / "cleaned" / "_changes.jsonl").read_text("utf-8").splitlines()
    assert json.loads(change) == {
        "dialogue": first["dialogue"],
        "turn": first["turn"],
        "what": "strategy",
        "from": first["strategy"]["given"],
        "to": first["strategy"]["likely"],
        "who": "Ann",
    }
    after = {each.id: each for each in read(tmp_path / "cleaned")}
    assert str(after[first["dialogue"]].dialogue[first["turn"]].strategy) == first["strategy"]["likely"]
    again = csc("data", "audit", "cleaned", "--decisions", "done.csv", "--out", "twice")
    assert again.returncode == 2
    assert again.stderr.startswith("error: done.csv:2: the corpus has the strategy")
    assert not (tmp_path / "twice").exists()


def test_it_reads_well(csc: CSC, tmp_path: Path) -> None:
    done = csc("data", "audit", small(tmp_path), "--top", "3", "--language", "zh")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 of " in done.stdout
    assert "区别在于" in done.stdout or "策略与所标的阶段不相符" in done.stdout


def test_standard_input_can_be_audited(csc: CSC, tmp_path: Path) -> None:
    text = small(tmp_path).read_text(encoding="utf-8")
    from_pipe = csc("data", "audit", "-", "--top", "3", "--json", input=text)
    from_file = csc("data", "audit", "corpus.jsonl", "--top", "3", "--json")
    assert from_pipe.returncode == 0
    assert json.loads(from_pipe.stdout) | {"source": "corpus.jsonl"} == json.loads(from_file.stdout)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--decisions", "gone.csv"), "--decisions needs --out"),
        (("--decisions", "gone.csv", "--out", "o"), "gone.csv: cannot be read"),
        (("--decisions", "x.csv", "--out", "o", "--language", "zh"), "does not go together with --language"),
        (("--out", "corpus.jsonl"), "is the input itself"),
        (("--taxonomy", "esconv"), "names no strategy"),
        (("--top", "0"), "--top"),
        (("--train", "gone"), "'gone'"),
    ],
)
def test_what_is_wrong_is_one_line(csc: CSC, tmp_path: Path, arguments: tuple[str, ...], error: str) -> None:
    done = csc("data", "audit", "--data", small(tmp_path, 1), *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert error in line


def test_one_dialogue_needs_others_to_learn_from(csc: CSC, tmp_path: Path) -> None:
    corpus = small(tmp_path, 1)
    alone = csc("data", "audit", corpus, "--language", "en")
    assert alone.returncode == 2
    assert "one dialogue alone" in alone.stderr
    taught = csc("data", "audit", corpus, "--language", "en", "--train", "csconv-sample:test", "--json")
    assert taught.returncode == 0
    assert json.loads(taught.stdout)["learned_besides"] > 100


def test_bad_rows_are_set_aside(csc: CSC, tmp_path: Path) -> None:
    corpus = small(tmp_path, 2)
    with corpus.open("a", encoding="utf-8") as stream:
        stream.write('{"dialogue": [{"speaker": "nobody", "text": "?"}]}\n')
    refused = csc("data", "audit", corpus)
    assert refused.returncode == 2
    assert "corpus.jsonl:5" in refused.stderr
    done = csc("data", "audit", corpus, "--quarantine", "bad.jsonl", "--top", "3", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["dialogues"] == 4
    assert "1 bad rows" in done.stderr
