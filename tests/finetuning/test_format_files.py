"""What holds for the files of every form."""

from __future__ import annotations

import errno
import tracemalloc
from contextlib import closing, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.finetuning.formats import FORMATS, named
from tests.finetuning.format_rows import row, write

ALL = tuple(FORMATS)
JSON_LINES = ("openai", "trl", "sharegpt", "alpaca")
COLUMNS = ("parquet", "arrow")


def content(file: Path) -> str:
    """Everything that a file says, as text."""
    if file.suffix == ".parquet":
        return str(pq.read_table(file).to_pylist())
    if file.suffix == ".arrow":
        return str(pa.ipc.open_stream(file).read_all().to_pylist())
    return file.read_text(encoding="utf-8")


def data_files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.stem in {"train", "validation"})


def test_the_forms() -> None:
    assert [*JSON_LINES, *COLUMNS] == [*FORMATS]
    assert all(FORMATS[name].name == name and FORMATS[name].pairs for name in ALL)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("opneai", "did you mean 'openai'?"),
        ("ShareGPT", "did you mean 'sharegpt'?"),
        ("xml", "formats are openai, trl, sharegpt, alpaca, parquet, arrow"),
    ],
)
def test_a_form_that_is_not_there(name: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        named(name)
    assert str(caught.value) == f"no format is called {name!r} ({remedy})"


@pytest.mark.parametrize("form", ALL)
def test_a_part_without_rows_has_no_file(form: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    suffix = ".jsonl" if form in JSON_LINES else f".{form}"
    assert data_files(write(form, tmp_path / "one", [row()])) == [f"train{suffix}"]
    both = write(form, tmp_path / "two", [row(1)], [row(2), row(3)])
    assert data_files(both) == [f"train{suffix}", f"validation{suffix}"]
    assert ["😡" in content(both / f"{part}{suffix}") for part in ("train", "validation")] == [True, True]


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("form", ALL)
def test_equal_rows_give_equal_bytes(form: str, pairs: bool, tmp_path: Path) -> None:
    written: list[dict[str, bytes]] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        rows = [row(number, pair=True) for number in range(3)]
        folder = write(form, tmp_path / name, rows, [row(7, "en", pair=True)], pairs=pairs)
        written.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert written[0] == written[1]


@pytest.mark.parametrize("form", JSON_LINES)
def test_every_letter_stays_as_it_is(form: str, tmp_path: Path) -> None:
    text = content(write(form, tmp_path, [row()]) / "train.jsonl")
    assert "客户：我的卡被吞了！😡\u2028“急”" in text
    assert "\\u" not in text
    assert text.count("\n") == 1


@pytest.mark.parametrize("form", ALL)
def test_half_of_a_surrogate_pair_becomes_the_sign_for_that(form: str, tmp_path: Path) -> None:
    odd = row(answer="好\ud83d。", dialogue="d\udc00")
    folder = write(form, tmp_path, [odd, row(2, answer="\ud83d\ude21 whole")])
    text = content(next(folder.glob("train.*")))
    assert "好\ufffd。" in text
    assert "😡 whole" in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("form", ALL)
def test_a_full_disk_passes_through(form: str, tmp_path: Path) -> None:
    suffix = ".jsonl" if form in JSON_LINES else f".{form}"
    (tmp_path / f"train{suffix}").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as caught:
        write(form, tmp_path, (row(number) for number in range(3000)))
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize("form", ALL)
def test_a_folder_that_is_not_there(form: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        named(form).open(tmp_path / "missing", pairs=False)


@pytest.mark.parametrize("form", ALL)
def test_a_pair_without_a_worse_answer(form: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        write(form, tmp_path, [row(5)], pairs=True)
    assert str(caught.value) == "row d5#1/strategy: has no rejected answer to make a pair of"


@pytest.mark.parametrize("form", JSON_LINES)
def test_weights_are_not_lost_in_silence(form: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        write(form, tmp_path, [row(weight=0.5)])
    assert str(caught.value) == (
        "row d1#1/strategy: has a weight, and the format cannot hold it"
        " (take the format parquet or arrow, or balance without weights)"
    )


@pytest.mark.parametrize("form", ALL)
def test_memory_does_not_grow_with_the_rows(form: str, tmp_path: Path) -> None:
    size, count = 2**16, 400
    with closing(named(form).open(tmp_path, pairs=False)) as writer:
        # Whatever is imported at the first row does not count.
        writer.write(row(), "train")
        tracemalloc.start()
        for number in range(count):
            writer.write(row(number, answer=f"{number} " + "answer " * (size // 7)), "train")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < size * count / 2


@pytest.mark.parametrize("form", ALL)
def test_closing_after_a_failure_leaves_nothing_open(form: str, tmp_path: Path) -> None:
    writer = named(form).open(tmp_path, pairs=True)
    with suppress(DataError):
        writer.write(row(), "validation")
    writer.close()
    for file in tmp_path.iterdir():
        file.unlink()
    tmp_path.rmdir()
    assert not tmp_path.exists()
