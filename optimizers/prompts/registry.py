"""Optimizers by name, and chains of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from .._base import Optimizer

OPTIMIZERS: Final[Mapping[str, str]] = {
    "auto": "auto:Auto",
    "labeled": "labeled:Labeled",
    "balanced": "balanced:Balanced",
    "knn": "knn:Knn",
    "prior": "prior:Prior",
    "calibrate": "calibrate:Calibrate",
    "fused": "fused:Fused",
    "bootstrap": "bootstrap:Bootstrap",
    "random-search": "random_search:RandomSearch",
    "mipro": "mipro:Mipro",
    "gepa": "gepa:Gepa",
    "simba": "simba:Simba",
    "copro": "copro:Copro",
}
"""By the names that ``--optimizer`` takes. Nothing is imported before one is made."""

_JOIN: Final = "+"


def optimizer(spec: str, **parameters: Any) -> Optimizer:  # noqa: ANN401  each parameter has its own type
    """The optimizer of that name, or the chain of the names that ``+`` joins.

    Each parameter goes to all links of a chain that have it; ConfigError if none has.
    """
    kinds = [_kind(name.strip()) for name in spec.split(_JOIN)]
    for name in parameters:
        if not any(name in _parameters(kind) for kind in kinds):
            raise _unknown(
                f"{spec} has no parameter {name!r}",
                name,
                sorted({each for kind in kinds for each in _parameters(kind)}),
            )
    links = [
        kind(**{name: value for name, value in parameters.items() if name in _parameters(kind)})
        for kind in kinds
    ]
    if len(links) == 1:
        return links[0]
    from .chain import Chain

    return Chain(tuple(links))


def _kind(name: str) -> Any:  # noqa: ANN401  the class of an optimizer
    if name not in OPTIMIZERS:
        raise _unknown(f"no optimizer is called {name!r}", name, list(OPTIMIZERS))
    module, kind = OPTIMIZERS[name].split(":")
    return getattr(import_module(f"{__package__}.{module}"), kind)


def _parameters(kind: Any) -> list[str]:  # noqa: ANN401  the class of an optimizer
    return [each.name for each in fields(kind)]


def _unknown(problem: str, name: str, known: list[str]) -> ConfigError:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    listed = f"there are {', '.join(known)}" if known else "it has none"
    return ConfigError(
        problem, where="--optimizer", remedy=f"did you mean {close[0]!r}?" if close else listed
    )
