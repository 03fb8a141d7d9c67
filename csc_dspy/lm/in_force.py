"""The language model that answers where a service has not set one."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache

import dspy

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.adapter import Adapter
from csc_dspy.lm.specs import EMBEDDED

_NOTHING = nullcontext()


def in_force(otherwise: str | None) -> AbstractContextManager[object]:
    """Nothing where a language model is in force; else ``otherwise``, if that is the embedded engine.

    ConfigError if there is none: which one to pay for is not to be guessed.
    """
    if dspy.settings.lm is not None:
        return _NOTHING
    if otherwise is None or otherwise.partition("/")[0] != EMBEDDED:
        raise ConfigError(
            "no language model is in force",
            remedy=f"call it inside of `with csc.using(lm={otherwise or EMBEDDED!r}):`",
        )
    lm, adapter = _embedded(otherwise)
    return dspy.context(lm=lm, adapter=adapter)


def embedded_model(spec: str) -> dspy.LM:
    """The embedded engine, or a model that it was fine-tuned to; one for all."""
    return _embedded(spec)[0]


@lru_cache(maxsize=8)
def _embedded(spec: str) -> tuple[dspy.LM, Adapter]:
    """One for all: it remembers what it has learned from demonstrations."""
    from csc_dspy.lm.connecting import connect

    return connect(spec), Adapter()
