"""Storages by their URLs, and what is said where one cannot be opened."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.optimizers.sweep.storage import STUDY_FILE, open_storage, shown
from tests.optimizers.sweep_storage.conftest import STUDY
from tests.support.postgres import Server

OPENED = """
import sys
from pathlib import Path
from csc_dspy.optimizers.sweep.storage import open_storage
sys.stdin.readline()
open_storage(sys.argv[1], Path())
"""


def refusal(url: str | None, out: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        open_storage(url, out)
    (line,) = str(caught.value).splitlines()
    return line


def test_a_study_is_found_again(study: optuna.Study, url: str, tmp_path: Path) -> None:
    study.optimize(lambda trial: trial.suggest_int("count", 1, 8), n_trials=3)
    again = optuna.load_study(study_name=STUDY, storage=open_storage(url, tmp_path))
    assert [each.params for each in again.trials] == [each.params for each in study.trials]
    assert again.best_value == study.best_value


def test_without_a_url_it_is_a_file_in_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    optuna.create_study(storage=open_storage(None, out), study_name=STUDY)
    assert (out / STUDY_FILE).is_file()
    assert optuna.get_all_study_names(open_storage(f"sqlite:///{out / STUDY_FILE}", tmp_path)) == [STUDY]


def test_several_may_open_a_new_one_at_the_same_time(url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", OPENED, url]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    opening = [subprocess.Popen(command, encoding="utf-8", **pipes) for _ in range(4)]  # type: ignore[call-overload]  # of pipes by name
    for process in opening:
        process.stdin.write("now\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[1] for process in opening] == [""] * 4


def test_readers_of_a_file_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    study = optuna.create_study(storage=open_storage(None, tmp_path), study_name=STUDY)
    study.optimize(lambda trial: trial.suggest_int("count", 1, 8), n_trials=2)
    again = optuna.load_study(study_name=STUDY, storage=open_storage(None, tmp_path))
    with closing(sqlite3.connect(tmp_path / STUDY_FILE, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM trials")
        assert [each.number for each in again.get_trials()] == [0, 1]
        writer.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("study", "--storage: is not the URL of a storage (give sqlite:///FILE, postgresql://"),
        ("postgresql://me:geheim@host:port/x", "--storage: is not the URL of a storage (give sqlite"),
        ("sqlite://", "sqlite://: is kept in no file (give sqlite:///FILE"),
        ("duck://me:geheim@host/x", "duck://me:***@host/x: there is no driver 'duck' (give sqlite:///"),
        ("journal:", "journal:.: names no file (give sqlite:///FILE"),
        ("postgresql://me:geheim@127.0.0.1:9/x", "127.0.0.1:9/x: connection failed: connection to server at"),
        ("mysql://me:geheim@127.0.0.1:9/x", "127.0.0.1:9/x: Can't connect to MySQL server on '127.0.0.1'"),
    ],
)
def test_what_cannot_be_opened(tmp_path: Path, url: str, problem: str) -> None:
    line = refusal(url, tmp_path)
    assert problem in line
    assert "geheim" not in line


def test_files_that_are_something_else(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear customer,\nthank you for your letter.\n" * 40)
    assert refusal(f"sqlite:///{letter}", tmp_path) == f"sqlite:///{letter}: file is not a database"
    assert refusal(f"journal:{letter}", tmp_path) == f"journal:{letter}: is no journal of Optuna's"


def test_what_a_server_refuses(server: Server, tmp_path: Path) -> None:
    for url, problem in {
        server.url(password="wrong"): "password authentication failed for user",
        server.url(database="missing"): 'database "missing" does not exist',
    }.items():
        line = refusal(url, tmp_path)
        assert problem in line
        assert "wrong" not in line
        assert "geheim" not in line


@pytest.mark.parametrize(
    ("url", "driver", "package"),
    [
        ("postgresql://me@127.0.0.1/x", "psycopg", "psycopg"),
        ("postgres://me@127.0.0.1/x", "psycopg", "psycopg"),
        ("mysql://me@127.0.0.1/x", "pymysql", "pymysql"),
    ],
)
def test_a_driver_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, driver: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    line = refusal(url, tmp_path)
    assert line.endswith(f"the driver {driver} is not installed (pip install 'csc-dspy[sweep]')")


def test_a_url_is_shown_without_its_password() -> None:
    assert shown("postgresql://me:geheim@host/x") == "postgresql://me:***@host/x"
    assert shown("journal:study.log") == "journal:study.log"
    assert shown("geheim") == "--storage"
