"""The language model that a command line names, and what it may cost."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    logprobs: bool = False
    timeout: float = 120.0
    concurrency: int = 32
    max_calls: int | None = None
    max_tokens: int | None = None
    max_usd: float | None = None
    price: str | None = None
    no_cache: bool = False

    @property
    def identity(self) -> dict[str, object]:
        """What answers depend on; a journal of a run with another of these is not taken up."""
        return {
            "lm": self.lm,
            "api-base": self.api_base,
            "temperature": self.temperature,
            "answer-tokens": self.answer_tokens,
            "logprobs": self.logprobs,
        }

    @cached_property
    def budget(self) -> Budget:
        """The limits of the run and what it has used, for all its language models together."""
        from csc_dspy.lm import Budget

        return Budget(max_calls=self.max_calls, max_tokens=self.max_tokens, max_usd=self.max_usd)

    @property
    def options(self) -> dict[str, Any]:
        """What `csc_dspy.lm.connect` takes besides the language model and the budget."""
        from csc_dspy.lm import parse_price

        return {
            "api_base": self.api_base,
            "api_key_file": self.api_key_file,
            "temperature": self.temperature,
            "max_tokens": self.answer_tokens,
            "logprobs": self.logprobs,
            "timeout": self.timeout,
            "concurrency": self.concurrency,
            "cache": not self.no_cache,
            "price": parse_price(self.price) if self.price else None,
        }

    def open(self, *, trace: bool = False) -> AbstractContextManager[dspy.LM]:
        """The language model, in force for the length of a ``with``; see `csc_dspy.lm.using`."""
        from csc_dspy.lm import using

        return using(self.lm, trace=trace, budget=self.budget, **self.options)
