"""What an export writes, what it leaves out, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import csc_dspy as csc
from csc_dspy import compiled
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ArtifactError, ConfigError, DataError, LeakError, OutputError
from csc_dspy.finetuning import EvaluationLeakError, export
from csc_dspy.finetuning.formats import FORMATS
from csc_dspy.programs import Options, create
from csc_dspy.taxonomy import LANGUAGES, Language
from tests.finetuning.exports import Collected, dialogues, read_lines, rows_of, write_dialogues

TRAIN = [*dialogues("en")[:4], *dialogues("zh")[:4]]


def conversation(*turns: tuple[str, str, str | None], **about: Any) -> Conversation:  # noqa: ANN401  fields
    rows = [{"speaker": speaker, "text": text, "strategy": label} for speaker, text, label in turns]
    return Conversation.model_validate({"dialogue": rows, **about})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "out"
    csc.export("support-agent", train="rolecs-sample", out=out, validation=0.1, limit=30)
    return out


def test_the_files(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert {path.name for path in folder.iterdir()} == {*manifest["files"], "manifest.json"}
    for name, expected in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
    train, validation = (read_lines(folder / f"{part}.jsonl") for part in ("train", "validation"))
    assert manifest["rows"] == {"train": len(train), "validation": len(validation)}
    assert len(validation) > 0
    left_out = read_lines(folder / "left_out.jsonl")
    assert (
        Counter(each["reason"] for each in left_out) == manifest["left_out"] == {"duplicate": len(left_out)}
    )
    assert all(each.keys() == {"id", "dialogue", "reason"} for each in left_out)
    assert sum(manifest["strategies"].values()) == sum(manifest["tasks"].values()) == len(train + validation)


def test_the_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (manifest["format"], manifest["kind"], manifest["form"]) == (1, "fine-tuning data", "openai")
    assert manifest["program"] == "support-agent"
    assert set(manifest["language"]) <= {"en", "zh"}
    assert manifest["source"] == "rolecs-sample"
    assert manifest["taxonomy"] == {"id": "copc", "fingerprint": csc.load_taxonomy().fingerprint}
    assert manifest["options"] == {"validation": 0.1, "limit": 30, "seed": 0}
    lengths = manifest["lengths"]
    assert 0 < lengths["median"] <= lengths["p95"] <= lengths["longest"]


def test_the_card_says_what_was_done(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "csc-dspy export support-agent --train rolecs-sample" in card
    assert "--validation 0.1" in card
    assert "path: validation.jsonl" in card


def test_no_dialogue_is_in_two_parts(tmp_path: Path) -> None:
    form = Collected()
    copy = dialogues("en")[0].model_copy(update={"id": "again"})
    near = copy.with_turns(copy.dialogue[:-2]).model_copy(update={"id": "shorter"})
    export("stage-tracker", train=[*TRAIN, copy, near], out=tmp_path / "out", form=form, validation=0.3)
    parts: dict[str, set[str]] = {}
    for row, part in zip(form.rows, form.parts, strict=True):
        parts.setdefault(row.dialogue, set()).add(part)
    assert all(len(found) == 1 for found in parts.values())
    assert {part for found in parts.values() for part in found} == {"train", "validation"}
    # What is nearly the same is in the same part, and has nothing new to teach.
    alike = [parts[name] for name in (dialogues("en")[0].id, "again", "shorter") if name in parts]
    assert all(found == alike[0] for found in alike)


def test_the_same_bytes(tmp_path: Path) -> None:
    for name in FORMATS:
        for folder in ("one", "two"):
            csc.export("support-agent-joint", train=TRAIN, out=tmp_path / folder, form=name, balance="sqrt")
        one, two = ({p.name: p.read_bytes() for p in (tmp_path / each).iterdir()} for each in ("one", "two"))
        assert one == two
        assert json.loads(one["manifest.json"])["form"] == name


def test_both_languages_each_in_its_own(tmp_path: Path) -> None:
    both, _ = rows_of("strategy-predictor", TRAIN, tmp_path / "out")
    for language in LANGUAGES:
        rows, made = rows_of("strategy-predictor", TRAIN, tmp_path / "out", language=language)
        assert rows == [row for row in both if row.language == language] != []
        assert made.manifest["language"] == [language]
        program = create("strategy-predictor", Options(language=language))
        fixed, counted = rows_of(program, TRAIN, tmp_path / "out")
        assert fixed == rows
        others = sum(1 for each in TRAIN if each.spoken_language != language for _ in each.supporter_turns())
        assert counted.left_out["another language"] == others


def test_a_program_by_language(tmp_path: Path) -> None:
    program = csc.load("support-agent")
    rows, made = rows_of(program, TRAIN, tmp_path / "out", demonstrations=False)
    assert made.manifest["language"] == ["en", "zh"]
    assert {(row.language, "客服" in row.messages[0]["content"]) for row in rows} == {
        ("en", False),
        ("zh", True),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_window_of_the_history(language: Language, tmp_path: Path) -> None:
    whole, _ = rows_of("strategy-predictor", dialogues(language)[:2], tmp_path / "out")
    short, made = rows_of("strategy-predictor", dialogues(language)[:2], tmp_path / "out", history_tokens=50)
    assert len(short) == len(whole)
    assert max(len(row.messages[-1]["content"]) for row in short) < max(
        len(row.messages[-1]["content"]) for row in whole
    )
    assert made.manifest["options"]["history-tokens"] == 50


def test_what_is_left_out_is_counted_and_listed(tmp_path: Path) -> None:
    train = [
        conversation(
            ("supporter", "Hello.", "greeting"),
            ("customer", "My card!", None),
            ("supporter", "One moment.", None),
            ("customer", "Yes?", None),
            ("supporter", "It is blocked.", "information_delivery"),
            id="gaps",
        ),
        conversation(("supporter", "Hello.", "greeting"), ("customer", "Hi", None), id="same"),
    ]
    made = csc.export("support-agent", train=train, out=tmp_path / "out")
    assert made.rows == {"train": 3, "validation": 0}
    assert made.left_out == {"duplicate": 3, "unlabelled history": 3, "unlabelled turn": 3}
    left_out = read_lines(tmp_path / "out" / "left_out.jsonl")
    assert left_out[0] == {"id": "gaps#2:stage", "dialogue": "gaps", "reason": "unlabelled turn"}
    assert "card" not in (tmp_path / "out" / "left_out.jsonl").read_text()


def test_duplicates_are_kept_when_asked(tmp_path: Path) -> None:
    once = csc.export("strategy-predictor", train=TRAIN, out=tmp_path / "once")
    often = csc.export("strategy-predictor", train=TRAIN, out=tmp_path / "often", keep_duplicates=True)
    assert once.left_out["duplicate"] > 0
    assert "duplicate" not in often.left_out
    assert often.rows["train"] == once.rows["train"] + once.left_out["duplicate"]
    assert often.manifest["options"]["keep-duplicates"] is True
    # Of equal rows as many are drawn as are wanted, neither all nor none.
    few = csc.export(
        "strategy-predictor", train=TRAIN, out=tmp_path / "few", keep_duplicates=True, balance="cap:3"
    )
    assert few.strategies["greeting"] == 6


def test_rows_that_are_too_long(tmp_path: Path) -> None:
    rows, made = rows_of("strategy-predictor", dialogues("en")[:2], tmp_path / "out")
    assert made.manifest["lengths"]["counted_by"].startswith("an estimate")
    most = made.manifest["lengths"]["median"]
    short, cut = rows_of("strategy-predictor", dialogues("en")[:2], tmp_path / "out", max_tokens_row=most)
    assert cut.manifest["lengths"]["longest"] == most
    assert cut.left_out["too long"] == len(rows) - len(short) > 0


def test_tokens_by_a_tokenizer(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    (tmp_path / "words").mkdir()
    words.save(str(tmp_path / "words" / "tokenizer.json"))
    expected = []
    for given in ("words", "words/tokenizer.json"):
        rows, made = rows_of(
            "response-writer", dialogues("en")[:1], tmp_path / "out", tokenizer=str(tmp_path / given)
        )
        expected = [
            len(" ".join([*(m["content"] for m in row.messages), row.answer]).split()) for row in rows
        ]
        assert made.manifest["lengths"]["longest"] == max(expected)
        assert made.manifest["lengths"]["mean"] == round(sum(expected) / len(expected), 1)
        assert str(tmp_path) not in json.dumps(made.manifest)
    most = sorted(expected)[len(expected) // 2]
    limited, _ = rows_of(
        *("response-writer", dialogues("en")[:1], tmp_path / "out"),
        tokenizer=str(tmp_path / "words"),
        max_tokens_row=most,
    )
    assert len(limited) == sum(count <= most for count in expected)


@pytest.mark.parametrize("name", ["nowhere.json", "/nowhere/at/all", "no-such-tokenizer-anywhere"])
def test_no_tokenizer(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    with pytest.raises(DataError, match=r"tokenizer"):
        export("stage-tracker", train=TRAIN, out=tmp_path / "out", tokenizer=name)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match="is no tokenizer"):
        export("stage-tracker", train=TRAIN, out=tmp_path / "out", tokenizer=str(tmp_path))


def test_another_taxonomy(tmp_path: Path) -> None:
    taxonomy = csc.load_taxonomy("esconv")
    first, second = taxonomy.strategies[:2]
    rows = [
        {"speaker": "supporter", "text": "How are you?", "strategy": first.id},
        {"speaker": "customer", "text": "Not well."},
        {"speaker": "supporter", "text": "You feel bad.", "strategy": second.id},
    ]
    train = [Conversation.model_validate({"dialogue": rows, "id": "a"}, context=taxonomy)]
    for given in ({}, {"taxonomy": taxonomy}):
        found, made = rows_of("strategy-predictor", train, tmp_path / "out", **given)
        assert [row.strategy for row in found] == [first.id, second.id]
        assert first.name.en in found[0].answer
        assert made.manifest["taxonomy"]["id"] == "esconv"
        assert list(made.strategies) == [each.id for each in taxonomy.strategies]
    with pytest.raises(DataError, match="labelled by the taxonomy 'esconv', and the program works by 'copc'"):
        export(create("strategy-predictor"), train=train, out=tmp_path / "out2")


def leaked(kind: str) -> Conversation:
    evaluation = next(iter(csc.read("csconv-sample", language="zh")))
    turns = evaluation.dialogue[: -4 if kind == "near" else None]
    return evaluation.with_turns(turns).model_copy(update={"id": "mine", "source": None})


@pytest.mark.parametrize("kind", ["exact", "near"])
def test_evaluation_dialogues_are_refused(kind: str, tmp_path: Path) -> None:
    train = [*TRAIN, leaked(kind)]
    evaluation = next(iter(csc.read("csconv-sample", language="zh"))).id
    with pytest.raises(EvaluationLeakError) as caught:
        export("stage-tracker", train=train, out=tmp_path / "out")
    assert str(caught.value).startswith("1 dialogues are evaluation dialogues, exactly or nearly: mine ~ ")
    (leak,) = caught.value.leaks
    assert (leak.dialogue, leak.evaluation) == ("mine", f"{evaluation} (csconv-sample)")
    assert list(tmp_path.iterdir()) == []
    made = export("stage-tracker", train=train, out=tmp_path / "out", leaks="drop")
    assert made.left_out["evaluation dialogue"] == sum(1 for _ in train[-1].supporter_turns())
    content = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8")
    assert max((turn.text for turn in train[-1].dialogue), key=len) not in content


def test_evaluation_dialogues_of_ones_own(tmp_path: Path) -> None:
    held_out = write_dialogues(tmp_path / "mine.jsonl", TRAIN[2:3])
    with pytest.raises(EvaluationLeakError, match=rf"{TRAIN[2].id} ~ {TRAIN[2].id} \(mine.jsonl\)"):
        export("stage-tracker", train=TRAIN, out=tmp_path / "out", against=[str(held_out)])
    made = export("stage-tracker", train=TRAIN, out=tmp_path / "out", against=[TRAIN[2:4]], leaks="drop")
    assert made.left_out["evaluation dialogue"] == sum(
        1 for each in TRAIN[2:4] for _ in each.supporter_turns()
    )


def test_evaluation_dialogues_by_name_and_source(tmp_path: Path) -> None:
    with pytest.raises(LeakError, match="CSConv is for evaluation"):
        export("stage-tracker", train="csconv-sample:dev", out=tmp_path / "out")
    named = [TRAIN[0].model_copy(update={"source": "CSConv test"})]
    with pytest.raises(LeakError, match="CSConv is for evaluation"):
        export("stage-tracker", train=named, out=tmp_path / "out", leaks="drop")
    assert list(tmp_path.iterdir()) == []


Wrong = Callable[[Path], object]
WRONG: dict[str, tuple[Wrong, type[Exception], str]] = {
    "an empty corpus": (
        lambda out: export("stage-tracker", train=[], out=out),
        DataError,
        "there is no dialogue to export",
    ),
    "customers alone": (
        lambda out: export("stage-tracker", train=[conversation(("customer", "Hi", None))], out=out),
        DataError,
        "there is no turn of a supporter to export",
    ),
    "nothing labelled": (
        lambda out: export("stage-tracker", train=[conversation(("supporter", "Hi", None))], out=out),
        DataError,
        "no row is left to train on: 1 unlabelled turn",
    ),
    "all too long": (
        lambda out: export("stage-tracker", train=TRAIN[:1], out=out, max_tokens_row=1),
        DataError,
        "too long",
    ),
    "standard input": (
        lambda out: export("stage-tracker", train="-", out=out),
        DataError,
        "can be read only once, and an export reads twice",
    ),
    "a form that is none": (
        lambda out: export("stage-tracker", train=TRAIN, out=out, form="openia"),
        ConfigError,
        "no format is called 'openia'",
    ),
    "a program that is none": (
        lambda out: export("stage-trackr", train=TRAIN, out=out),
        ConfigError,
        "did you mean 'stage-tracker'",
    ),
    "an artifact that is none": (
        lambda out: export(out.parent / "no" / "artifact", train=TRAIN, out=out),
        ArtifactError,
        "cannot be read",
    ),
    "reasoning that nobody knows": (
        lambda out: export(create("stage-tracker", Options(reasoning=True)), train=TRAIN, out=out),
        ConfigError,
        "reasons in words, and nobody knows the right ones",
    ),
    "a share of more than all": (
        lambda out: export("stage-tracker", train=TRAIN, out=out, validation=1.5),
        ConfigError,
        "--validation: is 1.5",
    ),
    "too few to validate by": (
        lambda out: export("stage-tracker", train=TRAIN[:1], out=out, validation=0.5),
        DataError,
        "would get none of the 1 dialogues",
    ),
    "all shown already": (
        lambda out: export("stage-tracker/en", train="rolecs-sample", out=out, language="en"),
        DataError,
        "no-demonstrations makes rows without them",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_exported(what: str, tmp_path: Path) -> None:
    do, kind, problem = WRONG[what]
    with pytest.raises(kind) as caught:
        do(tmp_path / "out")
    assert problem in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export("stage-tracker", train=TRAIN, out=out, form="sharegpt")
    export("stage-tracker", train=TRAIN, out=out)
    assert not (out / "dataset_info.json").exists()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(DataError):
        export("stage-tracker", train=TRAIN, out=out, max_tokens_row=1)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something else than an export, and is not replaced"):
        export("stage-tracker", train=TRAIN, out=foreign)
    with pytest.raises(OutputError, match="is a file"):
        export("stage-tracker", train=TRAIN, out=foreign / "notes.txt")
    assert [path.name for path in foreign.iterdir()] == ["notes.txt"]
    data = write_dialogues(tmp_path / "data.jsonl", TRAIN)
    with pytest.raises(OutputError, match="is the input itself"):
        export("stage-tracker", train=data, out=data)
    # An artifact is no export, nor the other way round.
    with pytest.raises(OutputError, match="holds something else than an artifact"):
        compiled.save(create("stage-tracker"), out)


def test_paths_of_the_machine_stay_on_it(tmp_path: Path) -> None:
    data = write_dialogues(tmp_path / "learn.jsonl", TRAIN)
    made = export("stage-tracker", train=data, out=tmp_path / "out")
    assert made.manifest["source"] == "learn.jsonl"
    for path in (tmp_path / "out").iterdir():
        assert str(tmp_path) not in path.read_text(encoding="utf-8")


def test_bad_rows_are_an_error_or_set_aside(tmp_path: Path) -> None:
    data = write_dialogues(tmp_path / "learn.jsonl", TRAIN)
    empty = {"dialogue": [{"speaker": "supporter", "text": " ", "strategy": "greeting"}]}
    with data.open("a") as stream:
        stream.write(json.dumps(empty) + "\n")
    with pytest.raises(DataError, match=rf"learn.jsonl:{len(TRAIN) + 1}"):
        export("stage-tracker", train=data, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    made = export("stage-tracker", train=data, out=tmp_path / "out", quarantine=tmp_path / "bad.jsonl")
    assert made.left_out["bad dialogue"] == 1
    assert len(read_lines(tmp_path / "bad.jsonl")) == 1


FULL = """
import resource, sys
import csc_dspy as csc
from csc_dspy.exceptions import OutputError

_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    csc.export("support-agent", train="rolecs-sample", out="out", form=sys.argv[1])
except OutputError as error:
    print(error)
"""


@pytest.mark.parametrize("form", ["openai", "parquet"])
def test_no_room(form: str, tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", FULL, form],
        cwd=tmp_path,
        # Nor is there room for what a measurement of coverage would write.
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("out: cannot be written: File too large")
    assert list(tmp_path.iterdir()) == []
