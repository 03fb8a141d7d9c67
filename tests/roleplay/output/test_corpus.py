"""The folder that a role play leaves: whole or not at all, and read by others as what it is."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import csc_dspy as csc
from csc_dspy.conversations import Turn
from csc_dspy.evaluation.judging import Finding, Judgement
from csc_dspy.exceptions import DataError, OutputError
from csc_dspy.roleplay._base import ROLES, Failed, Flaw
from csc_dspy.roleplay.output import Corpus, is_corpus, kept_of, read_manifest, rejected_of, require_place
from csc_dspy.roleplay.quality import Verdict
from csc_dspy.signatures import ROLE_PLAY_CRITERIA
from csc_dspy.taxonomy import Language
from tests.roleplay.played import COPC, plays, task

ABOUT = {
    "models": dict.fromkeys(ROLES, "openai/model"),
    "judge": {"threshold": 5},
    "plan": {"seed": 3},
    "count": 6,
}
PASSED = Verdict(5, Judgement(tuple(Finding(each.id, True, "") for each in ROLE_PLAY_CRITERIA)))
FLAWS = (Flaw("pattern", "the customer begins with 'well' in 5 turns"), Flaw("language", "is not en", 2))


def written(out: Path, language: Language = "en") -> Path:
    """Four kept, one rejected, one failed."""
    with Corpus(out, COPC) as corpus:
        for number, each in enumerate(plays(language, 5)):
            if number == 2:
                corpus.reject(each, FLAWS, PASSED)
            else:
                corpus.keep(each, PASSED if number else None)
        corpus.fail(Failed(task(language, 9), "timeout", "no answer within 120 s", calls=3, tokens=50))
        assert corpus.made == 6
        corpus.finish(ABOUT)
    return out


@pytest.fixture(params=["zh", "en"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return written(tmp_path / "out", request.param)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_who_reads_the_folder_reads_what_was_kept(folder: Path) -> None:
    read = [*iter(csc.read(folder))]
    assert len(read) == len(csc.read(f"hub:{folder}")) == 4
    assert read == [*kept_of(folder, COPC)] == [*iter(csc.read(folder / "roleplay.jsonl"))]
    one = read[1]
    extra = one.model_extra or {}
    assert one.source == "RoleCS-roleplay"
    assert one.customer_goal in {"解冻", "unfreeze it"}
    assert (extra["seed"], extra["difficulty"], extra["ended"]) == (1, "hard", "closure")
    assert extra["models"]["planner"] == "openai/model"
    assert extra["judgement"] == {each.id: True for each in ROLE_PLAY_CRITERIA}
    assert all(turn.stage and turn.strategy for _, turn in one.supporter_turns())


def test_a_folder_above_is_read_the_same_way(folder: Path) -> None:
    assert len(csc.read(folder.parent)) == 4


def test_the_corpus_is_for_training_only(folder: Path) -> None:
    assert len(csc.read(folder, use="train")) == 4
    with pytest.raises(csc.CSCError, match="RoleCS"):
        len(csc.read(folder, use="evaluate"))


def test_parquet_holds_the_same_rows(folder: Path) -> None:
    parquet = [each.row() for each in csc.read(folder / "roleplay.parquet")]
    kept = [each.row() for each in csc.read(folder / "roleplay.jsonl")]
    assert parquet == kept


def test_datasets_loads_it_with_a_type_for_every_column(folder: Path, tmp_path: Path) -> None:
    from datasets import List, Value, load_dataset

    rows = load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(rows) == 4
    assert rows.features["seed"] == rows.features["profile"]["age"] == Value("int64")
    assert rows.features["events"] == List(Value("string"))
    assert rows.features["judgement"]["variety"] == Value("bool")
    assert rows.features["dialogue"].feature["text"] == Value("string")
    assert rows[0]["judgement"] is None
    assert rows[1]["judgement"]["variety"] is True
    assert rows[0]["events"] == ["outage"]
    assert rows[1]["profile"]["age"] == 21
    assert rows[0]["dialogue"][0]["strategy"] == "策略1 礼貌问候"


def test_what_was_not_kept_is_there_with_its_reasons(folder: Path) -> None:
    (rejected,) = rejected_of(folder, COPC)
    assert rejected.flaws == FLAWS
    assert rejected.conversation.id not in {each.id for each in kept_of(folder, COPC)}
    (failed,) = lines(folder / "failed.jsonl")
    assert (failed["reason"], failed["calls"], failed["task"]["seed"]) == ("timeout", 3, 9)
    assert "dialogue" not in failed
    assert "dialogue" not in lines(folder / "rejected.jsonl")[0]


def test_the_manifest_tells_everything_and_the_hash_of_every_file(folder: Path) -> None:
    manifest = read_manifest(folder)
    counts = manifest["counts"]
    assert counts["made"] == 6
    assert counts["kept"] == 4
    assert counts["rejected"] == {"pattern": 1}
    assert counts["failed"] == {"timeout": 1}
    assert (counts["calls"], counts["tokens"]) == (5 * 40 + 3, 5 * 9000 + 50)
    assert manifest["models"] == ABOUT["models"]
    assert manifest["taxonomy"] == {"id": "copc", "fingerprint": COPC.fingerprint}
    there = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert set(manifest["files"]) == there
    for name, told in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert told == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_the_same_dialogues_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = written(tmp_path / "one"), written(tmp_path / "other")
    for path in one.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes(), path.name


def broken_off(out: Path) -> None:
    with Corpus(out, COPC) as corpus:
        corpus.keep(next(plays("en", 1)))
        raise KeyError


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    out = written(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(KeyError):
        broken_off(out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_only_a_role_play_is_replaced(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "manifest.json").write_text('{"kind": "something"}')
    with pytest.raises(OutputError, match="holds something else than a role play"):
        require_place(other)
    with pytest.raises(DataError, match="is no role play"):
        read_manifest(other)
    assert not is_corpus(tmp_path / "nowhere")
    require_place(written(tmp_path / "ours"))


def test_a_corpus_of_nothing_is_one_all_the_same(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Corpus(out, COPC) as corpus:
        corpus.finish({})
    assert list(kept_of(out, COPC)) == []
    assert read_manifest(out)["counts"]["made"] == 0
    report = json.loads((out / "report.json").read_text())
    assert report["target"] is None
    assert "strategies" not in report


def test_the_card_says_what_it_is_and_is_valid_on_the_hub(folder: Path) -> None:
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(folder / "README.md")
    assert card.data.size_categories == ["n<1K"]
    assert card.data.configs == [
        {"config_name": "default", "data_files": [{"split": "train", "path": "roleplay.parquet"}]}
    ]
    assert "4 conversations" in card.text
    assert "at least 5 of five criteria" in card.text
    assert "one side begins or builds its turns by one pattern" in card.text
    zh = card.data.language == ["zh"]
    assert ("由语言模型扮演双方" in card.text) is zh


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"notes": {"engine": "embedded"}}, "Only good for trying the chain"),
        ({"judge": None}, "No judge has looked at the dialogues"),
    ],
)
def test_the_card_says_what_the_corpus_is_not(tmp_path: Path, about: dict[str, Any], said: str) -> None:
    with Corpus(tmp_path / "out", COPC) as corpus:
        corpus.keep(next(plays("zh", 1)))
        corpus.finish(about)
    assert said in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_the_card_tells_of_the_plan(tmp_path: Path) -> None:
    plan = {
        "seed": 7,
        "topics": ["one", "two"],
        "profiles": ["p"] * 300,
        "favour": {"others": 0.5},
        "language": None,
    }
    with Corpus(tmp_path / "out", COPC) as corpus:
        corpus.finish({"plan": plan, "count": 12})
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    for row in ("`dialogues` | 12", "`topics` | one, two", "`profiles` | 300", "`favour` | others 0.5"):
        assert f"| {row} |" in card
    assert "`language`" not in card


@pytest.mark.parametrize("damage", ["{", None])
def test_a_damaged_folder_is_said_to_be_one(folder: Path, damage: str | None) -> None:
    if damage is None:
        (folder / "rejected.jsonl").unlink()
    else:
        (folder / "rejected.jsonl").write_text(damage)
    with pytest.raises(DataError, match=r"rejected\.jsonl"):
        list(rejected_of(folder, COPC))


def test_a_manifest_of_something_else_hides_no_data(tmp_path: Path) -> None:
    row = next(plays("en", 1)).conversation(COPC).row()
    (tmp_path / "calls.jsonl").write_text(json.dumps(row), encoding="utf-8")
    for content in ('{"kind": "x"}', "[]", "no JSON", '{"data": "calls.jsonl"}'):
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(DataError):
            # The manifest itself is read as data, as it always was.
            len(csc.read(tmp_path))
        assert len(csc.read(f"{tmp_path}:calls")) == 1
    (tmp_path / "manifest.json").write_text('{"data": ["calls.jsonl"]}')
    assert len(csc.read(tmp_path)) == 1


def test_what_no_column_has_is_not_lost_in_parquet(tmp_path: Path) -> None:
    one = next(plays("en", 1))
    turns = (Turn.model_validate({**one.turns[0].row(), "overruled": True}), *one.turns[1:])
    with Corpus(tmp_path / "out", COPC) as corpus:
        corpus.keep(replace(one, turns=turns, notes={"engine": "embedded"}))
        corpus.finish({})
    (row,) = (each.row() for each in csc.read(tmp_path / "out" / "roleplay.parquet"))
    assert row["engine"] == "embedded"
    assert row["dialogue"][0]["overruled"] is True


def test_memory_does_not_grow_with_what_is_written(tmp_path: Path) -> None:
    (one,) = plays("zh", 1)

    def written_until(corpus: Corpus, begin: int, end: int) -> int:
        for number in range(begin, end):
            corpus.keep(replace(one, task=task("zh", number)), PASSED)
            corpus.reject(one, FLAWS)
        return tracemalloc.get_traced_memory()[0]

    with Corpus(tmp_path / "out", COPC) as corpus:
        written_until(corpus, 0, 20)
        tracemalloc.start()
        try:
            first, then = written_until(corpus, 20, 40), written_until(corpus, 40, 240)
        finally:
            tracemalloc.stop()
        corpus.finish({})
    # A row takes some 10 kB.
    assert then - first < 50_000
