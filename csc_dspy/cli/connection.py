"""The language model that a command line names, and what it may cost."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What the options of ``csc_dspy.cli.options.language_model`` say; nothing is loaded until it is used."""

    lm: str
    api_base: str | None = None
    api_key_file: Path | None = None
    temperature: float | None = None
    answer_tokens: int | None = None
    timeout: float = 120.0
    concurrency: int = 32
    max_calls: int | None = None
    max_tokens: int | None = None
    max_usd: float | None = None
    price: str | None = None
    no_cache: bool = False

    @cached_property
    def budget(self) -> Budget:
        """The limits of the run and what it has used, for all its language models together."""
        from csc_dspy.lm import Budget

        return Budget(max_calls=self.max_calls, max_tokens=self.max_tokens, max_usd=self.max_usd)

    def open(self, *, trace: bool = False) -> AbstractContextManager[dspy.LM]:
        """The language model, in force for the length of a ``with``; see `csc_dspy.lm.using`."""
        from csc_dspy.lm import parse_price, using

        return using(
            self.lm,
            trace=trace,
            api_base=self.api_base,
            api_key_file=self.api_key_file,
            temperature=self.temperature,
            max_tokens=self.answer_tokens,
            timeout=self.timeout,
            concurrency=self.concurrency,
            cache=not self.no_cache,
            budget=self.budget,
            price=parse_price(self.price) if self.price else None,
        )
