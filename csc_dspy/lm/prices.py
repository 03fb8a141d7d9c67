"""What tokens cost: the price list that comes with DSPy, or what the user says."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from csc_dspy.exceptions import ConfigError

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input that the provider had in its cache; None if that costs what other input costs."""

    def of(self, input_tokens: int, cached_tokens: int, output_tokens: int) -> float:
        """What an answer costs; the cached tokens are among the input tokens."""
        cached_price = self.input if self.cached is None else self.cached
        fresh = max(input_tokens - cached_tokens, 0) * self.input
        return (fresh + cached_tokens * cached_price + output_tokens * self.output) / _MILLION


FREE: Final = Price(0.0, 0.0)


def parse_price(text: str) -> Price:
    """Read ``IN,OUT``, as in ``0.15,0.6``; ConfigError if it is anything else."""
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 2 or not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise ConfigError(
            f"{text!r} is no price",
            where="--price",
            remedy="give IN,OUT in US dollars for a million tokens, as in 0.15,0.6",
        )
    return Price(*numbers)


def listed_price(provider: str, model: str) -> Price | None:
    """The list price of a model at its provider, without surcharges and discounts; None if it has none."""
    prices = _price_list()
    own = prices.get(f"{provider}/{model}")
    bare = prices.get(model)
    if own is None and bare is not None and bare.provider.startswith(provider):
        own = bare
    return own.price if own else None


def priced_providers() -> frozenset[str]:
    """The providers of chat models in the price list."""
    return frozenset(each.provider for each in _price_list().values() if each.provider.isidentifier())


@dataclass(frozen=True, slots=True)
class _Listed:
    provider: str
    """Its name, or for some the name and a family of models."""
    price: Price | None


@lru_cache(maxsize=1)
def _price_list() -> Mapping[str, _Listed]:
    """All chat models, by name; most begin with the provider's."""
    # DSPy's own way to this list asks for a newer one on the network first.
    found = find_spec("dspy")
    assert found is not None
    assert found.origin is not None
    packed = Path(found.origin).parent / "clients" / "model_metadata" / "snapshot.json.gz"
    entries = json.loads(gzip.decompress(packed.read_bytes()))
    return {
        name: _Listed(str(entry["litellm_provider"]), _price(entry))
        for name, entry in entries.items()
        if isinstance(entry, dict) and entry.get("mode") == "chat" and entry.get("litellm_provider")
    }


def _price(entry: Mapping[str, Any]) -> Price | None:
    fresh, output, cached = (
        _per_million(entry.get(key))
        for key in ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost")
    )
    return None if fresh is None or output is None else Price(fresh, output, cached)


def _per_million(per_token: object) -> float | None:
    if not isinstance(per_token, (int, float)) or not math.isfinite(per_token) or per_token < 0:
        return None
    return round(per_token * _MILLION, 9)
