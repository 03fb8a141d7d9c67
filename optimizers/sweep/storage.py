"""Where a study is kept: a SQLite file, a PostgreSQL or MySQL server, or a journal file of Optuna's."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    import sqlite3

    import sqlalchemy
    from optuna.storages import BaseStorage

    from .heartbeats import BeatingDatabase

STUDY_FILE: Final = "study.db"
DEAD_AFTER: Final = 60
"""Seconds of silence after which a worker counts as dead."""

_JOURNAL: Final = "journal:"
_FORMS: Final = "give sqlite:///FILE, postgresql://USER@HOST/NAME, mysql://USER@HOST/NAME, or journal:FILE"
_DRIVERS: Final = {
    "postgresql": ("postgresql+psycopg", "psycopg"),
    "postgres": ("postgresql+psycopg", "psycopg"),
    "mysql": ("mysql+pymysql", "pymysql"),
    "mariadb": ("mysql+pymysql", "pymysql"),
}
"""For how people write a URL, the driver that the extra ``sweep`` installs."""
_FILE: Final = {"connect_args": {"timeout": 60, "isolation_level": None}}
"""For SQLite: seconds for which one waits for others, and transactions that `share` begins."""
_SERVER: Final = {"connect_args": {"connect_timeout": 10}, "pool_pre_ping": True}
"""Seconds until a server counts as unreachable; connections that it closed meanwhile are opened again."""
_LATE: Final = re.compile(r"already exists|duplicate key|pg_type_typname|UNIQUE constraint")
_PAUSE: Final = 0.3


def open_storage(url: str | None, out: Path, *, dead_after: int = DEAD_AFTER) -> BaseStorage:
    """The storage at ``url``, made if it is not there; without one the file `STUDY_FILE` in ``out``.

    Trials of workers that were silent for ``dead_after`` seconds are queued again by whichever worker begins
    a trial next. Raises `ConfigError`, without the password, for whatever keeps it from being opened.
    """
    if url is not None and url.startswith(_JOURNAL):
        return _journal(Path(url.removeprefix(_JOURNAL)), dead_after)
    return _database(url or f"sqlite:///{out / STUDY_FILE}", dead_after)


def shown(url: str) -> str:
    """A storage's URL as it may be seen: without its password."""
    import sqlalchemy

    if url.startswith(_JOURNAL):
        return url
    try:
        return sqlalchemy.make_url(url).render_as_string(hide_password=True)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        return "--storage"


def _journal(path: Path, dead_after: int) -> BaseStorage:
    from .heartbeats import BeatingJournal

    if not path.name or path.is_dir():
        raise ConfigError("names no file", where=f"{_JOURNAL}{path}", remedy=_FORMS)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return BeatingJournal(str(path), dead_after)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError("is no journal of Optuna's", where=f"{_JOURNAL}{path}") from error


def _database(url: str, dead_after: int) -> BaseStorage:
    address = _address(url)
    settings = _FILE if _is_file(address) else _SERVER
    with _opening(address):
        from .heartbeats import BeatingDatabase

        # What Optuna would fill in between braces is in no URL of ours.
        written = address.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")
        storage = _made(lambda: BeatingDatabase(written, deepcopy(settings), dead_after))
        if _is_file(address):
            share(storage.engine)
        return storage


def _made(make: Callable[[], BeatingDatabase], tries: int = 3) -> BeatingDatabase:
    """Make it; of several workers that find no tables all but one are late with theirs."""
    from sqlalchemy.exc import DBAPIError

    try:
        return make()
    except DBAPIError as error:
        if tries == 1 or not _LATE.search(str(error.orig)):
            raise
    time.sleep(_PAUSE)
    return _made(make, tries - 1)


def _is_file(address: sqlalchemy.URL) -> bool:
    return address.get_backend_name() == "sqlite"


def _address(url: str) -> sqlalchemy.URL:
    import sqlalchemy

    try:
        address = sqlalchemy.make_url(url)
    except (sqlalchemy.exc.ArgumentError, ValueError) as error:
        raise ConfigError("is not the URL of a storage", where="--storage", remedy=_FORMS) from error
    if address.drivername in _DRIVERS:
        address = address.set(drivername=_DRIVERS[address.drivername][0])
    if _is_file(address):
        if address.database in {None, "", ":memory:"}:
            raise ConfigError("is kept in no file", where=url, remedy=_FORMS)
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    return address


@contextmanager
def _opening(address: sqlalchemy.URL) -> Iterator[None]:
    """Say in a line what keeps a storage from being opened."""
    import sqlalchemy

    where = address.render_as_string(hide_password=True)
    try:
        yield
    except (ImportError, sqlalchemy.exc.NoSuchModuleError) as error:
        problem, remedy = _no_driver(address)
        raise ConfigError(problem, where=where, remedy=remedy) from error
    except sqlalchemy.exc.DBAPIError as error:
        raise ConfigError(_reason(error, address), where=where) from error
    except RuntimeError as error:
        raise ConfigError(str(error), where=where) from error


def _no_driver(address: sqlalchemy.URL) -> tuple[str, str | None]:
    ours = {driver for driver, _ in _DRIVERS.values()}
    if address.drivername not in ours:
        return f"there is no driver {address.drivername!r}", _FORMS
    return f"the driver {address.get_driver_name()} is not installed", "pip install 'csc-dspy[sweep]'"


def _reason(error: sqlalchemy.exc.DBAPIError, address: sqlalchemy.URL) -> str:
    """What the server or its driver says, on a line, and never the password."""
    arguments = getattr(error.orig, "args", ())
    said = next((each for each in reversed(arguments) if isinstance(each, str)), str(error.orig))
    line = " ".join(said.split())
    return line.replace(str(address.password), "***") if address.password else line


def share(engine: sqlalchemy.Engine) -> None:
    """Make a SQLite file fit for several processes that write.

    Readers do not wait for a writer. Whoever may write takes the file before it reads what it will write by:
    otherwise two workers would find the same trial waiting, and both take it.
    """
    from sqlalchemy import event

    from .heartbeats import only_reading

    @event.listens_for(engine, "connect")
    def _tune(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        # Safe from a killed process; a power cut may cost the last trials, not the file.
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def _take(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if only_reading() else "BEGIN IMMEDIATE")

    # Connections from before do not know of this.
    engine.dispose()
