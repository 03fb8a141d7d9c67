"""The forms of fine-tuning data, by the name that ``--format`` takes."""

from __future__ import annotations

from typing import Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning._base import Format
from csc_dspy.finetuning.formats.alpaca import Alpaca
from csc_dspy.finetuning.formats.arrow import Arrow
from csc_dspy.finetuning.formats.openai import OpenAI
from csc_dspy.finetuning.formats.parquet import Parquet
from csc_dspy.finetuning.formats.sharegpt import ShareGPT
from csc_dspy.finetuning.formats.trl import TRL

__all__ = ["FORMATS", "named"]

FORMATS: Final[dict[str, Format]] = {
    each.name: each for each in (OpenAI(), TRL(), ShareGPT(), Alpaca(), Parquet(), Arrow())
}


def named(name: str) -> Format:
    """The format called ``name``; ConfigError if there is none."""
    if name not in FORMATS:
        from difflib import get_close_matches

        close = get_close_matches(name.casefold(), FORMATS, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else f"formats are {', '.join(FORMATS)}"
        raise ConfigError(f"no format is called {name!r}", remedy=remedy)
    return FORMATS[name]
