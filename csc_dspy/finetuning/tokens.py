"""How long rows are, in tokens: by a tokenizer that is given, or about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError, DataError
from csc_dspy.programs.history import estimated_tokens

if TYPE_CHECKING:
    from csc_dspy.finetuning._base import Message

ESTIMATE: Final = "an estimate: one a wide character, one for four bytes of anything else"
_LINES: Final = 2**14
"""The lines of a history come again in the histories of all later turns."""
_FILE: Final = "tokenizer.json"
_REPEATED: Final = 4096
"""System messages and demonstrations are the same in many rows."""


class TokenCounter:
    """Counts the tokens of the texts in a row; those that a chat template adds are not among them."""

    def __init__(self, tokenizer: str | None = None) -> None:
        """``tokenizer``: a ``tokenizer.json``, a folder with one, or a name on the hub; None to estimate."""
        self.counted_by = ESTIMATE if tokenizer is None else Path(tokenizer).name
        """In words, without folders of this machine."""
        self._count = _estimate() if tokenizer is None else _counter(tokenizer)
        self._repeated = lru_cache(_REPEATED)(self._count)

    def count(self, messages: Sequence[Message], *answers: str) -> int:
        """The tokens of a row, with the longest of its answers."""
        *before, question = (message["content"] for message in messages)
        return (
            sum(map(self._repeated, before))
            + self._count(question)
            + max(self._count(each) for each in answers)
        )


def _estimate() -> Callable[[str], int]:
    """The estimate of a text, line by line."""
    of_line = lru_cache(_LINES)(estimated_tokens)
    return lambda text: sum(map(of_line, text.split("\n")))


def _counter(tokenizer: str) -> Callable[[str], int]:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ConfigError(
            "needs the library tokenizers", where="--tokenizer", remedy="pip install tokenizers"
        ) from error
    path = _path(tokenizer)
    try:
        loaded: Any = Tokenizer.from_file(str(path))
    # The library raises nothing more specific, whatever is wrong with the file.
    except Exception as error:
        raise DataError("is no tokenizer of the library tokenizers", where=str(path)) from error
    loaded.no_truncation()
    loaded.no_padding()
    return lambda text: len(loaded.encode(_encodable(text), add_special_tokens=False).ids)


def _encodable(text: str) -> str:
    """The text with a replacement for half a surrogate pair, which tokenizers do not take."""
    return text.encode("utf-8", "replace").decode()


def _path(tokenizer: str) -> Path:
    given = Path(tokenizer).expanduser()
    path = given / _FILE if given.is_dir() else given
    if path.is_file():
        return path
    if given.exists() or given.is_absolute() or tokenizer.count("/") > 1 or given.suffix == ".json":
        remedy = f"name a {_FILE}, or a folder that has one"
        raise DataError("there is no tokenizer", where=tokenizer, remedy=remedy)
    return _downloaded(tokenizer)


def _downloaded(name: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(name, _FILE))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise DataError(
            "no such tokenizer is on this machine, and none can be had from the hub",
            where=name,
            remedy=f"name a {_FILE}, or a folder that has one",
        ) from error
