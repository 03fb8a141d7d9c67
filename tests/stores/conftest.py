"""What the tests of stores share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csc_dspy.stores import JSONStore

MakeStore = Callable[..., JSONStore]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "values"


@pytest.fixture
def database(folder: Path) -> Path:
    return folder / "cache.db"


@pytest.fixture
def store(folder: Path) -> Iterator[MakeStore]:
    """Stores in the folder, closed at the end of the test."""
    made: list[JSONStore] = []

    def make(**options: int) -> JSONStore:
        made.append(JSONStore(folder, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def change(database: Path) -> Callable[..., int]:
    """Changes the database behind the store's back; how many rows that changed."""

    def run(statement: str, *values: object) -> int:
        with closing(sqlite3.connect(database)) as connection, connection:
            return connection.execute(statement, values).rowcount

    return run
