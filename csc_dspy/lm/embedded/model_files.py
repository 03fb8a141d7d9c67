"""Fine-tuned models on disk: JSON and arrays of numbers in a folder that is named by a hash of its contents.

Nothing in it is code or is unpickled, and what does not match the name is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy import __version__
from csc_dspy.exceptions import ArtifactError, ConfigError, OutputError
from csc_dspy.files import atomic_write
from csc_dspy.journal import content_key
from csc_dspy.lm.embedded.features import SIZE
from csc_dspy.lm.embedded.features import VERSION as FEATURES
from csc_dspy.lm.embedded.fine_tuned import FineTuned, Head
from csc_dspy.lm.embedded.head_features import VERSION as HEAD_FEATURES
from csc_dspy.lm.embedded.responses import Responses
from csc_dspy.lm.embedded.sparse import Rows
from csc_dspy.lm.folders import models_folder, private_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMAT: Final = 1
_FEATURES: Final = f"{FEATURES}.{HEAD_FEATURES}"
_ABOUT: Final = "model.json"
_HEADS: Final = "heads.npz"
_TEXTS: Final = "responses.json"
_ROWS: Final = "responses.npz"
_FILES: Final = (_ABOUT, _HEADS, _TEXTS, _ROWS)
_LETTERS: Final = 16
_NOTES: Final = ".fitted"
_AGAIN: Final = "fine-tune it again"

Contents = Mapping[str, bytes]


def save_model(model: FineTuned) -> str:
    """Keep a model, and return the hash that names it. Equal models have equal names."""
    contents = _contents(model)
    name = hash_of(contents)
    folder = models_folder()
    private_folder(folder)
    if not (folder / name).exists():
        _write(folder, name, contents)
    return name


def load_model(name: str) -> FineTuned:
    """The model of that name; ConfigError if there is none, ArtifactError if it is not what was saved."""
    folder = models_folder() / name
    if not name.isalnum() or not folder.is_dir():
        raise ConfigError(
            f"no fine-tuned model is called {name!r}",
            where=str(models_folder()),
            remedy="models are found by the hash that fine-tuning them gave, under $CSC_DSPY_HOME",
        )
    try:
        contents = {file: (folder / file).read_bytes() for file in _FILES}
    except OSError as error:
        raise ArtifactError(f"cannot be read: {error.strerror}", where=str(folder), remedy=_AGAIN) from error
    if hash_of(contents) != name:
        raise ArtifactError("is not what was saved", where=str(folder), remedy=_AGAIN)
    try:
        return _model(contents, folder)
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError("is no fine-tuned model", where=str(folder), remedy=_AGAIN) from error


def remember_fit(rows: str, seed: int, name: str, count: int) -> None:
    """Note which model came of rows, by their fingerprint, so that it need not be fitted to them again."""
    atomic_write(_note(rows, seed), json.dumps({"model": name, "rows": count}))


def fitted(rows: str, seed: int) -> tuple[str, int] | None:
    """The model that came of rows, and how many they are; None if that is not known, or it is not there."""
    try:
        content = json.loads(_note(rows, seed).read_bytes())
        found = str(content["model"]), int(content["rows"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if (models_folder() / found[0]).is_dir() else None


def _note(rows: str, seed: int) -> Path:
    key = content_key(rows, seed, _FORMAT, _FEATURES, SIZE, __version__)
    return models_folder() / _NOTES / f"{key}.json"


def _contents(model: FineTuned) -> Contents:
    about = {
        "format": _FORMAT,
        "features": _FEATURES,
        "size": SIZE,
        "rows": model.rows,
        "heads": [{"decides": key, "labels": list(head.labels)} for key, head in model.heads.items()],
    }
    texts = [[*kind, text] for kind, text in zip(model.responses.kinds, model.responses.texts, strict=True)]
    rows = model.responses.rows
    return {
        _ABOUT: _json(about),
        _HEADS: _arrays({f"head{n}": head.weights for n, head in enumerate(model.heads.values())}),
        _TEXTS: _json(texts),
        _ROWS: _arrays({"starts": rows.starts, "places": rows.places, "shares": rows.shares}),
    }


def _model(contents: Contents, folder: Path) -> FineTuned:
    about = json.loads(contents[_ABOUT])
    if (about["format"], about["features"], about["size"]) != (_FORMAT, _FEATURES, SIZE):
        raise ArtifactError("was made by another version of csc-dspy", where=str(folder), remedy=_AGAIN)
    weights, rows = _read_arrays(contents[_HEADS]), _read_arrays(contents[_ROWS])
    heads = {
        head["decides"]: Head(head["labels"], weights[f"head{number}"])
        for number, head in enumerate(about["heads"])
    }
    texts = json.loads(contents[_TEXTS])
    responses = Responses(
        [(language, strategy) for language, strategy, _ in texts],
        [text for _, _, text in texts],
        Rows(rows["starts"], rows["places"], rows["shares"]),
    )
    return FineTuned(heads, responses, about["rows"])


def _write(folder: Path, name: str, contents: Contents) -> None:
    try:
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        try:
            for file, content in contents.items():
                (made / file).write_bytes(content)
            made.rename(folder / name)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            # Another process may have been quicker with the same model.
            if not (folder / name).is_dir():
                raise
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", where=str(folder / name)) from error


def hash_of(contents: Contents) -> str:
    """The name of a model by what its files hold."""
    digest = hashlib.sha256()
    for file in _FILES:
        digest.update(f"{file} {len(contents[file])}\n".encode() + contents[file])
    return digest.hexdigest()[:_LETTERS]


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=0).encode("utf-8", "surrogatepass")


def _arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    # Not compressed: that depends on the version of a library, and the name on every byte.
    np.savez(stream, **arrays)  # type: ignore[arg-type]  # numpy's stub takes names for its own options
    return stream.getvalue()


def _read_arrays(content: bytes) -> dict[str, NDArray[Any]]:
    import numpy as np

    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)
