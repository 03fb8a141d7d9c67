"""Errors of language model calls, as this package and DSPy both know them.

DSPy's layer around an engine lets only DSPy's own errors through as they are. These are of both families, so
they arrive unchanged whichever way a call was made.
"""

from __future__ import annotations

from typing import Final

from dspy.lm15 import LM15Error
from dspy.utils.exceptions import LMError as DSPyLMError

from csc_dspy.exceptions import BudgetError, ConfigError, CSCError, LMError
from csc_dspy.lm.keys import Secret

_LONGEST: Final = 400
# Codes of failures that the next call would meet as well.
_LASTING: Final = frozenset({"auth", "billing", "unsupported_model", "unknown_model", "not_configured"})


class CallError(LMError, DSPyLMError):
    """A call was refused or not answered.

    ``code`` is lm15's word for why: ``auth``, ``billing``, ``rate_limit``, ``timeout``, ``transport``, …
    """


class SpentError(BudgetError, DSPyLMError):
    """The budget allows no further call."""


def call_error(error: LM15Error, spec: str, key: Secret | None) -> CallError:
    """What an engine raised, in one line and without the key."""
    # What follows the first paragraph is general advice.
    said = " ".join(error.message.partition("\n\n")[0].split()) or type(error).__name__
    said = key.strike(said) if key else said
    if len(said) > _LONGEST:
        said = f"{said[:_LONGEST]}…"
    remedy = f"the key is from {key.origin}" if key and error.code == "auth" else None
    failure = CallError(said, where=f"--lm {spec}", remedy=remedy)
    failure.code = error.code
    failure.status = error.status
    failure.provider_code = error.provider_code
    failure.retry_after = error.retry_after
    return failure


def ends_a_run(error: CSCError) -> bool:
    """Whether the rest of the work would fail by the same, so that going on is of no use."""
    if isinstance(error, CallError):
        return error.code in _LASTING
    return isinstance(error, BudgetError | ConfigError)
