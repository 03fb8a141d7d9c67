"""What was finished stays finished: through kills, torn lines and threads."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.exceptions import ConfigError, CSCError, DataError, OutputError
from csc_dspy.journal import Journal, content_key

RUN = {"program": "support-agent", "lm": "embedded"}


def test_entries_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", RUN, resume=False) as journal:
        journal.record("a", {"text": "您好", "n": 1})
        journal.record("b", None)
    with Journal(tmp_path / "j", RUN, resume=True) as journal:
        assert list(journal) == ["a", "b"]
        assert journal.get("a") == {"text": "您好", "n": 1}
        assert "b" in journal
        assert "c" not in journal
        journal.record("c", 3)
        assert journal.get("b") is None
        assert journal.get("c") == 3
    with Journal(tmp_path / "j", RUN, resume=True) as journal:
        assert len(journal) == 3


def test_without_resume_it_begins_anew(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", RUN, resume=False) as journal:
        journal.record("a", 1)
    with Journal(tmp_path / "j", RUN, resume=False) as journal:
        assert len(journal) == 0


def test_another_run_is_refused_with_what_changed(tmp_path: Path) -> None:
    Journal(tmp_path / "j", RUN, resume=False).close()
    with pytest.raises(ConfigError, match=r"a run with another lm, seed .*start anew"):
        Journal(tmp_path / "j", {**RUN, "lm": "openai/x", "seed": 3}, resume=True)


@given(st.data())
def test_a_torn_end_loses_at_most_the_last_entry(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("torn") / "j"
    with Journal(path, RUN, resume=False) as journal:
        for number in range(5):
            journal.record(str(number), {"文": "字" * number})
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    with Journal(path, RUN, resume=True) as journal:
        kept = len(journal)
        assert kept == max(0, whole[:cut].count(b"\n") - 1)
        assert [journal.get(key) for key in journal] == [{"文": "字" * n} for n in range(kept)]
        journal.record("new", "x")
    with Journal(path, RUN, resume=True) as journal:
        assert journal.get("new") == "x"
        assert len(journal) == kept + 1


def test_many_threads_record_and_read(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", RUN, resume=False) as journal:

        def work(number: int) -> int:
            journal.record(str(number), number)
            return int(journal.get(str(number)))

        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(work, range(500))) == list(range(500))
    with Journal(tmp_path / "j", RUN, resume=True) as journal:
        assert sorted(map(int, journal)) == list(range(500))


WRITER = """
import sys
from csc_dspy.journal import Journal
with Journal(sys.argv[1], {}, resume=True) as journal:
    print(len(journal), flush=True)
    number = len(journal)
    while True:
        journal.record(str(number), "x" * 50)
        print(number, flush=True)
        number += 1
"""


def test_kill_after_kill_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    path = tmp_path / "j"
    chance = random.Random(1)
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(chance.random() / 10)
            writer.send_signal(signal.SIGKILL)
            told = [line for line in writer.stdout.read().split("\n")[:-1] if line]
        with Journal(path, {}, resume=True) as journal:
            assert list(journal) == [str(number) for number in range(len(journal))]
            assert not told or str(int(told[-1])) in journal


@pytest.mark.parametrize("content", [b"not json\n", b"[1]\n", b'{"a": 1}\n', b"\xff\xfe\n"])
def test_other_files_are_not_taken_for_journals(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "j").write_bytes(content)
    with pytest.raises(DataError, match="is not a journal"):
        Journal(tmp_path / "j", RUN, resume=True)
    assert (tmp_path / "j").read_bytes() == content


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Journal(tmp_path / "file" / "j", RUN, resume=False)
    with pytest.raises(CSCError, match="No space left"), Journal("/dev/full", RUN, resume=False):
        pass


def test_keys_depend_on_content_alone() -> None:
    assert content_key({"a": 1, "b": "策"}, "x") == content_key({"b": "策", "a": 1}, "x")
    assert content_key({"a": 1}) != content_key({"a": 2})
    assert content_key("ab", "c") != content_key("a", "bc")
    assert json.dumps(content_key("\ud800"))


def test_an_entry_in_place_of_others(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", RUN, resume=False) as journal:
        for turn in ("a:0", "a:1", "b:0"):
            journal.record(turn, turn)
        journal.record("a", "一", instead_of=["a:0", "a:1", "a:2"])
        assert list(journal) == ["b:0", "a"]
        assert (len(journal), journal.get("a"), "a:0" in journal) == (2, "一", False)
    with Journal(tmp_path / "j", RUN, resume=True) as journal:
        assert list(journal) == ["b:0", "a"]
        # What was replaced may be done again, and is then there again.
        journal.record("a:0", "again")
        assert journal.get("a:0") == "again"


def test_what_is_forgotten_stays_on_disk(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", RUN, resume=False) as journal:
        journal.record("a", 1)
        journal.forget("a")
        journal.forget("never there")
        assert ("a" in journal, list(journal), len(journal)) == (False, [], 1)
    with Journal(tmp_path / "j", RUN, resume=True) as journal:
        assert (journal.get("a"), len(journal)) == (1, 1)
