"""A whole sweep in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csc_dspy.lm import Budget

    from ..data import Given
    from .result import Swept
    from .settings import Settings
    from .standing import Standing


def sweep(
    given: str | Path | Settings | None = None,
    *,
    preset: str | None = None,
    out: str | Path | None = None,
    storage: str | None = None,
    final_test: Given | None = None,
    concurrency: int = 32,
    budget: Budget | None = None,
    told: Callable[[Standing], None] = lambda _standing: None,
    **options: Any,  # noqa: ANN401  each option has its own type
) -> Swept:
    """Search for the best way to build and compile a program.

    Args:
        given: A TOML file, or settings that are read already.
        preset: A sweep that comes with the package: ``quick`` (if no file is given), ``thorough``, ``cost``.
        out: A folder for the study, what is remembered, and the artifact. A study there is gone on with.
        storage: Where the study is kept instead: the URL of a database, or ``journal:FILE``.
        final_test: A test split to score the winner and the baseline on, once.
        concurrency: How many calls are made at the same time.
        budget: Limits. When one is reached, the best so far is the result, and it is marked as partial.
        told: Hears after each trial how the study stands.
        **options: What stands before the file: ``train``, ``dev``, ``language``, ``program``, ``lm``,
            ``temperature``, ``objectives``, ``trials``, ``keep``, ``seed``, ``sampler``, ``pruning``,
            ``name``, ``taxonomy``; all others are for `csc_dspy.lm.connect`.

    Raises:
        ConfigError, DataError: What is asked for does not fit together, or with the study that is there.
        LMError: What would fail every further call too.
    """
    from csc_dspy.exceptions import BudgetError

    from .confirming import confirm
    from .hushing import quiet
    from .settings import Settings
    from .studies import open_study
    from .working import work

    settings = given if isinstance(given, Settings) else _read(given, preset, options)
    partial = False
    with _folder(out) as folder, quiet():
        study = open_study(settings, _storage(storage, folder, kept=out is not None))
        try:
            work(settings, study, folder=folder, budget=budget, concurrency=concurrency, told=told)
        except BudgetError:
            partial = True
        return confirm(
            settings,
            study,
            folder=folder,
            out=None if out is None else folder,
            final_test=final_test,
            budget=budget,
            concurrency=concurrency,
            partial=partial,
        )


def _read(given: str | Path | None, preset: str | None, options: dict[str, Any]) -> Settings:
    from .reading import OPTIONS, read_settings

    own = {name: value for name, value in options.items() if name in OPTIONS}
    of_lm = {name: value for name, value in options.items() if name not in OPTIONS}
    return read_settings(given, preset=preset, lm_options=of_lm or None, **own)


def _storage(url: str | None, folder: Path, *, kept: bool) -> Any:  # noqa: ANN401  a storage of Optuna's
    import optuna

    from .storage import open_storage

    if url is None and not kept:
        return optuna.storages.InMemoryStorage()
    return open_storage(url, folder)


@contextmanager
def _folder(out: str | Path | None) -> Iterator[Path]:
    """The folder of a sweep; without one it goes when the sweep is done."""
    if out is None:
        with TemporaryDirectory(prefix="csc-dspy-") as place:
            yield Path(place)
        return
    Path(out).mkdir(parents=True, exist_ok=True)
    yield Path(out)
